"""Every task of the project: ``python tasks.py NAME``. The Makefile only passes names on.

Only the standard library is used here, so that any Python from 3.11 can start it; the tasks
themselves run in the environment that the lock describes, made in ``.venv`` on first use.
"""

import hashlib
import os
import shutil
import subprocess
import sys
import time
import venv
from collections.abc import Callable
from pathlib import Path

ROOT = Path(__file__).resolve().parent
VENV = Path(os.environ.get("V2G_VENV", ROOT / ".venv"))
BIN = VENV / ("Scripts" if os.name == "nt" else "bin")
LOCK = Path(os.environ.get("V2G_LOCK", ROOT / "requirements.lock"))
PEERS = ROOT / "_build" / "peers" / BIN.name / "python"  # the peers' own environment
TASKS: dict[str, Callable[..., None]] = {}

# What numpy and OpenBLAS use where a processor has neither AVX2 nor AVX512; tests/test_arithmetic.py
# asserts that they really are off.
OTHER_ARITHMETIC = {"OPENBLAS_CORETYPE": "Nehalem", "NPY_DISABLE_CPU_FEATURES": "X86_V3 X86_V4"}


def task(function: Callable[..., None]) -> Callable[..., None]:
    """Register a function under its name, with hyphens."""
    TASKS[function.__name__.replace("_", "-")] = function
    return function


def environment(**more: str) -> dict[str, str]:
    """Return the variables that every command runs under."""
    env = os.environ | {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1", "PYTHONPATH": str(ROOT)} | more
    # Where this is set each kernel compiles its imports again: 16 s instead of 3 s a notebook.
    env.pop("PYTHONDONTWRITEBYTECODE", None)
    env["PATH"] = f"{BIN}{os.pathsep}{env.get('PATH', '')}"
    return env


def run(*command: object, **more: str) -> None:
    """Run a command of the environment in the project's folder; stop at the first that fails."""
    words = [str(word) for word in command]
    print("+ " + " ".join(words), flush=True)
    if subprocess.run(words, cwd=ROOT, env=environment(**more), check=False).returncode:
        raise SystemExit(f"failed: {' '.join(words)}")


def python(*words: object, **more: str) -> None:
    """Run the environment's Python."""
    run(BIN / "python", *words, **more)


def prepare() -> None:
    """Make the environment, unless it already is what the lock says."""
    wanted = hashlib.sha256(LOCK.read_bytes() + sys.version.encode()).hexdigest()
    stamp = VENV / "lock.sha256"
    if stamp.exists() and stamp.read_text() == wanted:
        return
    if not (BIN / "python").exists():
        print(f"+ making the environment in {VENV.name}", flush=True)
        venv.create(VENV, with_pip=True)
    # uv itself comes from the lock as well; pip checks the hashes of what it fetches for that.
    pins = LOCK.read_text().split("\nuv==")[1].split("\n    # via")[0]
    seed = VENV / "uv.lock.txt"
    seed.write_text("uv==" + pins + "\n")
    python("-m", "pip", "install", "--quiet", "--require-hashes", "-r", seed)
    run(BIN / "uv", "pip", "sync", "--quiet", "--python", BIN / "python", "--require-hashes", LOCK)
    install = ("pip", "install", "--quiet", "--python", BIN / "python", "--no-deps", "--no-build-isolation", "-e", ".")
    run(BIN / "uv", *install)
    stamp.write_text(wanted)


@task
def book() -> None:
    """Run every stale notebook into _build/ and build the HTML from there."""
    prepare()
    python("-m", "tools.run_notebooks", "--into", "_build/run")
    python("-m", "tools.build_html", "--from", "_build/run")


@task
def html() -> None:
    """Build the HTML from the stored outputs, without running anything."""
    prepare()
    python("-m", "tools.build_html", "--strict")


@task
def notebooks() -> None:
    """Run every notebook and store outputs, figure data and ledger values."""
    prepare()
    python("-m", "tools.run_notebooks", "--store")


@task
def chapter(*words: str) -> None:
    """Run all checks of one chapter, in about a minute: python tasks.py chapter PART/NAME."""
    prepare()
    python("-m", "tools.one_chapter", *words)


@task
def vary(*words: str) -> None:
    """Run every chapter, or --chapter PART/NAME, under the settings of tools/variations."""
    prepare()
    python("-m", "tools.vary", *words)


@task
def experiment(*words: str) -> None:
    """Run and store a large experiment: python tasks.py experiment PART/NAME exp-NAME."""
    prepare()
    python("-m", "tools.experiment", *words)


@task
def lint() -> None:
    """Check style, types and layers."""
    prepare()
    run(BIN / "ruff", "check", ".")
    run(BIN / "ruff", "format", "--check", ".")
    run(BIN / "mypy")
    run(BIN / "lint-imports", "--no-cache")


@task
def unit() -> None:
    """Run the tests that need neither a kernel nor a browser."""
    prepare()
    run_unit_tests()


def run_unit_tests(**more: str) -> None:
    """Run pytest over the folder of tests."""
    python("-m", "pytest", "-q", "-n", "2", "tests", "--ignore=tests/site", **more)


@task
def nbval() -> None:
    """Run every notebook afresh and compare its outputs, figure data and ledger values."""
    prepare()
    compare_notebooks()


def compare_notebooks(**more: str) -> None:
    """Run nbval with records, then compare the records with what is stored."""
    record = ROOT / "_build" / "nbval"
    shutil.rmtree(record, ignore_errors=True)
    options = ("--nbval", "--nbval-current-env", "--nbval-cell-timeout=300", "-n", "2", "--dist", "loadfile")
    python("-m", "pytest", "-q", "-p", "tools.nbval_plugin", *options, "book", V2G_RECORD=str(record), **more)
    python("-m", "tools.compare_records", record)


@task
def site() -> None:
    """Open every page of the built book in a real browser."""
    prepare()
    python("-m", "tools.browser", "check")


@task
def other_nbval() -> None:
    """Run every notebook as a processor without AVX2 would, and compare with what is stored."""
    prepare()
    python("-m", "pytest", "-q", "tests/test_arithmetic.py", V2G_OTHER_ARITHMETIC="1", **OTHER_ARITHMETIC)
    compare_notebooks(**OTHER_ARITHMETIC)


@task
def other_unit() -> None:
    """Run the tests of `unit` as a processor without AVX2 would."""
    prepare()
    run_unit_tests(V2G_OTHER_ARITHMETIC="1", **OTHER_ARITHMETIC)


@task
def without() -> None:
    """Run the package's own tests where numba cannot be imported: everything must run, slower."""
    prepare()
    folders = [f"tests/{p.name}" for p in (ROOT / "v2g_nb").iterdir() if (ROOT / "tests" / p.name).is_dir()]
    python("-m", "pytest", "-q", "-n", "2", *sorted(folders), V2G_WITHOUT="numba")


@task
def wheel() -> None:
    """Install the wheel in an empty environment and run ten recipes and three chapters there."""
    prepare()
    python("-m", "tools.wheel")


@task
def test() -> None:
    """Run everything that must hold before a change lands."""
    begin = time.monotonic()
    # The stored outputs come from an ordinary processor; comparing them on another one holds both in one run.
    # The pages are built from them: nbval has just shown that running gives the same.
    for step in (lint, unit, other_nbval, html, site):
        print(f"\n== {step.__name__} ({time.monotonic() - begin:.0f} s so far)", flush=True)
        step()
    print(f"\nall checks passed in {time.monotonic() - begin:.0f} s")


def find_python(version: str) -> str | None:
    """Return an interpreter of that version: on the PATH, or one of pyenv's that is not switched on."""
    pyenv = Path(os.environ.get("PYENV_ROOT", Path.home() / ".pyenv")) / "versions"
    for candidate in (shutil.which(f"python{version}"), *sorted(pyenv.glob(f"{version}.*/bin/python"))):
        words = [str(candidate), "-c", "import sys; print('%d.%d' % sys.version_info[:2])"]
        if candidate and subprocess.run(words, capture_output=True, text=True, check=False).stdout.strip() == version:
            return str(candidate)
    return None


@task
def test_all() -> None:
    """Run the tests on Python 3.11, 3.12 and 3.13, all from the one lock."""
    for version in ("3.11", "3.12", "3.13"):
        interpreter = find_python(version)
        if interpreter is None:
            raise SystemExit(f"Python {version} is not on this machine: test-all needs 3.11, 3.12 and 3.13")
        env = os.environ | {"V2G_VENV": str(ROOT / "_build" / f"venv-{version}")}
        print(f"\n== Python {version}", flush=True)
        for step in ("lint", "unit", "nbval"):
            if subprocess.run([interpreter, __file__, step], env=env, cwd=ROOT, check=False).returncode:
                raise SystemExit(f"failed on Python {version}")


@task
def alone() -> None:
    """Run every notebook alone, in another order, in a copy of the project; must give what is stored."""
    prepare()
    python("-m", "tools.alone")


@task
def compare_builds() -> None:
    """Build from two clean checkouts at two places; notebooks and pages must be the same."""
    prepare()
    python("-m", "tools.compare_builds")


def resolve(source: str, target: str | Path, *more: str) -> None:
    """Write a universal, hashed lock."""
    options = "--quiet --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-emit-find-links"
    command = (BIN / "uv", "pip", "compile", *options.split(), "--custom-compile-command", "python tasks.py lock")
    run(*command, *more, source, "-o", target)


@task
def lock() -> None:
    """Resolve requirements.in and peers.in into universal, hashed locks; what is locked stays if it may."""
    prepare()
    for name in ("requirements", "peers"):
        resolve(f"{name}.in", f"{name}.lock")


@task
def upgrade() -> None:
    """Lock the newest versions that requirements.in and peers.in allow."""
    prepare()
    for name in ("requirements", "peers"):
        resolve(f"{name}.in", f"{name}.lock", "--upgrade")


@task
def newest() -> None:
    """Try the newest versions that requirements.in allows, in an environment of their own; changes no lock."""
    prepare()
    folder = ROOT / "_build" / "newest"
    folder.mkdir(parents=True, exist_ok=True)
    resolve("requirements.in", folder / "requirements.lock", "--upgrade")
    env = os.environ | {"V2G_VENV": str(folder / "venv"), "V2G_LOCK": str(folder / "requirements.lock")}
    for step in ("lint", "unit", "nbval"):
        if subprocess.run([sys.executable, __file__, step], env=env, cwd=ROOT, check=False).returncode:
            raise SystemExit(f"{step} fails with the newest versions")


@task
def offline() -> None:
    """Pack the built pages into one file to read without a connection."""
    prepare()
    python("-m", "tools.offline")


@task
def peers() -> None:
    """Install other people's solvers in an environment of their own, for benchmarks and live cross-checks."""
    prepare()
    if not PEERS.exists():
        venv.create(PEERS.parents[1])
    run(BIN / "uv", "pip", "sync", "--quiet", "--python", PEERS, "--require-hashes", "peers.lock")


@task
def benchmarks() -> None:
    """Time our solvers beside others' in one run, and write benchmarks/results.json, which the page on speed shows."""
    python_of_peers = os.environ.get("V2G_PEERS")
    if python_of_peers is None:
        peers()
    folder = ROOT / "_build" / "benchmarks"
    shutil.rmtree(folder, ignore_errors=True)
    # Some machines ask for an old arithmetic, which slows everybody: here the processor's own counts.
    for name in ("OPENBLAS_CORETYPE", "OPENBLAS_L2_SIZE", "NPY_DISABLE_CPU_FEATURES"):
        os.environ.pop(name, None)
    more = {"V2G_PEERS": python_of_peers or str(PEERS), "V2G_BENCHMARKS": str(folder)}
    python("-m", "benchmarks.record", "--before", folder, **more)
    for script in sorted((ROOT / "benchmarks").glob("[a-z]*.py")):
        if "record.finish()" in script.read_text(encoding="utf-8") and script.stem != "record":
            python("-m", f"benchmarks.{script.stem}", **more)
    python("-m", "benchmarks.record", folder, **more)


@task
def size() -> None:
    """List what is derived; count lines, names, imports and checks, and hold them against the budget."""
    prepare()
    python("-m", "tools.derivations")
    python("-m", "tools.size")


@task
def data() -> None:
    """Regenerate the tables of v2g_nb/data from the packages they come from; must change nothing."""
    peers()
    for script in sorted((ROOT / "tools").glob("make_data_*.py")):
        python("-m", f"tools.{script.stem}", V2G_PEERS=str(PEERS))


@task
def clean() -> None:
    """Remove what the tasks made, the environment included."""
    for made in ("_build", ".venv", ".hypothesis", ".mypy_cache", ".ruff_cache"):
        shutil.rmtree(ROOT / made, ignore_errors=True)


if __name__ == "__main__":
    names, words = sys.argv[1:], []
    if names and names[0] in ("chapter", "vary", "experiment"):  # what follows is for the task itself
        names, words = names[:1], names[1:]
    if sys.version_info < (3, 11):  # noqa: UP036 - whoever starts this may have an older one
        raise SystemExit(f"this Python is {sys.version.split()[0]}: must be 3.11 or newer")
    if not names or any(name not in TASKS for name in names):
        print("usage: python tasks.py TASK ...\n")
        for name, function in TASKS.items():
            print(f"  {name:<17} {function.__doc__}")
        raise SystemExit(2)
    for name in names:
        TASKS[name](*words)
