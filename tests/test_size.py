"""The project stays as small as its budget says, and what is counted is what a reader meets."""

import shutil
import sys
from types import ModuleType

import pytest

from tools import size
from tools.paths import ROOT


@pytest.fixture(scope="module")
def rows() -> dict[str, size.Row]:
    return {row.what: row for row in size.table()}


def test_every_figure_is_within_its_budget(rows: dict[str, size.Row]):
    assert [f"{row.what}: {row.value:g} of {row.most:g}" for row in rows.values() if not row.holds] == []


def test_comments_docstrings_and_blanks_are_not_counted():
    text = '"""Doc."""\n\n# why\nx = (\n    1\n)\n\n\ndef f():\n    """Doc."""\n    return """two\nlines"""\n'
    assert size.code_lines(text) == 3 + 1 + 2


def test_six_hundred_lines_more_are_noticed(tmp_path, rows: dict[str, size.Row]):
    shutil.copytree(ROOT / "v2g_nb", tmp_path / "v2g_nb", ignore=shutil.ignore_patterns("__pycache__"))
    (tmp_path / "v2g_nb" / "more.py").write_text("x = 1\n" * 600)
    row = rows["code lines of v2g_nb"]
    assert size.lines_of(tmp_path, "v2g_nb") == row.value + 600 > row.most


def test_a_name_more_is_noticed(monkeypatch, rows: dict[str, size.Row]):
    before = size.public_names("queueing")
    found = sys.modules["v2g_nb.queueing"]
    more = ModuleType("v2g_nb.queueing")
    more.__dict__.update(vars(found) | {"__all__": [*found.__all__, "more"], "more": len})
    monkeypatch.setitem(sys.modules, "v2g_nb.queueing", more)
    size.public_names.cache_clear()
    try:
        assert size.public_names("queueing") == before | {"more"}
    finally:
        size.public_names.cache_clear()


def test_a_deep_import_in_a_chapter_is_noticed():
    named = set(size.modules_named("from v2g_nb import campus\nfrom v2g_nb.campus.fleet import Fleet\n"))
    assert named == {"v2g_nb.campus", "v2g_nb.campus.fleet"}
