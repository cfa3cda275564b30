"""The packed pages, unpacked elsewhere and opened from disk in a real browser."""

import pytest

from tests.build.tiny import build
from tools import offline
from tools.browser import NOT_RUN, found
from tools.page_checks import PHONE, inspector, page_faults, pages
from tools.page_checks_reader import searching

CHROMIUM = found()
pytestmark = pytest.mark.skipif(CHROMIUM is None, reason=NOT_RUN)


def test_unpacked_pages_open_from_disk_and_the_search_finds_words_of_their_text(tmp_path, monkeypatch):
    site = build(tmp_path)
    there = offline.unpacked(site, tmp_path / "scratch")
    with inspector(site, CHROMIUM, there) as inspect:
        assert pages(site) == pages(there)
        assert page_faults(inspect, "book/tools/tiny.html", (PHONE,)) == []
        page = inspect.contexts[PHONE].new_page()
        words = {"book/tools/tiny.html": "zugzwang", "book/intro.html": "absentword"}
        monkeypatch.setattr("tools.page_checks_reader.SECONDS", 5.0)
        ((_, absent),) = searching(page, inspect.address("search.html", PHONE), words)
        assert absent == "finds nothing for 'absentword', which book/intro.html holds"
        page.close()
        (there / "searchindex.js").unlink()
        faults = page_faults(inspect, "search.html")
        assert {fault.view for fault in faults} == {str(PHONE)}, faults
