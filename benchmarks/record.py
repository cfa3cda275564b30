"""One small record for all benchmarks, so that the page on speed can be rendered from one file.

A benchmark times our solver and others' on the same problem, to the same tolerance::

    from benchmarks.record import Record, best

    record = Record("campus")
    case = record.case("equilibrium of a fleet", "160 cars", "largest regret, EUR", tolerance=1e-3)
    seconds, plan = best(lambda: solve_fleet(game))
    case.ours("dual Newton", seconds, reached=regret(game, plan))
    case.peer("general", "one quadratic program by PIQP", seconds, set_up=0.01, reached=regret(game, theirs))
    case.peer("paper", "Gurobi, car by car", seconds, reached=..., extrapolated=True)
    case.missing("general", "PATH", "not installed")
    record.finish()

``reached`` is measured on every answer by the same code, which is not the solver's; an answer counts
as certified when it is at most ``tolerance``. Where nothing can be measured it is left out, and the
case says so by a tolerance of None. A peer is one of

- ``paper``: the way that the paper takes,
- ``general``: a general method or package on the same problem, as its users call it,
- ``fast``: the peer's own fast path, its kernel without tables, or compiled.

Times of a peer that runs in the peers' environment are taken there, around the solution alone; what
comes before goes into ``set_up``. ``extrapolated`` marks a time that is a count times the time of one.

``finish`` prints a table, and where V2G_BENCHMARKS names a folder writes ``<topic>.json`` into it.
``python tasks.py benchmarks`` runs all scripts that way; ``python -m benchmarks.record FOLDER`` then
puts the files together into ``benchmarks/results.json`` with date, machine and versions.
"""

import argparse
import datetime
import importlib.metadata
import json
import os
import platform
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, TypeVar

RESULTS = Path(__file__).with_name("results.json")
KINDS = {"ours": "ours", "paper": "the paper's way", "general": "general method", "fast": "a peer's fast path"}
LIBRARIES = ("numpy", "scipy", "numba", "matching", "ciw", "nashpy", "mpmath")
T = TypeVar("T")


def best(function: Callable[[], T], repeats: int = 5, calls: int = 1, patience: float = 3.0) -> tuple[float, T]:
    """Return the shortest mean time of a call [s] and the answer; one run only where that takes over `patience`."""
    times: list[float] = []
    while len(times) < repeats and sum(times) * calls < patience:
        begin = time.perf_counter()
        for _ in range(calls):
            answer = function()
        times.append((time.perf_counter() - begin) / calls)
    return min(times), answer


def show(what: str, value: float, unit: str = "", **more: object) -> None:
    """Print a figure that is no comparison as one line of JSON."""
    print(json.dumps({"what": what, "value": float(f"{value:.4g}"), "unit": unit, **more}), flush=True)


def digits(value: float | None, count: int) -> float | None:
    """Return a number with `count` significant digits."""
    return None if value is None else float(f"{value:.{count}g}")


@dataclass(frozen=True)
class Way:
    """One way to solve a case: who, how long [s], how well; `why` says why there is no time."""

    kind: str
    name: str
    seconds: float | None = None
    set_up: float | None = None
    reached: float | None = None
    extrapolated: bool = False
    certified: bool | None = None
    why: str = ""


@dataclass
class Case:
    """A problem of one size; what `reached` measures, and the tolerance that all are asked for."""

    what: str
    size: str
    measure: str = ""
    tolerance: float | None = None
    ways: list[Way] = field(default_factory=list)

    def ours(self, name: str, seconds: float, **more: Any) -> None:
        """Add our solver."""
        self.way("ours", name, seconds, **more)

    def peer(self, kind: str, name: str, seconds: float, **more: Any) -> None:
        """Add another's: kind is ``paper``, ``general`` or ``fast``."""
        self.way(kind, name, seconds, **more)

    def missing(self, kind: str, name: str, why: str) -> None:
        """Add a peer that is absent, or fails: say why."""
        self.way(kind, name, None, why=why)

    def way(
        self,
        kind: str,
        name: str,
        seconds: float | None,
        set_up: float | None = None,
        reached: float | None = None,
        extrapolated: bool = False,
        why: str = "",
    ) -> None:
        """Add anybody's."""
        if kind not in KINDS:
            raise ValueError(f"kind = {kind!r}: must be one of {', '.join(KINDS)}")
        if seconds is not None and self.tolerance is not None and reached is None:
            raise ValueError(f"{name}: the case has a tolerance, so that `reached` must be given")
        certified = None if reached is None or self.tolerance is None else bool(reached <= self.tolerance)
        times = digits(seconds, 3), digits(set_up, 3)
        self.ways.append(Way(kind, name, *times, digits(reached, 2), extrapolated, certified, why))


class Record:
    """The cases of one topic, which is the name of the script."""

    def __init__(self, topic: str) -> None:
        self.topic, self.begin = topic, time.monotonic()
        self.cases: list[Case] = []

    def case(self, what: str, size: str, measure: str = "", tolerance: float | None = None) -> Case:
        """Begin a case."""
        self.cases.append(Case(what, size, measure, tolerance))
        return self.cases[-1]

    def finish(self) -> None:
        """Print the cases, and write them where V2G_BENCHMARKS names a folder."""
        for case in self.cases:
            asked = f" ({case.measure}, at most {case.tolerance:g})" if case.tolerance is not None else ""
            print(f"{case.what}, {case.size}{asked}")
            for way in case.ways:
                print("  " + line(way), flush=True)
        folder = os.environ.get("V2G_BENCHMARKS")
        if folder:
            Path(folder).mkdir(parents=True, exist_ok=True)
            cases = [{"topic": self.topic, **asdict(case)} for case in self.cases]
            made = {"seconds": time.monotonic() - self.begin, "cases": cases}
            (Path(folder) / f"{self.topic}.json").write_text(json.dumps(made, indent=1) + "\n", encoding="utf-8")


def line(way: Way) -> str:
    """Return one way as a line of text."""
    if way.seconds is None:
        return f"{'-':>11}    {way.name} [{KINDS[way.kind]}]: {way.why}"
    more = [f"set-up {way.set_up:.3g} s"] if way.set_up is not None else []
    more += [f"reached {way.reached:.1e}"] if way.reached is not None else []
    more += ["NOT certified"] if way.certified is False else []
    more += ["extrapolated"] if way.extrapolated else []
    return f"{way.seconds:11.3g} s  {way.name} [{KINDS[way.kind]}]" + (f" ({', '.join(more)})" if more else "")


def machine() -> dict[str, Any]:
    """Return what this machine is, without its name."""
    info = Path("/proc/cpuinfo")
    words = info.read_text(encoding="utf-8").splitlines() if info.exists() else []
    named = [text.partition(":")[2].strip() for text in words if text.startswith("model name")]
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30 if hasattr(os, "sysconf") else None
    return {
        "processor": named[0] if named else platform.processor() or platform.machine(),
        "cores": os.cpu_count(),
        "memory_gib": digits(memory, 3),
        "system": f"{platform.system()} {platform.machine()}",
        "load": digits(os.getloadavg()[0], 2) if hasattr(os, "getloadavg") else None,
        "arithmetic": arithmetic(),
    }


def arithmetic() -> str:
    """Return the kernel that numpy's linear algebra runs on."""
    import numpy as np
    from threadpoolctl import threadpool_info

    np.ones((2, 2)) @ np.ones((2, 2))
    found = [f"{i['internal_api']} {i.get('architecture', '')}, threads {i['num_threads']}" for i in threadpool_info()]
    return found[0] if found else ""


def installed(names: tuple[str, ...]) -> dict[str, str]:
    """Return the versions of distributions that are there."""
    found = {}
    for name in names:
        try:
            found[name] = importlib.metadata.version(name)
        except importlib.metadata.PackageNotFoundError:
            continue
    return found


def peers() -> dict[str, str]:
    """Return the versions of the peers, in the environment that V2G_PEERS names."""
    python = os.environ.get("V2G_PEERS")
    lines = Path(__file__).parents[1].joinpath("peers.in").read_text(encoding="utf-8").splitlines()
    stop = str.maketrans("<>=!~#", "      ")
    names = tuple(text.translate(stop).split()[0] for text in lines if text and not text.startswith("#"))
    code = "import json, sys; sys.path[:0] = [sys.argv[1]]\nfrom benchmarks.record import installed\n"
    code += "print(json.dumps(installed(tuple(sys.argv[2:]))))"
    if not python:
        return {}
    words = [python, "-c", code, str(Path(__file__).parents[1]), *names]
    found: dict[str, str] = json.loads(subprocess.run(words, capture_output=True, text=True, check=True).stdout)
    return found


def put_together(folder: Path) -> None:
    """Write results.json from the topics' files; `before.json` is what the machine was before the first."""
    before = json.loads((folder / "before.json").read_text(encoding="utf-8"))
    topics = sorted(path for path in folder.glob("*.json") if path.name != "before.json")
    made = [json.loads(path.read_text(encoding="utf-8")) for path in topics]
    cases = [case for topic in made for case in topic["cases"]]
    now = datetime.datetime.now(tz=datetime.UTC)
    results = {
        "date": now.date().isoformat(),
        "command": "python tasks.py benchmarks",
        "minutes": round(sum(topic["seconds"] for topic in made) / 60, 1),
        "machine": before,
        "versions": {"v2g-nb": own_version(), "python": platform.python_version(), **installed(LIBRARIES)},
        "peers": peers(),
        "cases": cases,
    }
    RESULTS.write_text(json.dumps(results, indent=1) + "\n", encoding="utf-8")
    print(f"{len(cases)} cases in {results['minutes']} min: wrote benchmarks/{RESULTS.name}")


def own_version() -> str:
    """Return the version of the package."""
    from v2g_nb import __version__

    return __version__


def main() -> None:
    """Note the machine before the first benchmark (``--before``), or put the files together after the last."""
    parser = argparse.ArgumentParser(description="Put the files of a run of all benchmarks together.")
    parser.add_argument("folder", type=Path)
    parser.add_argument("--before", action="store_true")
    given = parser.parse_args()
    if given.before:
        given.folder.mkdir(parents=True, exist_ok=True)
        (given.folder / "before.json").write_text(json.dumps(machine()) + "\n")
    else:
        put_together(given.folder)


if __name__ == "__main__":
    sys.exit(main())
