"""The campus: a fleet's equilibrium by our two ways, by general solvers, and by the paper's way.

Run it as ``python -m benchmarks.campus``, with the peers' Python in V2G_PEERS; a missing peer is
reported as absent. Every answer is measured afterwards, by the largest regret (bound by linear
programs) of the plans cut to the power limits; a fleet's times contain no certificates. Sizes other
than 12 scale request and other demand with the number of cars, p_base = 3e-3 EUR/kW2h; seed 0. One
core. Time per car is the processor's, which other work on the machine does not lengthen.
"""

import json
import os
import subprocess
import tempfile
import time
from dataclasses import replace
from itertools import islice
from pathlib import Path

import numpy as np

from benchmarks.record import Case, Record, best, show
from tests.campus.instances import scaled_game, selected_fleet
from v2g_nb.campus import Campus, FleetGame, solve_aggregator_price, solve_fleet
from v2g_nb.games import best_response_sweeps, regret_bounds

GENERAL = {
    12: ("piqp", "osqp", "clarabel"),
    50: ("piqp", "osqp", "clarabel"),
    160: ("piqp", "osqp", "clarabel"),
    1000: ("piqp", "clarabel"),
}
PEER = Path(__file__).with_name("peer_campus.py")


class Absent(RuntimeError):
    """A peer that is not there, or fails: the message says why."""


def regret(game: FleetGame, plan: np.ndarray, most: int = 500) -> float:
    """Return the largest regret bound, by linear programs; of cars drawn at random where there are many."""
    plan = np.where(game.fleet.present, np.clip(plan, -22.0, 22.0), 0.0)
    storage = game.storage
    if game.fleet.size > 2000:
        pick = np.random.default_rng(0).choice(game.fleet.size, most, replace=False)
        others = plan.sum(axis=0) - plan[pick].sum(axis=0)  # to those picked they shift price and request
        sample = replace(game, fleet=game.fleet.chosen(pick)).storage
        offset = storage.offset + storage.slope * others
        storage, plan = replace(sample, offset=offset, wanted=storage.wanted - others), plan[pick]
    return float(regret_bounds(storage, plan).max())


def sweep_in_place(game: FleetGame, tol: float = 1e-3) -> np.ndarray:
    """Return the plans after sweeps in a fresh order until one changes them by less than `tol` (Frobenius, kW)."""
    sweeps = best_response_sweeps(game.storage, order="random", rng=np.random.default_rng(1))
    for step in islice(sweeps, 100):
        if step.change < tol:
            break
    return step.flows


def ours(case: Case, game: FleetGame, cars: int) -> None:
    game.storage  # noqa: B018 -- made once, set-up is not the solver's
    seconds, plan = best(lambda: solve_fleet(game, certify=False).plan_kw)
    case.ours("Newton on the prices", seconds, reached=regret(game, plan))
    if cars <= 20_000:
        seconds, plan = best(lambda: sweep_in_place(game))
        case.ours("sweeps in a fresh order", seconds, reached=regret(game, plan))


def per_car(game: FleetGame, runs: int = 3) -> float:
    """Return the processor time of Newton's method for each car [s], the least of some runs."""
    times = []
    for _ in range(runs):
        begin = time.process_time()
        solve_fleet(game, certify=False)
        times.append(time.process_time() - begin)
    return min(times) / game.fleet.size


def ask(solver: str, game: FleetGame, **more: object) -> tuple[float, float, np.ndarray]:
    """Return set-up and solution time of a peer, and its plans; raise Absent where there are none."""
    python, users = os.environ.get("V2G_PEERS", ""), game.storage
    if not python:
        raise Absent("V2G_PEERS names no Python")
    with tempfile.TemporaryDirectory() as folder:
        file = str(Path(folder) / "game.npz")
        np.savez(
            file, first=users.first, stop=users.stop, power=users.flow_high, start=users.level_start,
            floor=users.level_low, ceiling=users.level_high, target=users.level_target,
            request=game.request_kw, baseline=game.baseline_kw, slope=users.slope, weight=game.deviation_weight,
        )  # fmt: skip
        order = json.dumps({"solver": solver, "file": file, **more})
        done = subprocess.run([python, str(PEER), order], capture_output=True, text=True, check=False)
        if done.returncode:
            raise Absent((done.stderr.strip().splitlines() or ["no answer"])[-1])
        answer = json.loads(done.stdout)
        return answer["set_up"], answer["seconds"], np.load(file + ".plans.npy")


def one_program(case: Case, solver: str, game: FleetGame) -> None:
    """Add a general solver on the whole fleet as one quadratic program."""
    name = f"one quadratic program by {solver}"
    try:
        set_up, seconds, plan = ask(solver, game)
    except Absent as absent:
        case.missing("general", name, str(absent))
        return
    case.peer("general", name, seconds, set_up=set_up, reached=regret(game, plan))


def paper_way(case: Case, game: FleetGame, run: int = 3) -> None:
    """Add Gurobi, one program a car and slot by slot as the paper sweeps: some sweeps timed, the number counted."""
    target = solve_fleet(game, certify=False).plan_kw
    last = next(s for s in best_response_sweeps(game.storage) if np.linalg.norm(s.flows - target) < 1e-3)
    name = f"Gurobi car by car, {last.number} sweeps"
    try:
        _, seconds, plan = ask("gurobi", game, sweeps=run)
    except Absent as absent:
        case.missing("paper", name, str(absent))
        return
    same = float(np.abs(next(islice(best_response_sweeps(game.storage), run - 1, None)).flows - plan).max())
    show(f"plans after {run} sweeps of Gurobi and of ours, {game.fleet.size} cars, differ by", same, "kW")
    whole = seconds / run * last.number
    case.peer("paper", name, whole, reached=regret(game, last.flows), extrapolated=last.number > run)


def main() -> None:
    record = Record("campus")
    solve_fleet(scaled_game(12))  # compiles
    for cars in (12, 50, 160, 1000, 10_000, 100_000, 300_000):
        case = record.case("equilibrium of a fleet", f"{cars:,} cars", "largest regret, EUR", 1e-3)
        game = scaled_game(cars)
        ours(case, game, cars)
        for solver in GENERAL.get(cars, ()):
            one_program(case, solver, game)
        if cars <= 50:
            paper_way(case, game)
    case = record.case("time per car of a fleet's equilibrium", "by number of cars")
    for cars in (1000, 10_000, 100_000, 300_000):
        game = scaled_game(cars)
        game.storage  # noqa: B018 -- made once, set-up is not the solver's
        case.ours(f"Newton on the prices, {cars:,} cars", per_car(game))
    campus, fleet = Campus.calibrated(), selected_fleet(1)
    case = record.case("aggregator's price", "12 cars")
    case.ours("all prices between breakpoints, certified", best(lambda: solve_aggregator_price(campus, fleet))[0])
    record.finish()


if __name__ == "__main__":
    main()
