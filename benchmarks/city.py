"""Speed of the city's methods: ours beside AequilibraE's and general solvers, in one run.

``python -m benchmarks.city [--large] [--json FILE]``. AequilibraE runs in the environment of the
Python that V2G_PEERS names; where it is missing it is reported as absent. ``--large`` adds the
network of 2 950 links and 143 000 rows.
"""

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from benchmarks.large_network import write_tntp
from v2g_nb.city.dispatch import calibrated_dispatch
from v2g_nb.city.feeder import ieee123
from v2g_nb.city.roads import sioux_falls
from v2g_nb.city.tntp import read_tntp_network, read_tntp_trips
from v2g_nb.methods.assignment import solve_assignment
from v2g_nb.methods.assignment.compiled import compiled_gradient_projection
from v2g_nb.methods.certificates import require
from v2g_nb.methods.lindistflow import lindistflow, solve_dispatch

PUBLISHED = 42.31335287107440e5
Row = dict[str, Any]


def timed(function: Callable[[], Any], repeats: int) -> tuple[float, Any]:
    """Return the median time of some runs [s], and the last result."""
    times, result = [], None
    for _ in range(repeats):
        begin = time.perf_counter()
        result = function()
        times.append(time.perf_counter() - begin)
    return statistics.median(times), result


def plain_equilibrium() -> list[Row]:
    """Sioux Falls, full demand: compiled and plain, to three gaps, certificates apart from the solver."""
    city = sioux_falls()
    begin = time.perf_counter()
    solve_assignment(city.network, city.demand, gap=1e-3, engine="compiled", progress=False)
    rows = [{"what": "compiling or loading the kernel", "seconds": time.perf_counter() - begin}]

    def solver(gap: float) -> Any:
        for iterate in compiled_gradient_projection(city.network, city.demand):
            if iterate.gap <= gap:
                return iterate
        return None

    for gap in (1e-4, 1e-6, 1e-10, 1e-12):
        seconds, _ = timed(lambda gap=gap: solver(gap), 15)
        rows.append({"what": f"Sioux Falls to {gap:.0e}, compiled, solver alone", "seconds": seconds})
        seconds, found = timed(
            lambda gap=gap: solve_assignment(city.network, city.demand, gap=gap, engine="compiled", progress=False), 15
        )
        error = abs(require(found).beckmann / PUBLISHED - 1)
        rows.append({"what": f"Sioux Falls to {gap:.0e}, compiled, certified", "seconds": seconds, "error": error})
    for gap in (1e-6, 1e-10):
        seconds, found = timed(lambda gap=gap: solve_assignment(city.network, city.demand, gap=gap, engine="plain"), 3)
        error = abs(require(found).beckmann / PUBLISHED - 1)
        rows.append({"what": f"Sioux Falls to {gap:.0e}, plain Python, certified", "seconds": seconds, "error": error})
    return rows


def run_aequilibrae() -> Row:
    """Return what AequilibraE finds on Sioux Falls, or why it is absent."""
    peers = os.environ.get("V2G_PEERS")
    if not peers:
        return {"absent": "V2G_PEERS names no Python"}
    script = Path(__file__).with_name("peer_aequilibrae.py")
    city = sioux_falls()
    roads, trips = city.network, city.demand
    data = {
        "links": [roads.tails.tolist(), roads.heads.tolist(), roads.free_flow_time.tolist(), roads.capacity.tolist()],
        "trips": [trips.origins.tolist(), trips.destinations.tolist(), trips.volumes.tolist()],
    }
    done = subprocess.run([peers, str(script)], input=json.dumps(data), capture_output=True, text=True, check=False)
    if done.returncode:
        return {"absent": done.stderr.strip().splitlines()[-1]}
    answer: Row = json.loads(done.stdout.strip().splitlines()[-1])
    return answer


def aequilibrae() -> list[Row]:
    """AequilibraE's bi-conjugate Frank-Wolfe on the same network, in the peers' environment."""
    answer = run_aequilibrae()
    if "absent" in answer:
        return [{"what": "AequilibraE", "absent": answer["absent"]}]
    return [
        {
            "what": f"AequilibraE {answer['version']} bi-conjugate Frank-Wolfe, asked for {run['asked']:.0e}, "
            f"reached {run['gap']:.1e}",
            "seconds": run["seconds"],
            "error": run["beckmann"] / PUBLISHED - 1,
        }
        for run in answer["runs"]
    ]


def feeder() -> list[Row]:
    """The 123-bus feeder: power flow and dispatch."""
    network = ieee123()
    flow, _ = timed(lambda: require(lindistflow(network.radial, network.load_kw, network.load_kvar)), 15)
    problem = calibrated_dispatch(network, level=1.5)
    dispatch, found = timed(lambda: require(solve_dispatch(problem)), 15)
    return [
        {"what": "LinDistFlow of 130 buses, certified", "seconds": flow},
        {"what": "dispatch of 130 buses, certified", "seconds": dispatch, "error": found.residual},
    ]


def large(level: float) -> list[Row]:
    """2 950 links and 143 000 rows from files, to a gap of 1e-8."""
    with tempfile.TemporaryDirectory() as folder:
        files = write_tntp(Path(folder), level=level)
        reading, (roads, trips) = timed(lambda: (read_tntp_network(files[0]), read_tntp_trips(files[1])), 1)
    seconds, found = timed(lambda: require(solve_assignment(roads, trips, gap=1e-8, progress=True)), 1)
    words = f"{roads.num_links} links, {len(trips.volumes)} rows, demand x {level:g}"
    return [
        {"what": f"reading {words}", "seconds": reading},
        {"what": f"{words}: gap {found.residual:.1e}, certified", "seconds": seconds},
    ]


def main() -> None:
    """Run all, print, and write where asked."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--large", action="store_true")
    parser.add_argument("--json", type=Path)
    given = parser.parse_args()
    rows = [*plain_equilibrium(), *aequilibrae(), *feeder()]
    if given.large:
        rows += [*large(1.0), *large(2.0)]
    for row in rows:
        if "absent" in row:
            print(f"{'absent':>10}  {row['what']}: {row['absent']}")
        else:
            more = f"  (error {row['error']:.1e})" if "error" in row else ""
            print(f"{row['seconds']:9.4f} s  {row['what']}{more}")
    if given.json:
        given.json.write_text(json.dumps({"python": sys.version.split()[0], "rows": rows}, indent=1) + "\n")


if __name__ == "__main__":
    main()
