"""The ledger is complete, its values are current, and its verdicts follow from them."""

import ast
import json
import math
from dataclasses import replace

import pytest

from tools.paths import BOOK, ROOT, chapter, notebooks, stored_values
from tools.paths import VALUES as FOLDER
from v2g_nb.errors import InvalidInput
from v2g_nb.ledger import STATUSES, Item, load_items, load_values, status

ITEMS, VALUES = load_items(), load_values()
TREATED = [item for item in ITEMS.values() if item.chapter is not None]
NUMBER = Item("highway.x", "a number", "tools/x", 193.6, tolerance=1.0)


@pytest.mark.parametrize("item", [pytest.param(i, id=i.id) for i in TREATED])
def test_treated_items_are_backed(item: Item):
    """An item's chapter exists and has recorded a value, and the test it names exists."""
    place = f"v2g_nb/ledger/items/{item.paper}.yml, {item.id}"
    assert (BOOK / f"{item.chapter}.ipynb").exists(), f"{place}: book/{item.chapter}.ipynb is no chapter"
    assert item.id in VALUES, f"book/{item.chapter}.ipynb: call chapter.record({item.id!r}, ...) and store the chapter"
    assert item.test, f"{place}: add `test: tests/FILE.py::NAME`, the test that fails when our value is wrong"
    path, _, name = item.test.partition("::")
    functions = {n.name for n in ast.walk(ast.parse((ROOT / path).read_text())) if isinstance(n, ast.FunctionDef)}
    assert name in functions, f"{place}: there is no {item.test}"


def test_no_value_without_an_item():
    assert VALUES.keys() <= {i.id for i in TREATED}


def test_every_verdict_is_a_known_one():
    assert {status(item, VALUES.get(item.id)) for item in ITEMS.values()} <= set(STATUSES)


def test_a_refutation_has_an_argument():
    """What is called refuted says why; what has an argument contradicts the paper."""
    for item in TREATED:
        if item.refutation:
            assert status(item, VALUES[item.id]) == "refuted", item.id


def test_no_chapter_of_a_room_is_without_items():
    """A chapter of a room treats something of its paper."""
    rooms = {chapter(n) for n in notebooks() if not chapter(n).startswith(("tools/", "synthesis/"))}
    without = sorted(rooms - {i.chapter for i in TREATED})
    how = "v2g_nb/ledger/items/{0}.yml: add an item with `chapter: {1}`, and to the chapter chapter.record(...)"
    assert not without, "\n".join(how.format(c.split("/")[0], c) for c in without)


@pytest.mark.parametrize(("ours", "verdict"), [(193.6, "reproduced"), (194.6, "reproduced"), (194.7, "differs")])
def test_numbers_within_tolerance(ours: float, verdict: str):
    assert status(NUMBER, ours) == verdict


def test_a_tuned_value_is_never_a_reproduction():
    assert status(replace(NUMBER, calibrated=True), 193.6) == "calibrated"


def test_the_other_verdicts():
    assert status(NUMBER, None) == "not yet treated"
    assert status(replace(NUMBER, chapter=None), 193.6) == "not yet treated"
    assert status(replace(NUMBER, reported=None), 1.0) == "not reported"
    assert status(replace(NUMBER, identifiable=False), 1.0) == "not identifiable from the text"
    assert status(replace(NUMBER, own_data=True), 193.0) == "reproduced on our data"
    assert status(replace(NUMBER, refutation="because"), 1.0) == "refuted"


def test_a_claim_is_not_a_number():
    claim = replace(NUMBER, reported=True)
    assert status(claim, True) == "reproduced"
    assert status(claim, 1.0) == "differs"
    assert status(NUMBER, True) == "differs"


@pytest.mark.parametrize("name", ["highway", "highway.", "elsewhere.x", ".x"])
def test_an_id_is_a_paper_a_dot_and_a_name(name: str):
    with pytest.raises(InvalidInput, match="id = "):
        replace(NUMBER, id=name)


def test_nan_is_no_value():
    with pytest.raises(InvalidInput, match="value"):
        status(NUMBER, math.nan)


def test_a_value_stands_in_the_file_of_its_chapters_part():
    for path in FOLDER.iterdir():
        chapters = [ITEMS[item].chapter or "" for item in json.loads(path.read_text(encoding="utf-8"))]
        assert {chapter.split("/")[0] for chapter in chapters} == {path.stem}
    assert stored_values(FOLDER) == VALUES
