"""What a chapter records, quotes and shows."""

import json
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
    with pytest.raises(InvalidInput, match="text = '1e400'"):
        chapter.quote(1.0, "1e400")


def test_a_ledger_with_nothing_recorded_is_refused():
    with pytest.raises(InvalidInput, match="none has been recorded"):
        Chapter("tools/z").ledger()


@given(st.floats(min_value=-1e6, max_value=1e6), st.integers(min_value=0, max_value=6))
def test_every_rounding_may_be_quoted_and_its_neighbour_not(value: float, digits: int):
    chapter = Chapter("tools/x")
    chapter.quote(value, f"{value:.{digits}f}")
    with pytest.raises(InvalidInput):
        chapter.quote(value, f"{value + 2 * 10.0**-digits:.{digits}f}")
