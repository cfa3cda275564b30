"""What CONTRIBUTING tells a stranger to do works as it stands there: each edit applies, each command ends as said."""

import os
import re
import shutil
import subprocess
import sys
import textwrap
from pathlib import Path

from tools.paths import ROOT

HEADING = "## From the README to a passing test"
BLOCK = re.compile(r"^( *)```(diff|)\n(.*?)^ *```$", re.S | re.M)


def steps() -> list[tuple[str, str]]:
    """Return the blocks under the heading: edits and commands, in their order."""
    text = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8").split(HEADING)[1].split("\n## ")[0]
    return [(kind, textwrap.dedent(body)) for _, kind, body in BLOCK.findall(text)]


def edit(project: Path, body: str) -> None:
    """Apply an edit: a file's name, then old and new text by turns; each has to be found exactly once."""
    name, *lines = body.splitlines()
    path = project / name
    text = path.read_text(encoding="utf-8")
    for old, new in zip(lines[::2], lines[1::2], strict=True):
        assert (old[0], new[0]) == ("-", "+"), body
        assert text.count(old[1:]) == 1, f"{name} holds {old[1:]!r} {text.count(old[1:])} times"
        text = text.replace(old[1:], new[1:])
    path.write_text(text, encoding="utf-8")


def run(project: Path, line: str) -> tuple[bool, str]:
    """Run one command in the project's folder with this environment; return whether it succeeded, and what it said."""
    words = line.split("#", maxsplit=1)[0].split()
    assert words[0] == "python", line
    env = os.environ | {"PYTHONPATH": str(project), "OMP_NUM_THREADS": "1"}
    env.pop("V2G_RECORD", None)
    command = [sys.executable, *words[1:]]
    done = subprocess.run(command, cwd=project, env=env, capture_output=True, text=True, check=False)
    return done.returncode == 0, done.stdout[-2000:] + done.stderr[-2000:]


def copied(project: Path) -> None:
    """Copy the files that belong to the project, as a fresh clone would have them."""
    listed = ["git", "ls-files", "--cached", "--others", "--exclude-standard", "-z"]
    names = subprocess.run(listed, cwd=ROOT, capture_output=True, text=True, check=True).stdout.split("\0")
    for name in filter(None, names):
        if (ROOT / name).is_file():
            (project / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(ROOT / name, project / name)


def test_a_strangers_path(tmp_path: Path):
    copied(tmp_path)
    kinds = []
    for kind, body in steps():
        if kind == "diff":
            edit(tmp_path, body)
            kinds.append("edit")
            continue
        for line in body.strip().splitlines():
            succeeded, said = run(tmp_path, line)
            fails = line.endswith("# fails")
            assert succeeded is not fails, f"{line}\n{said}"
            assert not fails or "failed" in said, f"{line}: fails, but not by a test\n{said}"
            kinds.append("fails" if fails else "passes")
    assert kinds == ["edit", "fails", "passes", "passes", "fails", "edit", "passes"]


def test_the_readme_leads_there():
    assert "CONTRIBUTING.md" in (ROOT / "README.md").read_text(encoding="utf-8")
