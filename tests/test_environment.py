"""What is installed is what the lock says, for readers, Binder and conda alike."""

import os
import re
import subprocess
import sys
import tomllib
from importlib.metadata import distributions
from pathlib import Path

import pytest
import yaml
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

import v2g_nb
from tools.paths import ROOT

LOCK = Path(os.environ.get("V2G_LOCK", ROOT / "requirements.lock")).read_text(encoding="utf-8")
LOCKS = [LOCK, (ROOT / "peers.lock").read_text(encoding="utf-8")]


def pins() -> dict[str, str]:
    """Return the versions that the universal lock fixes for this system and Python."""
    lines = re.findall(r"^(\S+==.*?) \\$", LOCK, re.M)
    found = [Requirement(line) for line in lines]
    here = [r for r in found if r.marker is None or r.marker.evaluate()]
    return {canonicalize_name(r.name): str(r.specifier).removeprefix("==") for r in here}


PINS = pins()


def test_the_lock_is_hashed_and_names_no_host():
    for lock in LOCKS:
        assert "://" not in lock
        entries = re.split(r"^(?=\S+==)", lock, flags=re.M)[1:]
        assert len(entries) > 50
        assert all("--hash=sha256:" in entry for entry in entries)


def test_pytest_goes_into_every_folder_of_tests(request: pytest.FixtureRequest):
    """Its own list leaves out names such as build."""
    left_out = [f"*/{pattern}" for pattern in request.config.getini("norecursedirs")]
    holders = {path.parent for path in (ROOT / "tests").rglob("test_*.py")}
    assert ROOT / "tests" / "build" in holders
    assert not [path for path in holders if any(path.match(pattern) for pattern in left_out)]


def test_installed_is_what_the_lock_says():
    installed = {canonicalize_name(d.metadata["Name"]): d.version for d in distributions()}
    assert PINS.items() <= installed.items(), dict(PINS.items() - installed.items())
    assert installed.keys() - PINS.keys() <= {"v2g-nb", "pip"}


def test_the_version_is_the_same_wherever_it_stands():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    citation = yaml.safe_load((ROOT / "CITATION.cff").read_text())
    assert project["version"] == citation["version"] == v2g_nb.__version__
    assert project["license"] == citation["license"]
    assert f"\n## {v2g_nb.__version__}" in (ROOT / "CHANGELOG.md").read_text()


def test_conda_and_binder_install_from_the_same_lock():
    environment = yaml.safe_load((ROOT / "environment.yml").read_text())
    conda = [d for d in environment["dependencies"] if isinstance(d, str)]
    (pip,) = (d["pip"] for d in environment["dependencies"] if isinstance(d, dict))
    assert {re.split("[=<> ]", d)[0] for d in conda} == {"python", "pip"}
    assert pip == ["--require-hashes", "-r requirements.lock"]
    version = next(d for d in conda if d.startswith("python")).split("=")[1]
    assert version in {"3.11", "3.12", "3.13"}


def test_the_lock_is_what_the_requirements_ask_for():
    """Every line of requirements.in is met by the pin of that name."""
    for line in (ROOT / "requirements.in").read_text().splitlines():
        wanted = line.split("#")[0].strip()
        if wanted:
            requirement = Requirement(wanted)
            assert PINS[canonicalize_name(requirement.name)] in requirement.specifier, wanted


@pytest.mark.parametrize("command", [["--help"], ["no-such-task"]])
def test_tasks_explain_themselves(command: list[str]):
    done = subprocess.run([sys.executable, ROOT / "tasks.py", *command], capture_output=True, text=True, check=False)
    assert done.returncode == 2
    assert "notebooks" in done.stdout


def test_make_knows_every_task():
    sys.path.insert(0, str(ROOT))
    import tasks

    makefile = (ROOT / "Makefile").read_text().replace("\\\n\t", "")
    known = set(re.search(r"^\.PHONY: (.*)$", makefile, re.M)[1].split())
    assert known == set(tasks.TASKS)


def test_binder_accepts_the_repository():
    """What Binder would do with it, short of building the image."""
    command = [Path(sys.executable).with_name("jupyter-repo2docker"), "--no-build", "--debug", "."]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert "environment.yml" in done.stdout
    assert "RUN ./postBuild" in done.stdout
