"""Speed of the coupled city [s of processor time], in one run: one case, six cases, full demand, both routes, PATH.

``python -m benchmarks.city_equilibrium``. PATH runs in the environment of the Python that V2G_PEERS
names; where it is missing it is reported as absent.
"""

import time
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np

from benchmarks.record import Case, Record
from tools.peers.call import PeerAbsent
from tools.record_path import path_request, run_ours, run_path
from v2g_nb.certificate import require
from v2g_nb.city import (
    SCENARIOS,
    CityModel,
    city_program,
    outside_certificate,
    reduced_city,
    scenario,
    sioux_falls,
    solve_city,
    solve_city_mcp,
)
from v2g_nb.complementarity import ComplementarityResult, smoothing_newton
from v2g_nb.errors import NotConverged

RESIDUAL = "natural residual"
TOLERANCE = 1e-9  # of the natural residual, in vehicles, kW, $/kWh and $ per trip
EV_PART = 0.005  # of 360 600 trips; the feeder could not charge many more
Row = dict[str, Any]
SIX = [(name, v2g) for name in SCENARIOS for v2g in (False, True)]


def timed(function: Callable[[], Any], repeats: int) -> tuple[float, Any]:
    """Return the shortest processor time of some runs [s], and the last result.

    Everything here runs on one core without waiting, so that on a machine with nothing else to do
    this is also the time that passes.
    """
    times, result = [], None
    for _ in range(repeats):
        begin = time.process_time()
        result = function()
        times.append(time.process_time() - begin)
    return min(times), result


def residual(program: Any, x: Any, y: Any) -> float:
    """Return the natural residual of (18), measured the same way for everybody."""
    return float(np.abs(program.residual(np.clip(x, program.lower, program.upper), y)).max())


def newton(program: Any, smoothing: float = 1.0, max_iter: int = 200) -> ComplementarityResult:
    """Return what the smoothing Newton method finds, in the program's units, which are at most 1000 of the result's."""
    problem = program.complementarity_problem()
    return smoothing_newton(*problem, smoothing=smoothing, tol=1e-4 * TOLERANCE, max_iter=max_iter)


def mcp_residual(program: Any, found: ComplementarityResult) -> float:
    """Return the same of a point of the complementarity route."""
    columns = len(program.lower)
    return residual(program, found.point[:columns], found.point[columns:])


def case_of(record: Record, size: str) -> Case:
    """Begin a case of the coupled city."""
    return record.case("equilibrium of the coupled city", size, RESIDUAL, TOLERANCE)


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
    programs = {key: city_program(scenario(*key)) for key in SIX}
    times, points = {}, {}
    for key, program in programs.items():
        times[key], points[key] = timed(lambda program=program: run_ours(program), 7)
    slowest = max(times, key=lambda key: times[key])
    worst = max(residual(programs[key], *points[key]) for key in SIX)
    shape = programs[slowest].matrix.shape
    words = f"one case, slowest of six ({shape[1]} columns, {shape[0]} rows), interior point and polish"
    rows.append({"what": words, "seconds": times[slowest], "error": worst})
    one = case_of(record, "one case, slowest of six")
    one.ours("one convex program, interior point and polish", times[slowest], reached=worst)

    def six(**options: Any) -> float:
        return max(require(solve_city(scenario(*key), **options)).residual for key in SIX)

    seconds, error = timed(six, 3)
    rows.append({"what": "six cases: paths, solution, all certificates", "seconds": seconds, "error": error})
    case = case_of(record, "six cases together")
    case.ours("one convex program each, paths given, certified", seconds, reached=error)
    seconds, error = timed(lambda: six(columns="generated"), 1)
    rows.append({"what": "six cases with column generation, certified", "seconds": seconds, "error": error})
    case.ours("one convex program each, paths generated, certified", seconds, reached=error)
    mcp = {key: timed(lambda key=key: newton(programs[key]), 3) for key in SIX}
    key = max(mcp, key=lambda key: mcp[key][0])
    steps = [found.num_iter for _, found in mcp.values()]
    words = f"one case, slowest of six, smoothing Newton from a cold start, {min(steps)} to {max(steps)} steps"
    apart = max(abs(solve_city_mcp(scenario(*k)).dlmp - solve_city(scenario(*k)).dlmp).max() for k in SIX)
    left = max(mcp_residual(programs[k], found) for k, (_, found) in mcp.items())
    rows.append({"what": words, "seconds": mcp[key][0], "error": left})
    one.ours("complementarity problem, smoothing Newton", mcp[key][0], reached=left)
    rows.append({"what": "largest difference of both routes' DLMPs, six cases [$/kWh]", "seconds": 0.0, "error": apart})
    stalled = {most: sum(not newton(programs[key], 0.0, most).converged for key in SIX) for most in (60, 200)}
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
    case = case_of(record, "528 pairs, full demand")
    case.ours("one convex program, paths generated, certified", seconds, reached=found.residual)
    words = f"full demand, 528 pairs, {len(found.paths)} paths generated, {found.num_iter} steps, certified"
    return [{"what": words, "seconds": seconds, "error": found.residual}]


def path(record: Record) -> list[Row]:
    """The reduced instance: ours and PATH's on the same problem."""
    program = city_program(reduced_city())
    size = sum(program.matrix.shape)
    ours, point = timed(lambda: run_ours(program), 15)
    seconds, found = timed(lambda: newton(program), 15)
    rows: list[Row] = [
        {"what": f"reduced instance ({size} unknowns), interior point and polish", "seconds": ours},
        {"what": "reduced instance, smoothing Newton from a cold start", "seconds": seconds},
    ]
    case = case_of(record, f"reduced to {size} unknowns")
    case.ours("one convex program, interior point and polish", ours, reached=residual(program, *point))
    case.ours("complementarity problem, smoothing Newton", seconds, reached=mcp_residual(program, found))
    try:
        answer = min((run_path(path_request(program)) for _ in range(5)), key=lambda run: run["seconds"])
    except (PeerAbsent, RuntimeError) as reason:
        case.missing("general", "PATH", str(reason).strip().splitlines()[-1])
        return [*rows, {"what": "PATH", "absent": str(reason).strip().splitlines()[-1]}]
    z, columns = np.array(answer["point"]), len(program.lower)
    left = residual(program, z[:columns], z[columns:])
    case.peer("general", answer["version"], answer["seconds"], reached=left)
    words = f"reduced instance, {answer['version']}, as it reports its own time, shortest of five"
    return [*rows, {"what": words, "seconds": answer["seconds"], "error": left}]


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
