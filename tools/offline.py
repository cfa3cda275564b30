"""Pack the built pages into one file to read without a connection: ``python -m tools.offline``.

Names are sorted and dates and modes fixed, so that the same pages give the same file. The browser
check (tools/browser.py) opens the pages from there.
"""

import hashlib
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


def unpacked(site: Path, folder: Path) -> Path:
    """Pack `site` twice into `folder`, compare, unpack in a place of its own, and return where the pages are."""
    one, two = (pack(site, folder / name / f"{NAME}.zip") for name in ("one", "two"))
    if one != two:
        raise SystemExit("packing twice gives two different files")
    elsewhere = folder / "a reader's folder"  # a blank and an apostrophe, as readers' folders have them
    with zipfile.ZipFile(folder / "one" / f"{NAME}.zip") as packed:
        packed.extractall(elsewhere)
    return elsewhere / NAME


def main() -> None:
    """Pack the built pages."""
    target = BUILD / f"{NAME}.zip"
    digest = pack(SITE, target)
    print(f"{target.relative_to(ROOT)}: {target.stat().st_size / 1e6:.1f} MB, sha256 {digest}")


if __name__ == "__main__":
    main()
