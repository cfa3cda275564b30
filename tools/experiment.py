"""Run and store a large experiment of a chapter: ``python tasks.py experiment highway/queues exp-random-roads``.

All instances of ``chapter.experiment("exp-random-roads", ...)`` are computed, by as many processes as ``--workers``
says, and stored with seed, size and parameters in ``book/<chapter>-data/exp-random-roads.json``. What is computed
is kept in ``_build/experiments`` as it comes: after an interruption the same command goes on. Results that agree
with what is stored, as closely as the chapter compares them, leave the file as it is.
"""

import argparse
import json
import os
from collections.abc import Callable, Mapping
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np

from tools.paths import BOOK, BUILD, ROOT, figure_folder
from tools.run_notebooks import digest
from tools.size import code_cells
from v2g_nb.chapter import Chapter, one_instance, setting
from v2g_nb.figures.data import differing


class Finished(Exception):
    """The share of an experiment is computed: the cells below are not run."""


def rows(file: Path) -> dict[int, dict[str, Any]]:
    """Return the instances in a file by number; a last line that an interruption cut off is none."""
    lines = file.read_text(encoding="utf-8").splitlines() if file.exists() else []
    found = [json.loads(line) for line in lines if line.endswith("}")]
    return {row["number"]: row["gives"] for row in found}


def share(notebook: Path, wanted: str, folder: Path, part: int, parts: int) -> None:
    """Run a chapter up to an experiment, and compute every instance whose number leaves that rest."""
    file = folder / f"{part}-of-{parts}.jsonl"

    def compute(
        _: Chapter, name: str, instance: Callable[..., Mapping[str, Any]], *, seed: int, size: int, **parameters: Any
    ) -> dict[str, Any]:
        if name != wanted:
            return original(_, name, instance, seed=seed, size=size, **parameters)
        header = json.dumps(setting(seed, size, parameters))
        (folder / "setting.json").write_text(header, encoding="utf-8")
        done = rows(file).keys()
        with file.open("a", encoding="utf-8") as out:
            for number in (n for n in range(part, size, parts) if n not in done):
                row = {"number": number, "gives": one_instance(instance, seed, number, parameters)}
                out.write(f"\n{json.dumps(row)}")  # a new line first: the last one may have been cut off
                out.flush()
        raise Finished

    original = Chapter.experiment
    Chapter.experiment = compute  # type: ignore[method-assign, assignment]
    os.chdir(notebook.parent)
    names: dict[str, Any] = {"__name__": "__main__"}
    try:
        for number, (source, _) in enumerate(code_cells(notebook)):
            exec(compile(source, f"{notebook.name}, code cell {number}", "exec"), names)
    except Finished:
        return
    raise SystemExit(f"{notebook.name}: calls no chapter.experiment({wanted!r}, ...)")


def collected(folder: Path) -> dict[str, Any]:
    """Return setting and columns of all instances that were computed."""
    found = {n: row for file in sorted(folder.glob("*.jsonl")) for n, row in rows(file).items()}
    known: dict[str, Any] = json.loads((folder / "setting.json").read_text(encoding="utf-8"))
    missing = sorted(set(range(known["size"])) - found.keys())
    if missing:
        raise SystemExit(f"{len(missing)} of {known['size']} instances are missing, the first is {missing[0]}")
    return known | {"columns": {key: [found[n][key] for n in range(known["size"])] for key in found[0]}}


def store(made: dict[str, Any], target: Path) -> str:
    """Write an experiment, unless what is stored agrees with it; return what was done."""
    old = json.loads(target.read_text(encoding="utf-8")) if target.exists() else {"columns": {}}
    ours, stored = ({key: np.array(column) for key, column in found["columns"].items()} for found in (made, old))
    if made | {"columns": 0} == old | {"columns": 0} and not differing(ours, stored):
        return "agrees with what is stored"
    columns = ",\n  ".join(f"{json.dumps(key)}: {json.dumps(column)}" for key, column in made["columns"].items())
    head = json.dumps({key: value for key, value in made.items() if key != "columns"})
    target.parent.mkdir(exist_ok=True)
    target.write_text(f'{head[:-1]},\n "columns": {{\n  {columns}\n }}}}\n', encoding="utf-8")
    return "stored"


def main() -> None:
    """Compute all shares side by side and store the whole."""
    parser = argparse.ArgumentParser(prog="python tasks.py experiment", description=__doc__)
    parser.add_argument("chapter", help="such as highway/queues")
    parser.add_argument("name", help="such as exp-random-roads")
    parser.add_argument("--workers", type=int, default=min(os.cpu_count() or 1, 4))
    given = parser.parse_args()
    notebook = BOOK / f"{given.chapter}.ipynb"
    if not notebook.exists():
        raise SystemExit(f"{notebook.relative_to(ROOT)}: no such chapter")
    folder = BUILD / "experiments" / given.chapter / given.name / digest(notebook)[:16]
    folder.mkdir(parents=True, exist_ok=True)
    with ProcessPoolExecutor(given.workers) as pool:
        shares = [pool.submit(share, notebook, given.name, folder, k, given.workers) for k in range(given.workers)]
        for done in shares:
            done.result()
    target = figure_folder(notebook) / f"{given.name}.json"
    made = collected(folder)
    print(f"{target.relative_to(ROOT)}: {made['size']} instances, {store(made, target)}")


if __name__ == "__main__":
    main()
