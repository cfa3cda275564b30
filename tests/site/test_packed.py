"""The packed pages, unpacked elsewhere and opened from disk in a real browser."""

import pytest

from tests.build.tiny import build
from tools import offline
from tools.browser import NOT_RUN, found

CHROMIUM = found()
pytestmark = pytest.mark.skipif(CHROMIUM is None, reason=NOT_RUN)


def test_unpacked_pages_open_from_disk_and_the_search_finds_words_of_their_text(tmp_path):
    offline.pack(build(tmp_path), tmp_path / "x.zip")
    there = offline.unpack(tmp_path / "x.zip", tmp_path / "elsewhere")
    faults = offline.faults(there, CHROMIUM, {"zugzwang": "book/tools/tiny.html", "absentword": "book/intro.html"})
    assert len(faults) == 1, faults
    assert "'absentword'" in faults[0]
    (there / "book" / "intro.html").unlink()
    assert offline.faults(there, CHROMIUM, {"zugzwang": "book/intro.html"}) != []
