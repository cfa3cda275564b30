"""The publishing workflows, without a connection: well formed, careful, and made of tasks that exist."""

import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from tools.paths import ROOT

FOLDER = ROOT / ".github"
WORKFLOWS = sorted((FOLDER / "workflows").glob("*.yml"))
TASKS = set(re.findall(r"^@task\ndef (\w+)", (ROOT / "tasks.py").read_text(), re.M))
SCHEMAS = {
    "vendor.github-workflows": WORKFLOWS,
    "custom.github-workflows-require-timeout": WORKFLOWS,
    "vendor.dependabot": [FOLDER / "dependabot.yml"],
    "vendor.citation-file-format": [ROOT / "CITATION.cff"],
}


def program(name: str, *words: object) -> subprocess.CompletedProcess:
    there = Path(sys.executable).with_name(name)
    return subprocess.run([there, *words], capture_output=True, text=True, check=False)


def read(path: Path) -> dict:
    return yaml.load(path.read_text(), yaml.BaseLoader)  # which leaves `on` a word


@pytest.mark.parametrize("schema", SCHEMAS)
def test_forms_are_those_of_the_format(schema):
    done = program("check-jsonschema", "--builtin-schema", schema, *SCHEMAS[schema])
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize(
    ("schema", "old", "new"),
    [
        ("vendor.github-workflows", "runs-on: ubuntu-latest", "runs: ubuntu-latest"),
        ("custom.github-workflows-require-timeout", "    timeout-minutes: 90\n", ""),
        ("vendor.citation-file-format", "license: MIT", "license: my own"),
        ("vendor.citation-file-format", "authors:", "writers:"),
    ],
)
def test_a_planted_fault_of_form_is_caught(schema, old, new, tmp_path):
    source = next(path for path in SCHEMAS[schema] if old in path.read_text())
    broken = tmp_path / source.name
    broken.write_text(source.read_text().replace(old, new, 1))
    assert program("check-jsonschema", "--builtin-schema", schema, broken).returncode == 1


def zizmor(root: Path) -> subprocess.CompletedProcess:
    return program("zizmor", "--offline", "--no-progress", "--strict-collection", root)


def test_the_workflows_are_careful():
    done = zizmor(ROOT)
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("          persist-credentials: false\n", "          fetch-depth: 1\n"),
        ("actions/setup-python@v5", "somebody/setup-python@v5"),
        ("permissions:\n      contents: read", "permissions: write-all"),
        ("run: python tasks.py test", "run: echo ${{ github.head_ref }}"),
    ],
)
def test_planted_carelessness_is_caught(old, new, tmp_path):
    shutil.copytree(FOLDER, tmp_path / ".github")
    path = tmp_path / ".github" / "workflows" / "tests.yml"
    assert old in path.read_text()
    path.write_text(path.read_text().replace(old, new, 1))
    assert zizmor(tmp_path).returncode != 0


def test_every_command_is_a_task_that_exists():
    called = set()
    for path in WORKFLOWS:
        for job in read(path)["jobs"].values():
            for step in job["steps"]:
                found = re.search(r"\bpython[\d.]* +(\S+)(.*)", step.get("run", ""))
                if found:
                    assert found[1] == "tasks.py", step["run"]
                    called |= set(found[2].split())
    assert {"test", "test-all", "newest", "offline", "upgrade"} <= called
    assert {name.replace("-", "_") for name in called} <= TASKS


def test_every_workflow_asks_for_little_and_ends():
    assert [path.stem for path in WORKFLOWS] == ["pages", "tests", "update", "weekly"]
    for path in WORKFLOWS:
        workflow = read(path)
        assert workflow["permissions"] == {}
        assert "group" in workflow["concurrency"]
        for name, job in workflow["jobs"].items():
            writes = {key for key, value in job["permissions"].items() if value == "write"}
            assert not writes or name in {"deploy", "release", "propose"}, (path.name, name)
            # what may write runs no code of the repository
            assert not writes or "tasks.py" not in str(job["steps"]), (path.name, name)
            versions = [step["uses"].partition("@")[2] for step in job["steps"] if "uses" in step]
            assert all(re.fullmatch(r"v\d+|[0-9a-f]{40}", version) for version in versions)


def test_the_oldest_python_of_the_package_is_tested():
    setup = [s for s in read(FOLDER / "workflows" / "tests.yml")["jobs"]["tests"]["steps"] if "with" in s]
    oldest = re.search(r'requires-python = ">=([\d.]+)', (ROOT / "pyproject.toml").read_text())[1]
    assert [s["with"]["python-version"] for s in setup if "python-version" in s["with"]] == [oldest]
