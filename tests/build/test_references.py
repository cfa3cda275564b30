"""Every work is listed once: a key given twice hides the rest of its file from the bibliography."""

import re
from collections import Counter

import yaml

from tools.paths import BOOK, ROOT

FILES = yaml.safe_load((ROOT / "_config.yml").read_text(encoding="utf-8"))["bibtex_bibfiles"]
KEYS = [
    key for name in FILES for key in re.findall(r"^@\w+\{([^,\s]+),", (ROOT / name).read_text("utf-8"), re.MULTILINE)
]


def test_every_file_is_named_in_the_configuration():
    assert sorted(FILES) == sorted(p.relative_to(ROOT).as_posix() for p in (ROOT / "references").glob("*.bib"))


def test_no_key_is_given_twice():
    assert [key for key, count in Counter(KEYS).items() if count > 1] == []


def test_every_work_that_a_page_cites_is_listed():
    cited = set()
    for page in (p for kind in ("*.md", "*.ipynb") for p in BOOK.rglob(kind) if ".ipynb_checkpoints" not in p.parts):
        for group in re.findall(r"\{cite(?::[a-z]+)?\}`([^`]+)`", page.read_text(encoding="utf-8")):
            cited |= {(key.strip(), page.name) for key in group.split(",")}
    assert cited
    missing = sorted((key, page) for key, page in cited if key not in KEYS)
    assert not missing, f"references/: add an entry to one of the .bib files, for {missing}"
