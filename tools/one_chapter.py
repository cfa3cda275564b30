"""Every check of one chapter, in about a minute: ``python tasks.py chapter highway/queues``.

Table of contents; rules for notebooks, notation, reading time, exercises, ways, ledger, corrections, references; the
tests that name the chapter; and a fresh run, on the arithmetic of another processor, against what is stored. Each
line says which file to change, and how. What needs the pages, or other chapters, is left to ``make test``.
"""

import os
import re
import subprocess
import sys
import tempfile
import time

import pytest

from tasks import OTHER_ARITHMETIC
from tools.build_html import toc_faults
from tools.paths import BOOK, ROOT

SHARED = (
    "tests/notebooks/test_guards.py",
    "tests/back_matter",
    "tests/test_ledger.py",
    "tests/build/test_speed.py::test_claims_of_speed_stand_on_that_page_only",
    "tests/figures/test_legible.py",
)


class Messages:
    """What failing tests say, without what pytest adds."""

    def __init__(self) -> None:
        self.lines: list[str] = []
        self.count = 0

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Keep the message of a test that fails."""
        self.count += report.when == "call"
        if report.failed:
            crash = getattr(report.longrepr, "reprcrash", None)
            self.lines += told(crash.message if crash else str(report.longrepr), report.nodeid)

    def pytest_collectreport(self, report: pytest.CollectReport) -> None:
        """Keep why a file of tests cannot be read."""
        if report.failed:
            self.lines.append(f"{report.nodeid}: {str(report.longrepr).splitlines()[-1]}")


def told(message: str, test: str) -> list[str]:
    """Return the lines of a message that name a file, or else the test with the message's first line."""
    said = [line.strip() for line in re.split(r"\n *assert ", message.removeprefix("AssertionError: "))[0].splitlines()]
    named = [line for line in said if re.match(r"[\w.-]*/|\w+\.yml", line)]
    return named or [f"{test}: {said[0] if said else 'fails'}"]


def own_tests(name: str) -> list[str]:
    """Return the files of tests that name the chapter in their code."""
    files = sorted((ROOT / "tests").rglob("test_*.py"))
    return [f.relative_to(ROOT).as_posix() for f in files if f'column("{name}"' in f.read_text(encoding="utf-8")]


def run_tests(*words: str) -> Messages:
    """Run pytest in this process."""
    messages = Messages()
    pytest.main(["-p", "no:terminal", "--continue-on-collection-errors", *words], plugins=[messages])
    return messages


def rerun(name: str) -> list[str]:
    """Run the chapter on the other arithmetic and compare it with what is stored."""
    store = f"look at it, then `python -m tools.run_notebooks --store {name}`"
    with tempfile.TemporaryDirectory() as record:
        env = os.environ | OTHER_ARITHMETIC | {"V2G_RECORD": record, "PYTHONPATH": str(ROOT)}
        nbval = "pytest -p tools.nbval_plugin --nbval --nbval-current-env --nbval-cell-timeout=300 -q --tb=no -rf"
        steps = ([*nbval.split(), f"book/{name}.ipynb"], ["tools.compare_records", record, name])
        ran, compared = (
            subprocess.run([sys.executable, "-m", *s], cwd=ROOT, env=env, capture_output=True, text=True, check=False)
            for s in steps
        )
    cells = re.findall(r"^FAILED .*::Cell (\d+)", ran.stdout, flags=re.M)
    faults = [f"code cell {int(c) + 1} gives other than is stored: {store}" for c in cells]
    faults += [f"does not run: {ran.stdout[-300:]}{ran.stderr[-300:]}"] if ran.returncode and not cells else []
    faults += [f"{line}: {store}" for line in compared.stderr.splitlines()[:-1]]  # the last speaks of all chapters
    return [f"book/{name}.ipynb: {fault}" for fault in faults]


def main() -> None:
    """Check the chapter named on the command line."""
    (name,) = sys.argv[1:] if len(sys.argv) == 2 else [""]
    if not (BOOK / f"{name}.ipynb").exists():
        raise SystemExit("usage: python tasks.py chapter PART/NAME, where book/PART/NAME.ipynb is the chapter")
    begin = time.monotonic()
    faults = [fault for fault in toc_faults() if name in fault]
    own = own_tests(name)
    if not own:
        path = f"tests/notebooks/test_{name.replace('/', '_').replace('-', '_')}.py"
        faults.append(f'{path}: write it: assert what column("{name}", "fig-...", "...") must be, by another way')
    messages = run_tests(*SHARED, *own)
    faults += messages.lines
    print(f"{messages.count} tests in {time.monotonic() - begin:.0f} s; the chapter runs", flush=True)
    faults += rerun(name)
    for fault in faults:
        print(fault, flush=True)
    seconds = time.monotonic() - begin
    if faults:
        raise SystemExit(f"{len(faults)} faults of {name}, found in {seconds:.0f} s")
    print(f"{name} passes, in {seconds:.0f} s; `make test` looks at the pages and at everything else")


if __name__ == "__main__":
    main()
