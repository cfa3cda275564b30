"""The campus: a fleet's equilibrium by our two ways, by general solvers, and by the paper's way.

Prints one JSON object a line. Run it as ``python -m benchmarks.campus``, with the peers' Python in
V2G_PEERS; a missing peer is reported as absent. Every answer is certified: largest regret (bound by
linear programs), after plans are cut to the power limits. Sizes other than 12 scale request and
other demand with the number of cars, p_base = 3e-3 EUR/kW2h; seed 0. One core.
"""

import json
import os
import subprocess
import tempfile
import time
from itertools import islice
from pathlib import Path

import numpy as np

from tests.campus.instances import scaled_game, selected_fleet
from v2g_nb.campus.aggregator import solve_leader
from v2g_nb.campus.building import calibrated_campus
from v2g_nb.campus.equilibrium import liebmann, solve_fleet
from v2g_nb.campus.game import FleetGame
from v2g_nb.methods.certificates.storage_game import tangent_gaps

GENERAL = {50: ("piqp", "osqp", "clarabel"), 160: ("piqp", "osqp", "clarabel"), 1000: ("piqp", "clarabel")}
PEER = Path(__file__).with_name("peer_campus.py")


def show(what: str, value: float, unit: str, **more: object) -> None:
    print(json.dumps({"what": what, "value": float(f"{value:.4g}"), "unit": unit, **more}), flush=True)


def best(function, repeats: int = 3) -> tuple[float, float, object]:
    """Return the least wall time and the least processor time of some runs, and the answer."""
    wall, processor, answer = [], [], None
    for _ in range(repeats):
        begin = time.perf_counter(), time.process_time()
        answer = function()
        wall.append(time.perf_counter() - begin[0])
        processor.append(time.process_time() - begin[1])
    return min(wall), min(processor), answer


def regret(game: FleetGame, plan: np.ndarray, most: int = 500) -> float:
    """Return the largest regret bound, by linear programs; of cars drawn at random where there are many."""
    plan = np.where(game.fleet.present, np.clip(plan, -22.0, 22.0), 0.0)
    total = plan.sum(axis=0)
    pick = np.arange(game.fleet.size)
    if game.fleet.size > 2000:
        pick = np.random.default_rng(0).choice(game.fleet.size, most, replace=False)
    shared = game.shared
    unused = shared.shortfall * np.maximum(0.0, shared.wanted - total)
    rate = shared.offset + shared.slope * (total + plan[pick]) - unused
    return float(tangent_gaps(game.fleet.chosen(pick).storage(), plan[pick], rate).max())


def sweep_in_place(game: FleetGame, tol: float = 1e-3) -> np.ndarray:
    """Return the plans after sweeps in a fresh order until one changes them by less than `tol` (Frobenius, kW)."""
    for step in islice(liebmann(game, "random", np.random.default_rng(1)), 100):
        if step.change_kw < tol:
            break
    return step.plan_kw


def ours(cars: int) -> None:
    game = scaled_game(cars)
    game.users, game.shared  # noqa: B018 -- made once, set-up is not the solver's
    repeats = 15 if cars <= 1000 else 5
    wall, processor, found = best(lambda: solve_fleet(game, certify=False), repeats)
    more = {"newton_steps": found.num_iter, "regret_eur": regret(game, found.plan_kw)}
    more |= {f"us_a_car_{name}": round(1e6 * t / cars, 1) for name, t in (("wall", wall), ("processor", processor))}
    show(f"dual Newton, {cars} cars", 1e3 * wall, "ms", **more)
    if cars <= 20_000:
        wall, _, plan = best(lambda: sweep_in_place(game), repeats)
        show(f"fresh-order sweeps, {cars} cars", 1e3 * wall, "ms", regret_eur=regret(game, plan))


def peer(solver: str, game: FleetGame, **more: object) -> tuple[float, float, np.ndarray] | None:
    """Return set-up and solution time of a peer, and its plans; None where it is absent."""
    python, users = os.environ.get("V2G_PEERS", ""), game.users
    with tempfile.TemporaryDirectory() as folder:
        file = str(Path(folder) / "game.npz")
        np.savez(
            file, first=users.first, stop=users.stop, power=users.flow_high, start=users.level_start,
            floor=users.level_low, ceiling=users.level_high, target=users.level_target,
            request=game.request_kw, baseline=game.baseline_kw, slope=game.shared.slope, weight=game.deviation_weight,
        )  # fmt: skip
        order = json.dumps({"solver": solver, "file": file, **more})
        done = (
            subprocess.run([python, str(PEER), order], capture_output=True, text=True, check=False) if python else None
        )
        if done is None or done.returncode:
            why = done.stderr.strip().splitlines()[-1:] if done else "V2G_PEERS is not set"
            print(json.dumps({"what": solver, "absent": why}), flush=True)
            return None
        answer = json.loads(done.stdout)
        return answer["set_up"], answer["seconds"], np.load(file + ".plans.npy")


def main() -> None:
    solve_fleet(scaled_game(12))  # compiles
    for cars in (12, 50, 160, 1000, 10_000, 100_000, 300_000):
        ours(cars)
        for solver in GENERAL.get(cars, ()):
            game = scaled_game(cars)
            found = peer(solver, game)
            if found:
                more = {"set_up_ms": round(1e3 * found[0], 2), "regret_eur": regret(game, found[2])}
                show(f"one quadratic program by {solver}, {cars} cars", 1e3 * found[1], "ms", **more)
    paper_way(12)
    paper_way(50)
    campus, fleet = calibrated_campus(), selected_fleet(1)
    seconds, _, found = best(lambda: solve_leader(campus, fleet))
    show("leader's problem, 12 cars, certified", 1e3 * seconds, "ms", equilibria=found.num_iter)


def paper_way(cars: int, run: int = 3) -> None:
    """Time some sweeps of Gurobi, one program a car, and count how many the fixed order needs for our regret."""
    game = scaled_game(cars)
    target = solve_fleet(game, certify=False).plan_kw
    steps = liebmann(game)
    needed = next(s.number for s in steps if np.linalg.norm(s.plan_kw - target) < 1e-3)
    found = peer("gurobi", game, sweeps=run)
    if found:
        check = next(islice(liebmann(game), run - 1, None)).plan_kw
        same = float(np.abs(check - found[2]).max())
        a_sweep = found[1] / run
        show(f"paper's way, one sweep, {cars} cars", a_sweep, "s", differs_from_ours_kw=same)
        show(
            f"paper's way to 1e-3 kW, {cars} cars (sweeps counted, time extrapolated)",
            a_sweep * needed,
            "s",
            sweeps=needed,
        )


if __name__ == "__main__":
    main()
