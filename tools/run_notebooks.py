"""Run notebooks in parallel, with progress, either into a folder or storing what they give.

``--into FOLDER`` keeps the executed copies there and runs only what is stale: a notebook whose
source, or the package, the data or the lock, has changed since. ``--store`` runs all and stores
outputs in ``book/``, the numbers behind figures beside each notebook, and the ledger's values. What
agrees with what is stored, as ``tools.quiet`` says, stays as it is.
"""

import argparse
import hashlib
import json
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor, as_completed
from pathlib import Path

import nbformat
from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError
from tqdm import tqdm

from tools import quiet
from tools.paths import BOOK, ROOT, VALUES, chapter, figure_folder, notebooks, stored_values

METADATA = {
    "kernelspec": {"name": "python3", "display_name": "Python 3", "language": "python"},
    "language_info": {"name": "python"},
}


def execute(source: Path, target: Path, record: Path | None, errors: bool = False) -> None:
    """Run one notebook from `source` in its own folder and write it, tidied, to `target`; with `errors`, to its end."""
    notebook = nbformat.read(source, as_version=4)
    os.environ.pop("V2G_RECORD", None)
    if record:
        os.environ["V2G_RECORD"] = str(record)
    client = NotebookClient(
        notebook,
        timeout=600,
        kernel_name="python3",
        record_timing=False,
        allow_errors=errors,
        extra_arguments=["--log-level=ERROR"],  # a kernel for one run on this machine needs no warning about its port
        resources={"metadata": {"path": str(source.parent)}},
    )
    client.execute()
    tidy(notebook)
    target.parent.mkdir(parents=True, exist_ok=True)
    nbformat.write(notebook, target)


def tidy(notebook: nbformat.NotebookNode) -> None:
    """Give cells and metadata the one form in which they are stored, and join split streams."""
    notebook.metadata = nbformat.from_dict(METADATA)
    notebook.nbformat, notebook.nbformat_minor = 4, 5
    for place, cell in enumerate(notebook.cells):
        cell["id"] = f"c{place:03d}"
        if cell.cell_type == "code":
            cell.metadata.pop("execution", None)
            cell.outputs = joined(cell.outputs)


def joined(outputs: list[nbformat.NotebookNode]) -> list[nbformat.NotebookNode]:
    """Return the outputs with neighbouring pieces of one stream put together: where a kernel splits them is chance."""
    kept: list[nbformat.NotebookNode] = []
    for output in outputs:
        if kept and output.output_type == kept[-1].output_type == "stream" and output.name == kept[-1].name:
            kept[-1].text += output.text
        else:
            kept.append(output)
    return kept


def digest(notebook: Path) -> str:
    """Return a digest of everything that a notebook's outputs follow from."""
    total = hashlib.sha256(sys.version.encode())
    cells = json.loads(notebook.read_text(encoding="utf-8"))["cells"]
    total.update(json.dumps([(c["cell_type"], c["source"], c["metadata"]) for c in cells]).encode())
    inputs = [p for p in (ROOT / "v2g_nb").rglob("*") if p.is_file() and p.suffix != ".pyc" and p.parent != VALUES]
    for path in [*sorted(inputs), ROOT / "requirements.lock"]:
        total.update(path.relative_to(ROOT).as_posix().encode() + path.read_bytes())
    for path in sorted(figure_folder(notebook).glob("exp-*.json")):  # large experiments, of which a part is compared
        total.update(path.read_bytes())
    return total.hexdigest()


Job = tuple[Path, Path, Path]  # source, target, folder of records


def run_all(jobs: list[Job], workers: int, finished: Callable[[Job], None] = lambda job: None) -> None:
    """Run each job in a process of its own; report every failure, not only the first."""
    failures = []
    with ThreadPoolExecutor(workers) as pool, tqdm(total=len(jobs), unit="notebook", desc="running") as bar:
        words = [sys.executable, "-m", "tools.run_notebooks", "--one"]
        futures = {pool.submit(subprocess.run, [*words, *map(str, job)], cwd=ROOT): job for job in jobs}
        try:
            for done in as_completed(futures):
                name = chapter(futures[done][0])
                bar.set_postfix_str(name)
                bar.update()
                if done.result().returncode:
                    failures.append(name)
                else:
                    finished(futures[done])
        except KeyboardInterrupt:
            pool.shutdown(cancel_futures=True)
            raise SystemExit("interrupted: finished notebooks are kept, run again to go on") from None
    if failures:
        raise SystemExit("failed: " + ", ".join(sorted(failures)))


def into(folder: Path, workers: int) -> None:
    """Run what is stale into `folder`, keeping what is current."""
    jobs, stamps = [], {}
    for notebook in notebooks():
        name = chapter(notebook)
        target = folder / "book" / f"{name}.ipynb"
        stamp = folder / "stamps" / f"{name}.sha256"
        now = digest(notebook)
        if not (target.exists() and stamp.exists() and stamp.read_text() == now):
            stamp.unlink(missing_ok=True)
            stamps[notebook] = (stamp, now)
            jobs.append((notebook, target, folder / "record"))
    known = {chapter(n) for n in notebooks()}
    for left in (folder / "book").rglob("*.ipynb"):
        if left.relative_to(folder / "book").with_suffix("").as_posix() not in known:
            left.unlink()
    if not jobs:
        print("every notebook is current")
        return

    def finished(job: Job) -> None:  # a stamp appears only once its notebook has run to the end
        stamp, now = stamps[job[0]]
        stamp.parent.mkdir(parents=True, exist_ok=True)
        stamp.write_text(now)

    run_all(jobs, workers, finished)


def store(workers: int, only: list[str]) -> None:
    """Run the notebooks and store their outputs, figure data and ledger values in the project."""
    chosen = [n for n in notebooks() if not only or chapter(n) in only]
    with tempfile.TemporaryDirectory() as scratch:
        record, ran = Path(scratch) / "record", Path(scratch) / "book"
        run_all([(n, ran / f"{chapter(n)}.ipynb", record) for n in chosen], workers)
        for notebook in chosen:
            name = chapter(notebook)
            quiet.settle(ran / f"{name}.ipynb", record / "figures" / name, notebook)
            shutil.copyfile(ran / f"{name}.ipynb", notebook)
            for left in figure_folder(notebook).glob("*.csv"):
                left.unlink()
            if (record / "figures" / name).exists():
                shutil.copytree(record / "figures" / name, figure_folder(notebook), dirs_exist_ok=True)
        for part in sorted({chapter(n).split("/")[0] for n in chosen}):
            target = VALUES / f"{part}.json"
            stored = json.loads(target.read_text(encoding="utf-8")) if target.exists() else {}
            values = (stored if only else {}) | quiet.kept_values(stored_values(record / "ledger" / part), stored)
            if values or target.exists():
                target.write_text(json.dumps(values, indent=1, sort_keys=True) + "\n", encoding="utf-8")


def main() -> None:
    """Read the command line and run."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--into", type=Path)
    parser.add_argument("--store", action="store_true")
    parser.add_argument("--one", nargs=3, type=Path, metavar=("SOURCE", "TARGET", "RECORD"))
    parser.add_argument("--workers", type=int, default=min(os.cpu_count() or 1, 4))
    parser.add_argument("chapters", nargs="*", help="only these (with --store), such as tools/waiting-lines")
    given = parser.parse_args()
    if given.one:
        try:
            execute(*given.one)
        except CellExecutionError as error:
            raise SystemExit(f"{given.one[0].relative_to(BOOK)}:\n{error}") from None
    elif given.store:
        store(given.workers, given.chapters)
    else:
        into((ROOT / given.into).resolve(), given.workers)


if __name__ == "__main__":
    main()
