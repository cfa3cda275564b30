"""Links to Binder and to reporting an error: there with a known repository, and no trace of them without."""

import os
import re
import subprocess
import sys

import pytest

from tests.build.tiny import build
from tools.paths import ROOT
from tools.repository import parse, repository

WORDS = re.compile("binder|report an error|v2g-launch", re.IGNORECASE)


@pytest.mark.parametrize(
    ("address", "url"),
    [
        ("https://github.com/someone/a-book", "https://github.com/someone/a-book"),
        ("https://github.com/someone/a-book.git\n", "https://github.com/someone/a-book"),
        ("git@github.com:someone/a-book.git", "https://github.com/someone/a-book"),
        ("ssh://git@gitlab.com/someone/a-book", "https://gitlab.com/someone/a-book"),
        ("/somewhere/a-book", None),
        ("https://git.example/someone/a-book", None),
        ("https://github.com/someone", None),
        ("https://github.com.example/someone/a-book", None),
        ("", None),
    ],
)
def test_only_addresses_that_links_may_lead_to_are_taken(address, url):
    found = parse(address)
    assert (found.url if found else None) == url


def test_binder_gets_the_notebook():
    hub = parse("git@github.com:someone/a-book.git").binder("book/tools/games.ipynb")
    assert hub.endswith("/v2/gh/someone/a-book/HEAD?urlpath=lab/tree/book/tools/games.ipynb")
    lab = parse("https://gitlab.com/someone/a-book").binder("book/x.ipynb")
    assert lab.endswith("/v2/gl/someone%2Fa-book/HEAD?urlpath=lab/tree/book/x.ipynb")


def test_the_setting_comes_before_the_remote(tmp_path):
    def git(*words):
        subprocess.run(["git", "-C", tmp_path, *words], check=True, capture_output=True)

    config = tmp_path / "_config.yml"
    config.write_text('repository:\n  url: ""\n')
    git("init", "-q")
    assert repository(tmp_path) is None
    git("remote", "add", "origin", "https://github.com/someone/remote.git")
    assert repository(tmp_path).url == "https://github.com/someone/remote"
    git("remote", "set-url", "origin", "/somewhere/else")
    assert repository(tmp_path) is None
    config.write_text("repository:\n  url: https://github.com/someone/setting\n")
    assert repository(tmp_path).url == "https://github.com/someone/setting"
    config.write_text("repository:\n  url: https://nowhere.example/x\n")
    with pytest.raises(SystemExit, match="must be an address"):
        repository(tmp_path)


def test_with_a_repository_chapters_start_on_binder_and_errors_can_be_reported(tmp_path):
    site = build(tmp_path, "https://github.com/someone/a-book")
    chapter, intro = ((site / "book" / name).read_text() for name in ("tools/tiny.html", "intro.html"))
    address = "/v2/gh/someone/a-book/HEAD?urlpath=lab/tree/book/tools/tiny.ipynb"
    assert re.search(f'href="https://[^"]*{re.escape(address)}"', chapter)
    assert "have not measured" in chapter
    assert "complete without it" in chapter
    assert "lab/tree" not in intro
    for page in (chapter, intro):
        assert 'href="https://github.com/someone/a-book/issues"' in page
        assert "Version " in page
    assert '<a href="../../_sources/book/tools/tiny.ipynb" download' in chapter


def test_without_a_repository_there_is_no_button_and_no_word_of_one(tmp_path):
    site = build(tmp_path)
    pages = list(site.rglob("*.html"))
    assert len(pages) >= 4
    for path in pages:
        assert not WORDS.search(path.read_text()), path.name
    assert "Version " in (site / "book" / "intro.html").read_text()
    assert '<a href="../../_sources/book/tools/tiny.ipynb" download' in (site / "book/tools/tiny.html").read_text()


def test_binder_fills_every_cache_once():
    """What postBuild runs compiles every function that chapters would wait for."""
    commands = (ROOT / "postBuild").read_text().splitlines()
    assert commands[0] == "#!/bin/bash"
    assert commands[-1] == "python -m tools.warm"
    assert os.access(ROOT / "postBuild", os.X_OK)
    done = subprocess.run([sys.executable, "-m", "tools.warm"], cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.stdout.strip() == "caches are filled", done.stderr
