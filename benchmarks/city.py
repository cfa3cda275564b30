"""The city's methods beside AequilibraE's, in one run.

``python -m benchmarks.city [--large]``. AequilibraE runs in the environment of the Python that
V2G_PEERS names; where it is missing it is reported as absent. ``--large`` adds the network of 2 950
links and 143 000 rows.
"""

import argparse
import json
import os
import subprocess
import tempfile
import time
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.large_network import write_tntp
from benchmarks.record import Record, best, show
from v2g_nb.certificate import require
from v2g_nb.city import ieee123, scenario, sioux_falls
from v2g_nb.networks import (
    Demand,
    RoadNetwork,
    bpr,
    cheapest_tree,
    read_tntp_network,
    read_tntp_trips,
    solve_assignment,
)  # fmt: skip
from v2g_nb.power import lindistflow, solve_dispatch

SPARE = 0.5
PUBLISHED = 42.31335287107440e5
Row = dict[str, Any]


def relative_gap(roads: RoadNetwork, trips: Demand, flow: np.ndarray) -> float:
    """Return what drivers spend above their cheapest paths, as a part of what they spend, from link flows alone."""
    cost, used = bpr(roads, flow), trips.rows
    trees = {origin: cheapest_tree(roads, cost, origin)[0] for origin in np.unique(trips.origins[used]).tolist()}
    least = np.array([trees[trips.origins[row]][trips.destinations[row]] for row in used])
    return abs(1 - float(least @ trips.volumes[used]) / float(cost @ flow))


def run_aequilibrae(asked: tuple[float, ...] = (1e-4, 1e-5, 1e-6)) -> Row:
    """Return what AequilibraE finds on Sioux Falls to some gaps, or why it is absent."""
    peers = os.environ.get("V2G_PEERS")
    if not peers:
        return {"absent": "V2G_PEERS names no Python"}
    script = Path(__file__).with_name("peer_aequilibrae.py")
    city = sioux_falls()
    roads, trips = city.network, city.demand
    data = {
        "links": [roads.tails.tolist(), roads.heads.tolist(), roads.free_flow_time.tolist(), roads.capacity.tolist()],
        "asked": asked,
        "trips": [trips.origins.tolist(), trips.destinations.tolist(), trips.volumes.tolist()],
    }
    done = subprocess.run([peers, str(script)], input=json.dumps(data), capture_output=True, text=True, check=False)
    if done.returncode:
        return {"absent": done.stderr.strip().splitlines()[-1]}
    answer: Row = json.loads(done.stdout.strip().splitlines()[-1])
    return answer


def equilibrium(record: Record) -> None:
    """Sioux Falls, full demand: compiled and plain, beside AequilibraE's bi-conjugate Frank-Wolfe."""
    city = sioux_falls()
    begin = time.perf_counter()
    solve_assignment(city.network, city.demand, tol=1e-3, engine="compiled", progress=False)
    show("compiling or loading the kernel", time.perf_counter() - begin, "s")
    # Its gap is of the costs before the last step: asked for a little less, its flows reach what is wanted.
    theirs = run_aequilibrae((SPARE * 1e-4, SPARE * 1e-6))
    for gap in (1e-4, 1e-6, 1e-10, 1e-12):
        case = record.case("drivers on the roads of Sioux Falls", f"528 trips, gap {gap:g}", "relative gap", gap)
        for engine in ("compiled", "plain") if gap > 1e-12 else ("compiled",):
            seconds, found = best(
                lambda e=engine, g=gap: require(
                    solve_assignment(city.network, city.demand, tol=g, engine=e, progress=False)
                )
            )
            name = f"gradient projection on paths, {engine}, certified"
            case.ours(name, seconds, reached=relative_gap(city.network, city.demand, found.flow))
            show(f"{name}, {gap:g}: Beckmann against the published value", abs(found.beckmann / PUBLISHED - 1))
        name = "AequilibraE, bi-conjugate Frank-Wolfe"
        runs = [run for run in theirs.get("runs", ()) if run["asked"] == SPARE * gap]
        if "absent" in theirs:
            case.missing("general", name, theirs["absent"])
        for run in runs:
            reached = relative_gap(city.network, city.demand, np.array(run["flow"]))
            case.peer("general", name, run["seconds"], reached=reached)


def feeder(record: Record) -> None:
    """The 123-bus feeder: power flow and dispatch."""
    network = ieee123()
    case = record.case("power flow on a feeder", "130 buses")
    case.ours(
        "LinDistFlow, certified",
        best(lambda: require(lindistflow(network.radial, network.load_kw, network.load_kvar)), 15)[0],
    )
    problem = scenario("stress").market.grid
    case = record.case("prices on a feeder", "130 buses")
    case.ours("dispatch, certified", best(lambda: require(solve_dispatch(problem)), 15)[0])


def large(record: Record, level: float) -> None:
    """2 950 links and 143 000 rows from files, to a gap of 1e-8."""
    with tempfile.TemporaryDirectory() as folder:
        files = write_tntp(Path(folder), level=level)
        reading, (roads, trips) = best(lambda: (read_tntp_network(files[0]), read_tntp_trips(files[1])), 1)
    size = f"{roads.num_links:,} links, {len(trips.volumes):,} trips, demand x {level:g}"
    case = record.case("drivers on the roads of a large city", size, "relative gap", 1e-8)
    seconds, found = best(lambda: require(solve_assignment(roads, trips, tol=1e-8, progress=False)), 1)
    reached = relative_gap(roads, trips, found.flow)
    case.ours("gradient projection on paths, compiled, certified", seconds, set_up=reading, reached=reached)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--large", action="store_true")
    given = parser.parse_args()
    record = Record("city")
    equilibrium(record)
    feeder(record)
    if given.large:
        large(record, 1.0)
        large(record, 2.0)
    record.finish()


if __name__ == "__main__":
    main()
