"""Run every chapter under other settings and say what breaks: ``python tasks.py vary [--chapter campus/one-car]``.

The settings stand in ``tools/variations``, one file a part. A varied chapter runs to its end in a scratch
folder, in a copy of its part; what it records for the ledger may differ. A cell that raises is reported, and
the cells below it are run all the same. Results are kept in ``_build/vary``: only what has no current one
runs, so that an interruption costs little.
"""

import argparse
import hashlib
import json
import re
import shutil
import tempfile
import time
from concurrent.futures import ProcessPoolExecutor, as_completed
from pathlib import Path
from typing import Any

import nbformat
import yaml

from tools.paths import BOOK, BUILD, ROOT, chapter, notebooks
from tools.run_notebooks import digest, execute

SETTINGS = ROOT / "tools" / "variations"
NUMBER = 3  # settings of a chapter
Setting = list[list[str]]


def load(source: Path = SETTINGS) -> dict[str, dict[str, Setting]]:
    """Return the settings of each chapter by name."""
    found: dict[str, dict[str, Setting]] = {}
    for part in sorted(source.glob("*.yml")):
        found |= yaml.safe_load(part.read_text(encoding="utf-8")) or {}
    return found


def varied(notebook: nbformat.NotebookNode, setting: Setting) -> None:
    """Put a setting into a notebook; raise ValueError where an old line does not stand exactly once."""
    code = [cell for cell in notebook.cells if cell.cell_type == "code"]
    code = [cell for cell in code if "parameters" in cell.metadata.get("tags", ())] or code
    for old, new in setting:
        pattern = re.compile(rf"^([ \t]*){re.escape(old)}[ \t]*$", re.M)
        count = sum(len(pattern.findall(cell.source)) for cell in code)
        if count != 1:
            raise ValueError(f"{old!r} stands {count} times, must stand once")
        for cell in code:
            cell.source = pattern.sub(lambda m, new=new: m[1] + new, cell.source)


def attempt(name: str, setting: Setting) -> dict[str, Any]:
    """Run a varied chapter in a scratch folder; return the seconds, and a line for every cell that breaks."""
    begin, notebook = time.monotonic(), nbformat.read(BOOK / f"{name}.ipynb", as_version=4)
    try:
        varied(notebook, setting)
    except ValueError as fault:
        return {"seconds": 0.0, "broke": [f"no such setting any more, change {SETTINGS.relative_to(ROOT)}: {fault}"]}
    with tempfile.TemporaryDirectory() as scratch:
        place = Path(scratch) / f"{name}.ipynb"
        shutil.copytree((BOOK / name).parent, place.parent)
        nbformat.write(notebook, place)
        execute(place, place, None, errors=True)
        cells = enumerate(nbformat.read(place, as_version=4).cells)
    errors = [(n, o) for n, cell in cells for o in cell.get("outputs", ()) if o.output_type == "error"]
    said = [(n, o.ename, " ".join((o.evalue or raised_by(o.traceback)).split())[:200]) for n, o in errors]
    return {"seconds": time.monotonic() - begin, "broke": [f"cell {n}: {kind}: {what}" for n, kind, what in said]}


def raised_by(traceback: list[str]) -> str:
    """Return the line of the cell that raised, for an error that says nothing itself."""
    marked = re.search(r"^-+> \d+ (.*)$", re.sub(r"\x1b\[[\d;]*m", "", "\n".join(traceback)), flags=re.M)
    return marked[1] if marked else ""


def kept(name: str, which: str, setting: Setting) -> Path:
    """Return where the result of a run is kept, by all that it follows from."""
    here = json.dumps(setting) + digest(BOOK / f"{name}.ipynb")
    return BUILD / "vary" / name / f"{which}-{hashlib.sha256(here.encode()).hexdigest()[:16]}.json"


def main() -> None:
    """Run what has no current result, then print all."""
    parser = argparse.ArgumentParser(prog="python tasks.py vary", description=__doc__)
    parser.add_argument("--chapter", action="append", help="only this one, such as campus/one-car")
    parser.add_argument("--workers", type=int, default=2)
    given, settings = parser.parse_args(), load()
    chosen = given.chapter or [chapter(n) for n in notebooks()]
    unknown = [name for name in chosen if not (BOOK / f"{name}.ipynb").exists()]
    if unknown:
        raise SystemExit(f"no such chapter: {', '.join(unknown)}")
    jobs = {(name, which): kept(name, which, s) for name in chosen for which, s in settings.get(name, {}).items()}
    with ProcessPoolExecutor(given.workers) as pool:
        todo = {pool.submit(attempt, j[0], settings[j[0]][j[1]]): j for j, file in jobs.items() if not file.exists()}
        try:
            for number, done in enumerate(as_completed(todo), 1):
                file = jobs[todo[done]]
                file.parent.mkdir(parents=True, exist_ok=True)
                file.write_text(json.dumps(done.result()), encoding="utf-8")
                print(f"[{number} of {len(todo)}] {', '.join(todo[done])}", flush=True)
        except KeyboardInterrupt:
            pool.shutdown(cancel_futures=True)
            raise SystemExit("interrupted: what has run is kept, run again to go on") from None
    results = {job: json.loads(file.read_text(encoding="utf-8")) for job, file in jobs.items()}
    for job, result in results.items():
        print(f"{', '.join(job)}: {'broke' if result['broke'] else 'ran'} ({result['seconds']:.0f} s)")
        print("".join(f"    {fault}\n" for fault in result["broke"]), end="")
    few = [name for name in chosen if len(settings.get(name, {})) != NUMBER]
    if few:
        print(f"without {NUMBER} settings in {SETTINGS.relative_to(ROOT)}: {', '.join(few)}")
    ran = sum(not result["broke"] for result in results.values())
    print(f"{ran} of {len(jobs)} runs came to their end")
    if ran < len(jobs):
        raise SystemExit(1)


if __name__ == "__main__":
    main()
