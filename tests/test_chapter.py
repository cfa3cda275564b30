"""What a chapter records, quotes and shows."""

import json
import math
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from v2g_nb import chapter as module
from v2g_nb.chapter import Chapter
from v2g_nb.errors import InvalidInput
from v2g_nb.ledger import Item

ITEM = Item("highway.x", "profit", "tools/x", 193.6, "units", tolerance=1.0)


@pytest.fixture
def chapter(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Chapter:
    monkeypatch.setattr(module, "load_items", lambda: {ITEM.id: ITEM})
    monkeypatch.setenv("V2G_RECORD", str(tmp_path))
    return Chapter("tools/x")


def test_records_go_to_the_folder(chapter: Chapter, tmp_path: Path):
    chapter.record("highway.x", 193.456789012)
    assert json.loads((tmp_path / "ledger/tools/x.json").read_text()) == {"highway.x": 193.457}
    assert "reproduced" in str(chapter.ledger())
    assert "193.6 units" in str(chapter.ledger("highway.x"))


def test_without_a_folder_nothing_is_written(chapter: Chapter, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.delenv("V2G_RECORD")
    chapter.record("highway.x", 1.0)
    assert not list(tmp_path.iterdir())


def test_the_ledger_shows_only_what_was_recorded(chapter: Chapter):
    with pytest.raises(InvalidInput, match=r"highway\.x"):
        chapter.ledger("highway.x")


@pytest.mark.parametrize(
    ("value", "text"),
    [(0.4570, "0.457"), (0.45749, "0.457"), (0.12, "12 %"), (0.1249, "12 %"), (1234.5, "1,234.5"), (-3.0, "-3")],
)
def test_a_quoted_number_is_the_rounded_value(chapter: Chapter, value: float, text: str):
    chapter.quote(value, text)


@pytest.mark.parametrize(("value", "text"), [(0.4577, "0.457"), (0.127, "12 %"), (0.12, "12"), (3.0, "-3")])
def test_a_wrongly_quoted_number_is_refused(chapter: Chapter, value: float, text: str):
    with pytest.raises(InvalidInput, match="prose"):
        chapter.quote(value, text)


def test_a_number_beyond_all_floats_cannot_be_quoted(chapter: Chapter):
    for text in ("1e400", "1e", "no number", "0.457 and more"):
        with pytest.raises(InvalidInput, match=f"pairs = '{text}'"):
            chapter.quote(1.0, text)


def test_many_numbers_and_values_in_one_call(chapter: Chapter):
    chapter.quote(0.457, "0.457", 0.12, "12 %")
    with pytest.raises(InvalidInput, match="the prose says 13 %"):
        chapter.quote(0.457, "0.457", 0.12, "13 %")
    for call in (lambda: chapter.quote(1.0), lambda: chapter.record("highway.x"), chapter.quote):
        with pytest.raises(InvalidInput, match="pairs"):
            call()
    for value in (math.nan, math.inf, None, [1.0]):
        with pytest.raises(InvalidInput, match="pairs"):
            chapter.record("highway.x", value)
    for item in ("highway.no-such-item", "campus.eq-1", 7):
        with pytest.raises(InvalidInput, match="an item of the ledger"):
            chapter.record(item, 1.0)


def test_a_claim_ends_a_recorded_run(chapter: Chapter):
    chapter.claim(True, "nobody waits")
    with pytest.raises(InvalidInput, match="the prose says: nobody waits; it is not so"):
        chapter.claim(False, "nobody waits")


def test_a_reader_who_changes_a_parameter_is_told_and_not_stopped(monkeypatch: pytest.MonkeyPatch, capsys):
    monkeypatch.delenv("V2G_RECORD", raising=False)
    chapter = Chapter("tools/x")
    chapter.quote(0.457, "0.457", 0.5, "0.4")
    chapter.claim(False, "nobody waits")
    said = capsys.readouterr().out
    assert said == (
        "At these parameters the prose says 0.4, but the value is 0.5.\n"
        "At these parameters the prose says: nobody waits; it is not so.\n"
    )


def test_a_ledger_with_nothing_recorded_is_refused():
    with pytest.raises(InvalidInput, match="none has been recorded"):
        Chapter("tools/z").ledger()


@given(st.floats(min_value=-1e6, max_value=1e6), st.integers(min_value=0, max_value=6))
def test_every_rounding_may_be_quoted_and_its_neighbour_not(value: float, digits: int):
    assert module._says(f"{value:.{digits}f}", value)
    assert not module._says(f"{value + 2 * 10.0**-digits:.{digits}f}", value)
