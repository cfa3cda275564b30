"""Speed of the coupled city [s of processor time], in one run: one case, six cases, full demand, both routes, PATH.

``python -m benchmarks.city_equilibrium``. PATH runs in the environment of the Python that V2G_PEERS
names; where it is missing it is reported as absent.
"""

import statistics
import time
from collections.abc import Callable
from dataclasses import replace
from typing import Any

from benchmarks.record import Record
from tools.peers.call import PeerAbsent
from tools.record_path import path_request, reduced_city, run_path
from v2g_nb.city.certificates import outside_certificate
from v2g_nb.city.equilibrium import solve_city, solve_program
from v2g_nb.city.mcp import solve_city_mcp, solve_mcp
from v2g_nb.city.model import CityModel
from v2g_nb.city.program import city_program
from v2g_nb.city.roads import sioux_falls
from v2g_nb.city.scenarios import SCENARIOS, scenario
from v2g_nb.city.ways import city_paths
from v2g_nb.errors import NotConverged
from v2g_nb.methods.certificates import require

EV_PART = 0.005  # of 360 600 trips; the feeder could not charge many more
Row = dict[str, Any]
SIX = [(name, v2g) for name in SCENARIOS for v2g in (False, True)]


def timed(function: Callable[[], Any], repeats: int) -> tuple[float, Any]:
    """Return the median processor time of some runs [s], and the last result.

    Everything here runs on one core without waiting, so that on a machine with nothing else to do
    this is also the time that passes.
    """
    times, result = [], None
    for _ in range(repeats):
        begin = time.process_time()
        result = function()
        times.append(time.process_time() - begin)
    return statistics.median(times), result


def full_model() -> CityModel:
    """Return the base case with the whole demand of Sioux Falls: 528 pairs, 360 600 trips."""
    base, roads = scenario("base"), sioux_falls()
    rows = roads.demand.rows
    pairs = tuple(
        zip((roads.demand.origins[rows] + 1).tolist(), (roads.demand.destinations[rows] + 1).tolist(), strict=True)
    )
    trips = roads.demand.volumes[rows]
    electric, fuel = base.drivers
    groups = (replace(electric, volumes=EV_PART * trips), replace(fuel, volumes=(1.0 - EV_PART) * trips))
    return replace(base, roads=roads, pairs=pairs, drivers=groups, count=1, stretch=2.5)


def cases(record: Record) -> list[Row]:
    """The six cases: solver alone, everything with certificates, with column generation, the other route."""
    rows: list[Row] = []
    programs = {key: city_program(m, city_paths(m)) for key in SIX for m in [scenario(*key)]}
    times = {}
    for key, program in programs.items():
        times[key], _ = timed(lambda program=program: solve_program(program), 7)
    slowest = max(times, key=lambda key: times[key])
    worst = max(solve_city(scenario(*key)).residual for key in SIX)
    shape = programs[slowest].matrix.shape
    words = f"one case, slowest of six ({shape[1]} columns, {shape[0]} rows), interior point and polish"
    rows.append({"what": words, "seconds": times[slowest], "error": worst})

    def six(**options: Any) -> float:
        return max(require(solve_city(scenario(*key), **options)).residual for key in SIX)

    seconds, error = timed(six, 3)
    rows.append({"what": "six cases: paths, solution, all certificates", "seconds": seconds, "error": error})
    case = record.case("equilibrium of the coupled city", "six cases together")
    case.ours("one convex program each, paths given, certified", seconds)
    seconds, error = timed(lambda: six(columns="generated"), 1)
    rows.append({"what": "six cases with column generation, certified", "seconds": seconds, "error": error})
    case.ours("one convex program each, paths generated, certified", seconds)
    mcp = {key: timed(lambda key=key: solve_mcp(programs[key], 1.0, 1e-9, 200), 3) for key in SIX}
    key = max(mcp, key=lambda key: mcp[key][0])
    steps = [found.num_iter for _, found in mcp.values()]
    words = f"one case, slowest of six, smoothing Newton from a cold start, {min(steps)} to {max(steps)} steps"
    apart = max(abs(solve_city_mcp(scenario(*k)).dlmp - solve_city(scenario(*k)).dlmp).max() for k in SIX)
    rows.append({"what": words, "seconds": mcp[key][0], "error": mcp[key][1].residual})
    rows.append({"what": "largest difference of both routes' DLMPs, six cases [$/kWh]", "seconds": 0.0, "error": apart})
    stalled = {most: sum(not solve_mcp(programs[key], 0.0, 1e-9, most).converged for key in SIX) for most in (60, 200)}
    rows.append(
        {
            "what": f"semismooth method (no smoothing): not there after 60, 200 steps in {list(stalled.values())} of 6",
            "seconds": 0.0,
        }
    )
    saved = max(outside_certificate(solve_city(scenario(*key))).value for key in SIX)
    rows.append({"what": "most saved by a path among 60 base routes for each pair [$]", "seconds": 0.0, "error": saved})
    unequal = scenario("island", ev_value_of_time=(0.35, 0.70))
    seconds, found = timed(lambda: require(solve_city_mcp(unequal)), 3)
    rows.append({"what": f"two values of time, Island with V2G, {found.num_iter} steps, certified", "seconds": seconds})
    return rows


def full(record: Record) -> list[Row]:
    """All 528 pairs, paths generated from one route each."""
    model = full_model()
    seconds, found = timed(lambda: solve_city(model, columns="generated"), 1)
    require(found)
    case = record.case("equilibrium of the coupled city", "528 pairs, full demand")
    case.ours("one convex program, paths generated, certified", seconds)
    words = f"full demand, 528 pairs, {len(found.paths)} paths generated, {found.num_iter} steps, certified"
    return [{"what": words, "seconds": seconds, "error": found.residual}]


def path(record: Record) -> list[Row]:
    """The reduced instance: ours and PATH's on the same problem."""
    model = reduced_city()
    program = city_program(model, city_paths(model))
    size = sum(program.matrix.shape)
    ours, _ = timed(lambda: solve_program(program), 15)
    newton, _ = timed(lambda: solve_mcp(program, 1.0, 1e-9, 200), 15)
    rows: list[Row] = [
        {"what": f"reduced instance ({size} unknowns), interior point and polish", "seconds": ours},
        {"what": "reduced instance, smoothing Newton from a cold start", "seconds": newton},
    ]
    case = record.case("equilibrium of the coupled city", f"reduced to {size} unknowns")
    case.ours("one convex program, interior point and polish", ours)
    case.ours("complementarity problem, smoothing Newton", newton)
    try:
        answer = run_path(path_request(program))
    except (PeerAbsent, RuntimeError) as reason:
        case.missing("general", "PATH", str(reason).strip().splitlines()[-1])
        return [*rows, {"what": "PATH", "absent": str(reason).strip().splitlines()[-1]}]
    case.peer("general", answer["version"], answer["seconds"])
    words = f"reduced instance, {answer['version']}, as it reports its own time"
    return [*rows, {"what": words, "seconds": answer["seconds"]}]


def main() -> None:
    record = Record("city_equilibrium")
    rows: list[Row] = []
    for part in (cases, full, path):
        try:
            rows += part(record)
        except NotConverged as reason:
            rows.append({"what": part.__name__, "absent": str(reason)})
    for row in rows:
        if "absent" in row:
            print(f"{'absent':>10}  {row['what']}: {row['absent']}")
        else:
            more = f"  (residual or difference {row['error']:.1e})" if "error" in row else ""
            shown = f"{row['seconds']:9.4f} s" if row["seconds"] else " " * 11
            print(f"{shown}  {row['what']}{more}")
    record.finish()


if __name__ == "__main__":
    main()
