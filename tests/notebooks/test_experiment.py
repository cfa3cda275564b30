"""A large experiment is stored with seed and size; its chapter redoes a random tenth and compares."""

import json
import time
from pathlib import Path

import numpy as np
import pytest

from tools import experiment
from tools.paths import figure_folder
from v2g_nb import chapter as module
from v2g_nb.chapter import Chapter
from v2g_nb.errors import InvalidInput

SETTING = {"seed": 1, "size": 40}
SOURCE = """
from v2g_nb.chapter import Chapter
chapter = Chapter("tools/demo")
def gap(rng, cars):
    value = rng.uniform()
    return {"gap": cars * value, "who": "a" if value < 0.5 else "b"}
"""
CALL = 'gaps = chapter.experiment("exp-gap", gap, seed=1, size=40, cars=12)'


def gap(rng, cars):
    value = rng.uniform()
    return {"gap": cars * value, "who": "a" if value < 0.5 else "b"}


@pytest.fixture
def notebook(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A chapter in a folder of its own; what the tool changes in this process is put back."""
    path = tmp_path / "tools" / "demo.ipynb"
    path.parent.mkdir()
    sources = (SOURCE, CALL, "raise RuntimeError('the cells below are not run')")
    cells = [{"cell_type": "code", "metadata": {}, "source": s, "outputs": []} for s in sources]
    path.write_text(json.dumps({"cells": cells, "metadata": {}, "nbformat": 4, "nbformat_minor": 5}))
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(Chapter, "experiment", Chapter.experiment)
    monkeypatch.delenv("V2G_RECORD", raising=False)
    return path


@pytest.fixture
def stored(notebook: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The experiment, run by two processes' worth of shares and stored; the chapter's own method is back."""
    original, target = Chapter.experiment, figure_folder(notebook) / "exp-gap.json"
    folder = notebook.parent / "parts"
    folder.mkdir()
    for part in range(2):
        monkeypatch.setattr(Chapter, "experiment", original)
        experiment.share(notebook, "exp-gap", folder, part, 2)
    assert experiment.store(experiment.collected(folder), target) == "stored"
    monkeypatch.setattr(Chapter, "experiment", original)
    monkeypatch.chdir(notebook.parent)
    return target


def ask(**other):
    return Chapter("tools/demo").experiment("exp-gap", gap, **(SETTING | {"cars": 12} | other))


def test_the_chapter_gets_all_and_every_instance_has_its_own_stream(stored: Path):
    found = ask()
    streams = np.random.SeedSequence(1).spawn(40)
    assert found["gap"] == pytest.approx([12 * np.random.default_rng(s).uniform() for s in streams], rel=1e-9)
    assert found["who"].tolist() == ["a" if g < 6 else "b" for g in found["gap"]]
    assert {k: json.loads(stored.read_text())[k] for k in ("seed", "size", "parameters")} == {
        **SETTING,
        "parameters": {"cars": 12},
    }


@pytest.mark.parametrize("column", ["gap", "who"])
def test_a_number_that_is_not_what_is_computed_is_noticed(stored: Path, column: str):
    found = json.loads(stored.read_text())
    found["columns"][column] = [v * (1 + 1e-6) if column == "gap" else "c" for v in found["columns"][column]]
    stored.write_text(json.dumps(found))
    with pytest.raises(InvalidInput, match=rf"'exp-gap': \['{column}'\] is not what is stored"):
        ask()


def test_which_tenth_is_chance(stored: Path, monkeypatch: pytest.MonkeyPatch):
    seen: list[tuple[int, ...]] = []
    original = module.one_instance
    for _ in range(3):
        drawn: list[int] = []
        monkeypatch.setattr(module, "one_instance", lambda f, s, n, p, d=drawn: d.append(n) or original(f, s, n, p))
        ask()
        seen.append(tuple(drawn))
    assert {len(set(drawn)) for drawn in seen} == {4}
    assert len(set(seen)) > 1


def test_a_slow_tenth_ends_in_time(stored: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(module, "SECONDS", 0.0)
    calls = []
    Chapter("tools/demo").experiment("exp-gap", lambda rng, cars: calls.append(1) or gap(rng, cars), **SETTING, cars=12)
    assert len(calls) == 1


@pytest.mark.parametrize("other", [{"cars": 8}, {"seed": 2}, {"size": 50}])
def test_a_reader_may_change_it_and_a_recorded_run_may_not(
    stored: Path, other: dict[str, int], capsys, monkeypatch: pytest.MonkeyPatch
):
    found = ask(**other)
    size = (SETTING | other)["size"]
    assert len(found["gap"]) == size // 10
    assert max(found["gap"]) <= other.get("cars", 12)
    assert f"exp-gap: {size // 10} of {size} instances" in capsys.readouterr().out
    monkeypatch.setenv("V2G_RECORD", "somewhere")
    with pytest.raises(InvalidInput, match=r"run `python tasks\.py experiment tools/demo exp-gap`"):
        ask(**other)
    assert len(ask()["gap"]) == 40


def test_after_an_interruption_it_goes_on(notebook: Path, monkeypatch: pytest.MonkeyPatch):
    original, folder, fails, calls = Chapter.experiment, notebook.parent / "parts", [25], []

    def one(function, seed, number, parameters):
        if number in fails:
            raise KeyboardInterrupt
        calls.append(number)
        return module.one_instance(function, seed, number, parameters)

    folder.mkdir()
    monkeypatch.setattr(experiment, "one_instance", one)
    with pytest.raises(KeyboardInterrupt):
        experiment.share(notebook, "exp-gap", folder, 0, 1)
    with pytest.raises(SystemExit, match="15 of 40 instances are missing, the first is 25"):
        experiment.collected(folder)
    cut = folder / "0-of-1.jsonl"
    cut.write_text(cut.read_text()[:-5])  # while a line was being written
    fails.clear()
    monkeypatch.setattr(Chapter, "experiment", original)
    experiment.share(notebook, "exp-gap", folder, 0, 1)
    assert calls == [*range(25), 24, *range(25, 40)]
    assert len(experiment.collected(folder)["columns"]["gap"]) == 40


def test_last_digits_leave_the_file_as_it_is(stored: Path):
    made, before = json.loads(stored.read_text()), stored.read_bytes()
    made["columns"]["gap"] = [g * (1 + 1e-9) for g in made["columns"]["gap"]]
    assert experiment.store(made, stored) == "agrees with what is stored"
    assert stored.read_bytes() == before
    made["columns"]["gap"][3] *= 1 + 1e-6
    assert experiment.store(made, stored) == "stored"
    assert json.loads(stored.read_text()) == made


def test_a_name_that_no_cell_uses_is_said(notebook: Path, tmp_path: Path):
    notebook.write_text(notebook.read_text().replace("raise RuntimeError('the cells below are not run')", "1"))
    with pytest.raises(SystemExit, match="calls no chapter"):
        experiment.share(notebook, "exp-other", tmp_path, 0, 1)


def test_a_tenth_is_at_most_twenty_seconds():
    assert module.SECONDS == 20.0
    begin = time.monotonic()
    assert len(Chapter("tools/demo").experiment("exp-none", gap, seed=1, size=4000, cars=1)["gap"]) == 400
    assert time.monotonic() - begin < 20.0
