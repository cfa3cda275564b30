"""Pack the built pages into one file to read without a connection: ``python -m tools.offline``.

Names are sorted and dates and modes fixed, so that the same pages give the same file. ``check``
packs twice, unpacks elsewhere and opens the pages from disk in a real browser.
"""

import argparse
import hashlib
import os
import sys
import tempfile
import zipfile
from pathlib import Path

from tools.paths import BUILD, ROOT, SITE
from v2g_nb import __version__

NAME = f"v2g-games-{__version__}"
BEYOND = ("LICENSE", "LICENSE-TEXT", "CITATION.cff")  # what must travel with the pages
DATE = (1980, 1, 1, 0, 0, 0)  # the first that a zip file can hold
MODE = 0o644 << 16
UNIX = 3


def pack(site: Path, target: Path) -> str:
    """Write all files of `site` into the zip file `target`, its checksum beside it; return the checksum."""
    if not (site / "index.html").exists():
        raise SystemExit(f"there is no index.html in {site.name}: run `python tasks.py html` first")
    files = {p.relative_to(site).as_posix(): p for p in site.rglob("*") if p.is_file()}
    files |= {name: ROOT / name for name in BEYOND}
    target.parent.mkdir(parents=True, exist_ok=True)
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED, compresslevel=9) as packed:
        for name in sorted(files):
            entry = zipfile.ZipInfo(f"{NAME}/{name}", DATE)
            entry.compress_type, entry.external_attr, entry.create_system = zipfile.ZIP_DEFLATED, MODE, UNIX
            packed.writestr(entry, files[name].read_bytes(), compresslevel=9)
    digest = hashlib.sha256(target.read_bytes()).hexdigest()
    target.with_name(target.name + ".sha256").write_text(f"{digest}  {target.name}\n", encoding="utf-8")
    return digest


def unpack(target: Path, folder: Path) -> Path:
    """Unpack and return the folder with the pages."""
    with zipfile.ZipFile(target) as packed:
        packed.extractall(folder)
    return folder / NAME


def faults(site: Path, executable: str, terms: dict[str, str]) -> list[str]:
    """Open every page from disk, and search for each term, which one page holds in its text."""
    from tools.page_checks import DISK, inspector, page_faults, pages
    from tools.page_checks_reader import until

    with inspector(site, executable) as inspect:
        found = [str(fault) for name in pages(site) for fault in page_faults(inspect, name, (DISK,))]
        for term, wanted in terms.items():
            page = inspect.contexts[DISK].new_page()
            page.goto(f"{inspect.address('search.html', DISK)}?q={term}", wait_until="load")
            until(page, "document.querySelector('#search-results li a') !== null")
            links = page.evaluate("[...document.querySelectorAll('#search-results li a')].map(a => a.href)")
            if not any(wanted in link for link in links):
                found.append(f"search.html: {term!r}, which stands in {wanted}, is not found from disk")
            page.close()
    return found


def check(site: Path, executable: str) -> None:
    """Pack twice, compare, unpack elsewhere and open the pages from there."""
    with tempfile.TemporaryDirectory() as scratch:
        one, two = (pack(site, Path(scratch) / folder / f"{NAME}.zip") for folder in ("one", "two"))
        if one != two:
            raise SystemExit("packing twice gives two different files")
        there = unpack(Path(scratch) / "one" / f"{NAME}.zip", Path(scratch) / "a reader's folder")
        found = faults(there, executable, chapter_terms(there))
    for fault in found:
        print(fault)
    if found:
        raise SystemExit(f"{len(found)} faults in the pages opened from the unpacked file")
    print("the packed pages open from disk, and the search finds words of their text")


def chapter_terms(site: Path) -> dict[str, str]:
    """Return words to search for, by the page that must be found; see that the pages do hold them."""
    terms = {"proposer": "book/tools/stable-matching.html", "regret": "book/campus/fleet-equilibrium.html"}
    for term, name in terms.items():
        if term not in (site / name).read_text(encoding="utf-8"):
            raise SystemExit(f"{name} does not hold the word {term!r} any more: choose another in tools/offline.py")
    return terms


def main() -> None:
    """Pack, or check."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("task", nargs="?", choices=["check"])
    if parser.parse_args().task == "check":
        from tools.browser import NOT_RUN, chromium

        executable = chromium()
        if executable is None:
            print(NOT_RUN)
            sys.exit(os.environ.get("CI") == "true")
        check(SITE, executable)
        return
    target = BUILD / f"{NAME}.zip"
    digest = pack(SITE, target)
    print(f"{target.relative_to(ROOT)}: {target.stat().st_size / 1e6:.1f} MB, sha256 {digest}")


if __name__ == "__main__":
    main()
