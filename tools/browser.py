"""Open every page of the built book in a real browser: ``python -m tools.browser check``.

Each page is opened twice: at a desktop's width from a server, and at a phone's from the packed file,
unpacked elsewhere, as a reader without a connection opens it.

Chromium is taken from CHROMIUM or the system, else installed where that is possible. Where there is
none the last line says NOT RUN; under CI=true that is a failure.
"""

import argparse
import os
import shutil
import subprocess
import sys
import tempfile
import time
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

from tools.offline import unpacked
from tools.page_checks import Fault, inspector, page_faults, pages, redirect_faults
from tools.paths import ROOT, SITE

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
NOT_RUN = "NOT RUN: no Chromium on this machine, and none could be installed"


def found() -> str | None:
    """Return the Chromium that is there: named by CHROMIUM, of the system, or playwright's own."""
    named = os.environ.get("CHROMIUM")
    if named:
        return shutil.which(named)
    system = next((path for path in map(shutil.which, NAMES) if path), None)
    return system or _playwrights_own()


def _playwrights_own() -> str | None:
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        path = playwright.chromium.executable_path
    return path if Path(path).exists() else None


def chromium() -> str | None:
    """Return a Chromium, installing one where that is allowed and possible; None if there is none."""
    there = found()
    if there or os.environ.get("CHROMIUM"):
        return there
    ways = [[sys.executable, "-m", "playwright", "install", "chromium"]]
    if shutil.which("apt-get") and hasattr(os, "geteuid") and os.geteuid() == 0:
        ways.insert(0, ["apt-get", "install", "-y", "-q", "--no-install-recommends", "chromium"])
        ways.insert(0, ["apt-get", "update", "-q"])
    for way in ways:
        print("+ " + " ".join(way), flush=True)
        subprocess.run(way, check=False, timeout=900)
        there = found()
        if there:
            return there
    return None


Seen = tuple[int, float | None, int]  # a page's bytes, its first paint [s], how many sliders were moved


def _share(site: Path, executable: str, disk: Path, names: list[str]) -> tuple[list[Fault], dict[str, Seen]]:
    """Check some of the pages with a browser of their own."""
    with inspector(site, executable, disk) as inspect:
        faults = [fault for name in names for fault in page_faults(inspect, name)]
        return faults, {n: (*seen, inspect.sliders.get(n, 0)) for n, seen in inspect.weights.items()}


def check(site: Path, executable: str) -> list[Fault]:
    """Check every page of `site`, print what each weighs, and return the faults."""
    begin, names = time.monotonic(), pages(site)
    if not names:
        raise SystemExit(f"there is no page in {site}: run `python tasks.py book` first")
    workers = max(1, min(os.cpu_count() or 1, 4, len(names)))
    faults = redirect_faults(site)
    weights: dict[str, Seen] = {}
    with tempfile.TemporaryDirectory() as scratch, ProcessPoolExecutor(workers) as pool:
        disk = unpacked(site, Path(scratch))
        shares = [pool.submit(_share, site, executable, disk, names[k::workers]) for k in range(workers)]
        for share in shares:
            its_faults, its_weights = share.result()
            faults += its_faults
            weights |= its_weights
    for name in names:
        size, paint, sliders = weights.get(name, (0, None, 0))
        shown = f"first paint {paint:.2f} s" if paint is not None else "no paint"
        print(f"{name:<50} {size / 1e6:5.2f} MB  {shown}  {f'{sliders} sliders moved' if sliders else ''}".rstrip())
    for fault in faults:
        print(fault)
    print(f"looked at every page in {time.monotonic() - begin:.0f} s")
    broken = {fault.page for fault in faults}
    print(f"site: {len(names) + 1 - len(broken)} passed, {len(broken)} failed")
    return faults


def main() -> None:
    """See that each kind of fault is caught, then check the built book."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("task", choices=["check"])
    parser.add_argument("site", nargs="?", type=Path, default=SITE)
    site = parser.parse_args().site
    executable = chromium()
    if executable is None:
        print(NOT_RUN)
        raise SystemExit(os.environ.get("CI") == "true")
    words = [sys.executable, "-m", "pytest", "-q", "-n", "2", "tests/site"]
    blind = subprocess.run(words, cwd=ROOT, env=os.environ | {"CHROMIUM": executable}, check=False).returncode
    faults = check(site, executable)
    if blind:
        print("the check itself is broken: planted faults were not caught, see above")
    raise SystemExit(bool(faults or blind))


if __name__ == "__main__":
    main()
