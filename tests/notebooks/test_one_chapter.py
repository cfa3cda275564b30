"""What the checks of one chapter say names a file; a chapter that is added is not punished for it."""

import re
import subprocess
import sys

import pytest

from tests.back_matter import test_reading_time, test_ways
from tests.notebooks.test_guards import HOW, explained
from tools import compare_records, one_chapter
from tools.back_matter import ways
from tools.guards import GUARDS
from tools.paths import ROOT


def test_messages_are_told_without_what_pytest_adds():
    said = "AssertionError: book/ways.yml: add it\n  tools/guards.py: or list it\nassert not ['x']\n  where ..."
    assert one_chapter.told(said, "tests/t.py::test_x") == ["book/ways.yml: add it", "tools/guards.py: or list it"]
    assert one_chapter.told("AssertionError: _toc.yml: add it", "t") == ["_toc.yml: add it"]
    assert one_chapter.told("assert 1 == 2", "tests/t.py::test_x") == ["tests/t.py::test_x: assert 1 == 2"]
    assert one_chapter.told("ValueError: no", "tests/t.py::test_x") == ["tests/t.py::test_x: ValueError: no"]


def test_failing_tests_and_files_that_cannot_be_read_are_heard(tmp_path):
    fails = "def test_a():\n    x = ['b', 'c']\n    assert not x, '\\n'.join(f'book/a.yml: add {y}' for y in x)\n"
    (tmp_path / "test_a.py").write_text(f"{fails}\ndef test_b(): pass\n")
    (tmp_path / "test_c.py").write_text("import no_such_module\n")
    words = (
        "from tools.one_chapter import run_tests; m = run_tests('-p', 'no:cacheprovider', '.'); print(m.lines, m.count)"
    )
    command = [sys.executable, "-c", words]
    env = {"PYTHONPATH": str(ROOT)}
    done = subprocess.run(command, cwd=tmp_path, env=env, capture_output=True, text=True, check=True)
    assert "'book/a.yml: add b', 'book/a.yml: add c'" in done.stdout
    assert "test_c.py: E   ModuleNotFoundError: No module named 'no_such_module'" in done.stdout


def test_a_chapters_own_tests_are_found():
    assert one_chapter.own_tests("tools/games") == ["tests/notebooks/test_games.py"]
    assert one_chapter.own_tests("tools/no-such-chapter") == []


def test_every_guard_says_the_file_and_how():
    for guard in GUARDS:
        said = explained(guard, ["games.ipynb [3]: a fault", "tools/games: another"]).splitlines()
        assert all(re.match(r"book/tools/games\.ipynb \[3\]: a fault: \w|tools/games: another: \w", s) for s in said)
    assert HOW.keys() <= {guard.__name__ for guard in GUARDS}


@pytest.mark.parametrize("words", [[], ["tools/nowhere"], ["tools/games", "tools/games"]])
def test_without_a_chapter_it_says_what_it_needs(words: list[str], monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(sys, "argv", ["one_chapter", *words])
    with pytest.raises(SystemExit, match=r"usage: .* chapter PART/NAME"):
        one_chapter.main()


def test_records_of_one_chapter_are_compared_alone(tmp_path):
    """Nothing ran: all that this chapter stores is missing, and nothing else is."""
    faults = compare_records.ledger_faults(tmp_path, ["grid/nine-buses"])
    assert faults
    assert all(fault.startswith("ledger: grid.") for fault in faults)
    assert len(faults) < len(compare_records.ledger_faults(tmp_path))
    faults = compare_records.figure_faults(tmp_path, ["grid/nine-buses"])
    assert faults
    assert all(fault.startswith("grid/nine-buses: fig-") for fault in faults)


def test_a_path_may_grow(monkeypatch: pytest.MonkeyPatch):
    """Neither the first page nor the course says no to twenty chapters more on a path, or beside a week's reading."""
    found = ways.load()
    for path in found["paths"]:
        path["chapters"] += 20 * ["tools/games"]
    for week in found["course"]:
        week["more"] = [*week.get("more", []), *20 * ["tools/games"]]
    monkeypatch.setattr(ways, "load", lambda: found)
    test_reading_time.test_the_first_page_takes_two_minutes()
    test_ways.test_a_week_asks_for_about_an_hour()
    test_ways.test_paths_and_course_name_every_chapter_and_nothing_else()
    for path in found["paths"]:
        path["why"] += 200 * " word"
    with pytest.raises(AssertionError):
        test_reading_time.test_the_first_page_takes_two_minutes()


def test_the_list_for_a_new_chapter_names_files_that_exist():
    text = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8").split("## Add a chapter")[1].split("\n## ")[0]
    files = re.findall(r"`((?:[\w-]+/)+[\w*-]+\.\w+|_toc\.yml)", text)
    known = [f.replace("PART/NAME", "grid/operator").replace("PART", "grid").replace("PAPER", "grid") for f in files]
    assert len(files) >= 8
    assert [f for f in known if not list(ROOT.glob(f.replace("grid_NAME", "operator")))] == []
