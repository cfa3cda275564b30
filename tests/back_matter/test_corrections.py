"""Every correction is backed: its section exists, its numbers are checked in its chapter, none is left out."""

import ast
import re
from dataclasses import replace
from functools import cache

import pytest

from tools.back_matter import corrections
from tools.back_matter.chapters import cells, headings
from tools.guards import number_texts, plain, prose_numbers
from v2g_nb.ledger import PAPERS, load_items, load_values, status

ENTRIES = corrections.load()
ITEMS, VALUES = load_items(), load_values()
# verdicts that a reader of the paper is owed an explanation of
EXPLAINED = ("refuted", "differs", "calibrated", "not identifiable from the text")


@cache
def chapter_numbers(chapter: str) -> set[str]:
    """Return the numbers that a chapter's code contains or checks, and those that the ledger says the paper reports."""
    code = [c["source"] for c in cells(chapter) if c["cell_type"] == "code"]
    return {plain(t) for source in code for node in ast.walk(ast.parse(source)) for t in number_texts(node, source)}


def unchecked(entry: corrections.Correction) -> list[str]:
    """Return the numbers of an entry that nothing backs."""
    reported = [ITEMS[i].reported for i in entry.items]
    known = {text for r in reported if isinstance(r, float) for text in (f"{r:g}", f"{r:.2f}")}
    known |= {plain(n) for i in entry.items for n in re.findall(r"[\d.]*\d", ITEMS[i].what + ITEMS[i].note)}
    known |= chapter_numbers(entry.chapter)
    told = [entry.says, entry.argument, *entry.readings, *(e.what for e in entry.evidence), entry.reconsider]
    text = corrections.OURS.sub("", " ".join(told))
    text = text.replace("$", " ")  # numbers in formulas count as well
    return [n for n in prose_numbers(text) if plain(n) not in known]


@pytest.mark.parametrize("entry", [pytest.param(e, id=f"{e.paper}: {e.title}") for e in ENTRIES])
def test_an_entry_is_backed(entry: corrections.Correction):
    place = f"book/back/corrections/{entry.paper}.yml, {entry.title!r}"
    assert entry.paper in PAPERS
    assert entry.kind in corrections.KINDS, f"{place}: kind must be one of {sorted(corrections.KINDS)}"
    assert entry.lacks() == [], f"{place}: add {entry.lacks()}"
    corrections.grounds(entry, VALUES)  # each cell of the evidence is there
    strange = [i for i in entry.items if i not in ITEMS or ITEMS[i].paper != entry.paper]
    assert not strange, f"{place}: {strange} are no items of v2g_nb/ledger/items/{entry.paper}.yml"
    for named, _ in corrections.OURS.findall(entry.argument):
        assert named in entry.items, f"{place}: add {named} to `items`"
    there = not entry.section or entry.section in headings(entry.chapter)
    assert there, f"{place}: {entry.section!r} is no heading of book/{entry.chapter}.ipynb"
    assert not unchecked(entry), f"{place}: {unchecked(entry)} are in no cell of book/{entry.chapter}.ipynb"


@pytest.mark.parametrize("item", [i for i in ITEMS if status(ITEMS[i], VALUES.get(i)) in EXPLAINED])
def test_nothing_is_left_out(item: str):
    """What is refuted, differs, was tuned or cannot be identified has an entry."""
    assert any(item in e.items for e in ENTRIES), (
        f"book/back/corrections/{ITEMS[item].paper}.yml: add an entry with {item} under `items`"
    )


def test_what_is_refuted_is_not_called_unclear():
    """A refuted item has an entry that says something does not hold, is misprinted, or has several readings."""
    for item in (i for i in ITEMS if status(ITEMS[i], VALUES.get(i)) == "refuted"):
        assert {e.kind for e in ENTRIES if item in e.items} - {"not stated"}, item


def test_titles_stand_once():
    assert len({e.title for e in ENTRIES}) == len(ENTRIES)


def test_the_page_has_every_entry_and_no_gap():
    page = corrections.page(VALUES)
    assert all(page.count(f"### {e.title}\n") == 1 for e in ENTRIES)
    assert "[[" not in page
    assert all(i in VALUES for e in ENTRIES for i, _ in corrections.OURS.findall(e.argument))


def test_an_unbacked_number_is_caught():
    entry = next(e for e in ENTRIES if e.title == "Equal waits and equal use")
    assert unchecked(entry) == []
    assert unchecked(replace(entry, argument=entry.argument.replace("61 %", "62 %"))) == ["62 %"]


def test_our_values_are_filled_in():
    values = VALUES | {"highway.eq-9": 0.25, "campus.fig-2a": 45.0}
    assert corrections.filled("[[highway.eq-9:%]], [[campus.fig-2a]]", values) == "25 %, 45"


JUDGED = {
    "place": "(1)",
    "title": "A judged one",
    "kind": "false",
    "chapter": "tools/waiting-lines",
    "says": "A.",
    "argument": "B.",
    "quotation": "A holds\nalways",
    "readings": ["always", "mostly"],
    "evidence": [{"what": "It does not.", "chapter": "tools/waiting-lines", "code": 'Chapter("tools/waiting-lines")'}],
    "reconsider": "A proof.",
}


def test_a_judged_entry_shows_its_grounds():
    text = corrections.entry(corrections.read("grid", JUDGED), VALUES)
    link = "{chapter}`Waiting lines, cell 1 <tools/waiting-lines#cell-1>`"
    rows = ["*Reading 1:* always", "*Reading 2:* mostly", f"*Evidence:* It does not. {link}"]
    assert "\n> A holds always\n" in text
    assert text.endswith("".join(f"- {row}\n" for row in [*rows, "*What would change our mind:* A proof."]))


@pytest.mark.parametrize("field", ["quotation", "readings", "evidence", "reconsider"])
def test_a_new_entry_without_grounds_is_caught(field: str):
    bare = {name: value for name, value in JUDGED.items() if name != field}
    assert corrections.read("grid", bare).lacks() == [field]
    assert corrections.read("grid", bare | {"unjudged": True}).lacks() == []
    assert corrections.read("grid", JUDGED).lacks() == []


@pytest.mark.parametrize("code", ["no cell says this", "chapter"])
def test_evidence_that_leads_nowhere_or_anywhere_is_caught(code: str):
    evidence = [{"what": "It does not.", "chapter": "tools/waiting-lines", "code": code}]
    with pytest.raises(ValueError, match="must be one"):
        corrections.entry(corrections.read("grid", JUDGED | {"evidence": evidence}), VALUES)


def test_every_paper_has_its_file():
    assert {path.name for path in corrections.SOURCE.iterdir()} == {f"{paper}.yml" for paper in PAPERS}
