"""Running notebooks is repeatable, touches only what is stale, and loses nothing."""

import json
from pathlib import Path

import nbformat
import pytest

from tools import run_notebooks

SOURCE = """
import numpy as np
import matplotlib.pyplot as plt
from v2g_nb.chapter import Chapter
chapter = Chapter("tools/demo")
figure, axes = plt.subplots()
axes.plot(np.random.default_rng(1).normal(size=5))
chapter.figure(figure, "fig-demo", x=[1, 2])
"""


def write(path: Path, source: str, output: str = "") -> None:
    stream = {"output_type": "stream", "name": "stdout", "text": output}
    code = {"cell_type": "code", "id": "x", "metadata": {"execution": {"a": 1}}, "source": source}
    body = {"cells": [code | {"execution_count": None, "outputs": [stream] if output else []}], "metadata": {}}
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(body | {"nbformat": 4, "nbformat_minor": 5}))


@pytest.fixture
def book(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A book of one chapter; runs are done in this process and counted in ``ran``."""
    folder = tmp_path / "book"
    write(folder / "tools/demo.ipynb", SOURCE)
    values = tmp_path / "values"
    values.mkdir()
    monkeypatch.setattr(run_notebooks, "VALUES", values)
    monkeypatch.setattr(run_notebooks, "notebooks", lambda: sorted(folder.rglob("*.ipynb")))
    monkeypatch.setattr(run_notebooks, "chapter", lambda p: p.relative_to(folder).with_suffix("").as_posix())
    return folder


def test_two_runs_give_the_same_bytes(tmp_path: Path, book: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("V2G_RECORD", "")
    for name in ("one", "two"):
        run_notebooks.execute(book / "tools/demo.ipynb", tmp_path / f"{name}.ipynb", tmp_path / name)
    first, second = ((tmp_path / f"{name}.ipynb").read_bytes() for name in ("one", "two"))
    assert first == second
    assert b"image/svg+xml" in first
    assert b'"execution"' not in first
    assert (tmp_path / "one/figures/tools/demo/fig-demo.csv").read_text() == "x\n1\n2\n"


def test_a_digest_follows_source_and_experiments_and_not_the_outputs(tmp_path: Path):
    path = tmp_path / "demo.ipynb"
    write(path, "1 + 1")
    before = run_notebooks.digest(path)
    write(path, "1 + 1", output="2")
    assert run_notebooks.digest(path) == before
    write(path, "1 + 2")
    assert run_notebooks.digest(path) != before
    write(path, "1 + 1")
    (tmp_path / "demo-data").mkdir()
    (tmp_path / "demo-data" / "exp-gap.json").write_text("{}")
    assert run_notebooks.digest(path) != before


def test_only_stale_notebooks_run(tmp_path: Path, book: Path, monkeypatch: pytest.MonkeyPatch):
    ran: list[str] = []

    def run_all(jobs, workers, finished):
        for source, target, _ in jobs:
            ran.append(source.stem)
            write(target, source.read_text())
            finished((source, target, tmp_path))

    monkeypatch.setattr(run_notebooks, "run_all", run_all)
    write(book / "tools/other.ipynb", "2")
    run_notebooks.into(tmp_path / "run", 1)
    assert ran == ["demo", "other"]
    run_notebooks.into(tmp_path / "run", 1)
    assert ran == ["demo", "other"]
    write(book / "tools/other.ipynb", "3")
    run_notebooks.into(tmp_path / "run", 1)
    assert ran == ["demo", "other", "other"]
    (book / "tools/other.ipynb").unlink()
    run_notebooks.into(tmp_path / "run", 1)
    assert not (tmp_path / "run/book/tools/other.ipynb").exists()


def test_what_ran_before_a_failure_is_kept(tmp_path: Path, book: Path, monkeypatch: pytest.MonkeyPatch):
    def run_all(jobs, workers, finished):
        write(jobs[0][1], "1")
        finished(jobs[0])
        raise SystemExit("failed: tools/other")

    write(book / "tools/other.ipynb", "2")
    monkeypatch.setattr(run_notebooks, "run_all", run_all)
    with pytest.raises(SystemExit):
        run_notebooks.into(tmp_path / "run", 1)
    stamps = [p.stem for p in (tmp_path / "run/stamps").rglob("*.sha256")]
    assert stamps == ["demo"]


def test_storing_replaces_outputs_figure_data_and_ledger_values(
    tmp_path: Path, book: Path, monkeypatch: pytest.MonkeyPatch
):
    def run_all(jobs, workers):
        for source, target, record in jobs:
            write(target, source.read_text(), output="ran")
            (record / "figures/tools/demo").mkdir(parents=True)
            (record / "figures/tools/demo/fig-new.csv").write_text("x\n1\n")
            (record / "ledger/tools").mkdir(parents=True)
            (record / "ledger/tools/demo.json").write_text('{"highway.b": 2.0, "highway.a": true}')

    stale = book / "tools/demo-data/fig-old.csv"
    stale.parent.mkdir()
    stale.write_text("x\n0\n")
    monkeypatch.setattr(run_notebooks, "run_all", run_all)
    experiment = stale.with_name("exp-gap.json")  # stored by another command
    experiment.write_text("{}")
    (run_notebooks.VALUES / "grid.json").write_text('{"grid.a": 1.0}')
    run_notebooks.store(1, [])
    assert {p.name for p in stale.parent.iterdir()} == {"fig-new.csv", "exp-gap.json"}
    assert '"ran"' in (book / "tools/demo.ipynb").read_text()
    stored = {path.name: json.loads(path.read_text()) for path in run_notebooks.VALUES.iterdir()}
    assert stored == {"grid.json": {"grid.a": 1.0}, "tools.json": {"highway.a": True, "highway.b": 2.0}}


def test_split_streams_are_joined():
    """Where a kernel cuts its output in pieces differs from run to run."""
    piece = [nbformat.v4.new_output("stream", name="stdout", text=t) for t in ("a\n", "b\n")]
    shown = nbformat.v4.new_output("display_data", {"text/plain": "x"})
    joined = run_notebooks.joined([*piece, shown, piece[1]])
    assert [o.get("text") for o in joined] == ["a\nb\n", None, "b\n"]
