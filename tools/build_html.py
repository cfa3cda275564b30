"""Build the book's pages: ``python -m tools.build_html [--from _build/run] [--strict]``.

Sources are copied into ``_build/src`` (with ``--from``, executed notebooks and their figures' data
stand in for the stored ones), Sphinx turns them into ``_build/sphinx``, and the finished pages go
to ``_build/html``. No tracked file is written, and only what changed is built again.
"""

import argparse
import hashlib
import shutil
import sys
import time
from pathlib import Path

import yaml

from tools.back_matter import generate
from tools.finish_pages import finish
from tools.paths import BUILD, ROOT, SITE, chapter, notebooks
from tools.repository import Repository, repository

SOURCE = BUILD / "src"
SPHINX = BUILD / "sphinx"
DONE = SPHINX / "configuration.sha256"
CONFIGURATION = ("_config.yml", "_toc.yml", "_ext", "references")
RECORDED = "benchmarks/results.json"  # what the page on speed shows
SHAPING = ("requirements.lock", "v2g_nb/__init__.py", "tools/build_html.py", "tools/speed_page.py")
GENERATED = (".ipynb_checkpoints", "__pycache__")


def listed(toc: object) -> list[str]:
    """Return the documents that a table of contents names, in its order."""
    if isinstance(toc, list):
        return [name for entry in toc for name in listed(entry)]
    if isinstance(toc, dict):
        own = [str(toc[key]) for key in ("root", "file") if key in toc]
        return own + [name for key in ("parts", "chapters", "sections") for name in listed(toc.get(key))]
    return []


def toc_faults(root: Path = ROOT) -> list[str]:
    """Return a line for every page that the table of contents forgets, or names in vain."""
    names = listed(yaml.safe_load((root / "_toc.yml").read_text(encoding="utf-8")))
    pages = {
        path.relative_to(root).with_suffix("").as_posix()
        for kind in ("*.md", "*.ipynb")
        for path in (root / "book").rglob(kind)
        if not any(part in GENERATED for part in path.parts)
    }
    faults = [
        f"_toc.yml: add `- file: {name}` under its part, the page is in book/" for name in sorted(pages - set(names))
    ]
    return faults + [
        f"_toc.yml: take out {name}, or write the page: it is not in book/" for name in names if name not in pages
    ]


def wanted(run: Path | None) -> dict[Path, Path]:
    """Return every file of the sources, by its place below ``_build/src``."""
    tops = [ROOT / name for name in (*CONFIGURATION, RECORDED, "book")]
    found = [p for top in tops for p in ([top] if top.is_file() else sorted(top.rglob("*"))) if p.is_file()]
    files = {p.relative_to(ROOT): p for p in found if not any(part in GENERATED for part in p.parts)}
    if run is None:
        return files
    data = {place for place in files if place.parent.name.endswith("-data")}
    files = {place: path for place, path in files.items() if place not in data}
    for notebook in notebooks():
        place, name = notebook.relative_to(ROOT), chapter(notebook)
        if not (run / place).exists():
            raise SystemExit(f"{run / place}: no such notebook; run `python -m tools.run_notebooks --into` first")
        files[place] = run / place
        for table in sorted((run / "record" / "figures" / name).glob("*.csv")):
            files[place.with_name(f"{place.stem}-data") / table.name] = table
    return files


def synchronise(files: dict[Path, Path], target: Path = SOURCE) -> list[Path]:
    """Make `target` hold exactly these files, touching only what differs; return what changed."""
    changed = []
    for left in sorted(p for p in target.rglob("*") if p.is_file()):
        if left.relative_to(target) not in files:
            left.unlink()
            changed.append(left.relative_to(target))
    for place, path in files.items():
        there = target / place
        if not there.exists() or there.read_bytes() != path.read_bytes():
            there.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(path, there)
            changed.append(place)
    # the pages with data that came or went have to be written again: they link to it
    for folder in {p.parent for p in changed if p.parent.name.endswith("-data")}:
        page = target / folder.with_name(folder.name.removesuffix("-data") + ".ipynb")
        if page.exists():
            page.touch()
    return changed


def configuration(shaping: list[Path], place: Repository | None = None) -> str:
    """Return a digest of what shapes every page."""
    words = f"{sys.version} {place}".encode()
    return hashlib.sha256(words + b"".join(p.read_bytes() for p in shaping)).hexdigest()


def build(digest: str, changed: int, place: Repository | None = None) -> None:
    """Let Sphinx build what changed: everything, if the configuration did or the last build failed."""
    anew = not (DONE.exists() and DONE.read_text() == digest)
    if not (changed or anew):
        return
    print("building every page" if anew else f"building: {changed} source files changed", flush=True)
    if anew:
        # A page with a warning counts as read: built upon, it would not warn a second time.
        shutil.rmtree(SPHINX, ignore_errors=True)
    DONE.unlink(missing_ok=True)
    sphinx(place=place)
    DONE.write_text(digest)


def sphinx(source: Path = SOURCE, output: Path = SPHINX, place: Repository | None = None) -> None:
    """Let jupyter-book's Sphinx build the pages, with links to the repository if there is one; warnings are errors."""
    from jupyter_book.sphinx import build_sphinx

    contents = (source / "_toc.yml").resolve().as_posix()
    addresses = {"v2g_binder": place.binder("PAGE"), "v2g_issues": place.issues} if place else {}

    failed = build_sphinx(
        source.resolve(),
        output.resolve() / "html",
        doctreedir=output.resolve() / "doctrees",
        noconfig=True,
        path_config=str(source / "_config.yml"),
        confoverrides={"external_toc_path": contents, "latex_individualpages": False, **addresses},
        warningiserror=True,
        keep_going=True,
        quiet=True,
    )
    if failed:
        raise SystemExit("the pages have faults, named above: nothing was put into _build/html")


def main() -> None:
    """Read the command line and build."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--from", dest="run", type=Path, help="folder of executed notebooks (default: stored outputs)")
    parser.add_argument("--strict", action="store_true", help="fail where a patch of the theme no longer fits")
    given = parser.parse_args()
    begin, run = time.monotonic(), given.run
    faults = toc_faults()
    if faults:
        raise SystemExit("\n".join(faults))
    executed = (ROOT / run).resolve() if run else None
    changed = synchronise(wanted(executed) | generate(executed))
    shaping = [SOURCE / p for p in sorted(wanted(None)) if p.parts[0] in CONFIGURATION or "_static" in p.parts]
    place = repository()
    build(configuration([*shaping, *(ROOT / name for name in SHAPING)], place), len(changed), place)
    pages, misfits = finish(SPHINX / "html", SITE, SOURCE)
    seconds = time.monotonic() - begin
    print(f"{pages} pages in {seconds:.0f} s: open {(SITE / 'index.html').relative_to(ROOT)} in a browser,")
    print(f"or serve them: python -m http.server --directory {SITE.relative_to(ROOT)} 8000")
    for misfit in misfits:
        print(f"warning: {misfit}", file=sys.stderr)
    if misfits and given.strict:
        raise SystemExit(f"{len(misfits)} faults of finished pages, named above")


if __name__ == "__main__":
    main()
