"""Every reference has a DOI or says why not, and is cited where it is used."""

import re
from collections import Counter

import pytest
import yaml
from pybtex.database import parse_file

from tools.back_matter.chapters import cells
from tools.paths import BOOK, ROOT

ENTRIES = {
    key: dict(entry.fields)
    for bib in sorted(ROOT.glob("references/*.bib"))
    for key, entry in parse_file(bib).entries.items()
}
PAGES = sorted(p.relative_to(BOOK).with_suffix("").as_posix() for k in ("*.md", "*.ipynb") for p in BOOK.rglob(k))


def cited() -> set[str]:
    """Return the keys that some page cites."""
    prose = "\n".join(c["source"] for page in PAGES for c in cells(page) if c["cell_type"] == "markdown")
    return {key.strip() for keys in re.findall(r"\{cite(?::\w+)?\}`([^`]+)`", prose) for key in keys.split(",")}


@pytest.mark.parametrize("key", ENTRIES)
def test_a_doi_or_a_reason(key: str):
    doi, reason = ENTRIES[key].get("doi"), ENTRIES[key].get("nodoi")
    assert (doi is None) != (reason is None), key
    if doi is not None:
        assert re.fullmatch(r"10\.\d{4,5}/[^\s{}]+", doi)
    else:
        assert len(reason.split()) > 1 or reason == "software"


def test_every_file_is_named_in_the_configuration_and_no_key_is_given_twice():
    """A key given twice hides the rest of its file from the bibliography."""
    files = yaml.safe_load((ROOT / "_config.yml").read_text(encoding="utf-8"))["bibtex_bibfiles"]
    assert sorted(files) == sorted(p.relative_to(ROOT).as_posix() for p in (ROOT / "references").glob("*.bib"))
    given = "".join((ROOT / name).read_text(encoding="utf-8") for name in files)
    keys = re.findall(r"^@\w+\{([^,\s]+),", given, re.MULTILINE)
    assert [key for key, count in Counter(keys).items() if count > 1] == []


def test_no_doi_stands_twice():
    found = [fields["doi"].lower() for fields in ENTRIES.values() if "doi" in fields]
    assert len(set(found)) == len(found)


def in_docstrings() -> set[str]:
    """Return the keys, a surname and a year, whose work the package names in its docstrings."""
    code = "\n".join(p.read_text(encoding="utf-8") for p in (ROOT / "v2g_nb").rglob("*.py"))
    found = {key: re.fullmatch(r"([a-z]+)(\d{4})", key) for key in ENTRIES}
    return {key for key, m in found.items() if m and re.search(rf"\b{m[1]}\b[^\n]*{m[2]}", code, flags=re.I)}


def test_every_citation_has_an_entry():
    assert cited()
    missing = sorted(cited() - set(ENTRIES))
    assert not missing, f"references/: add an entry to one of the .bib files, for {missing}"


def test_every_entry_is_cited():
    idle = sorted(set(ENTRIES) - cited() - in_docstrings())
    assert not idle, f"references/: cite it or take it out: {idle}"
