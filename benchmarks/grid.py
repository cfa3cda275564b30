"""The grid: power flow, exact mixed equilibrium and three levels, beside pandapower, pygambit and nashpy.

Prints one JSON object a line: what was measured, the figure, its unit. Run it as
``python -m benchmarks.grid``. Peers run in the environment that ``V2G_PEERS`` names; a missing one
is reported as absent.
"""

import json
import time
import warnings
from collections.abc import Callable

import nashpy
import numpy as np

from tools.peers.call import PeerAbsent, call
from v2g_nb.grid.market import fleet_market, paper_market, repaired_market
from v2g_nb.grid.nine_bus import FLAT, case_network, nine_bus
from v2g_nb.grid.operator import solve_operator
from v2g_nb.grid.price_grid import PriceGrid, price_grid
from v2g_nb.grid.response import OperatorProblem
from v2g_nb.methods.ac_power_flow import solve_power_flow
from v2g_nb.methods.certificates import require
from v2g_nb.methods.lemke_howson import lemke_howson

REPEATS = 7


def show(what: str, value: float | str, unit: str, **more: object) -> None:
    shown = value if isinstance(value, str) else float(f"{value:.4g}")
    print(json.dumps({"what": what, "value": shown, "unit": unit, **more}), flush=True)


def best(function: Callable[[], object]) -> float:
    """Return the shortest of several times of a call, in seconds."""
    times = []
    for _ in range(REPEATS):
        begin = time.perf_counter()
        function()
        times.append(time.perf_counter() - begin)
    return min(times)


def power_flows() -> None:
    """Time Newton's method with its certificates on the pandapower cases, all at their own set-points."""
    for case, theirs in (("case9", "case9"), ("case14", "case14"), ("case30", "case_ieee30")):
        network = nine_bus(FLAT) if case == "case9" else case_network(case)
        require(solve_power_flow(network))
        show(f"{case}: power flow with certificates", 1e3 * best(lambda n=network: solve_power_flow(n)), "ms")
        try:
            reply = call("pandapower_peer", {"task": "time", "case": theirs, "repeats": 20}, "pandapower")
        except PeerAbsent as absent:
            show(f"{case}: pandapower", "absent", "", reason=str(absent))
            continue
        for part, seconds in reply["answer"].items():
            show(f"{case}: pandapower {part}", 1e3 * seconds, "ms", version=reply["version"])


def regret(game: PriceGrid, row: np.ndarray, column: np.ndarray) -> float:
    """Return the larger regret of two mixes, in money."""
    against = game.row_payoff @ column, game.column_payoff.T @ row
    lost = max(float(against[0].max() - row @ against[0]), float(against[1].max() - column @ against[1]))
    return lost / game.scale


def games() -> None:
    """Time exact Lemke-Howson on price grids, beside pygambit's exact and nashpy's floating one."""
    for steps in (2, 5):
        game = price_grid(paper_market(), steps, 12)
        size = f"{len(game.prices)} x {len(game.prices)} prices"
        found = require(lemke_howson(game.row_payoff, game.column_payoff))
        seconds = best(lambda g=game: lemke_howson(g.row_payoff, g.column_payoff))
        show(f"{size}: exact equilibrium with certificates", seconds, "s", residual=found.residual)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            theirs = nashpy.Game(game.row_payoff, game.column_payoff)
            begin = time.perf_counter()
            try:
                row, column = theirs.lemke_howson(initial_dropped_label=0)
                took, answer = time.perf_counter() - begin, (np.asarray(row), np.asarray(column))
            except Exception as error:  # a peer may fail in any way: that is the finding
                show(f"{size}: nashpy lemke_howson", "fails", "", reason=type(error).__name__)
                continue
        shapes = answer[0].shape == answer[1].shape == (len(game.prices),)
        good = shapes and bool(np.isfinite(np.concatenate(answer)).all())
        show(f"{size}: nashpy lemke_howson", took, "s", regret=regret(game, *answer) if good else "no distribution")
    for steps in (1, 2):
        game = price_grid(paper_market(), steps, 12)
        asked = {"row": game.row_payoff.astype(int).tolist(), "column": game.column_payoff.astype(int).tolist()}
        size = f"{len(game.prices)} x {len(game.prices)} prices"
        try:
            reply = call("pygambit_peer", asked, "pygambit")
            show(f"{size}: pygambit lcp_solve, exact", reply["seconds"], "s", version=reply["version"])
        except PeerAbsent as absent:
            show(f"{size}: pygambit", "absent", "", reason=str(absent))
        ours = best(lambda g=game: lemke_howson(g.row_payoff, g.column_payoff))
        show(f"{size}: exact equilibrium with certificates", ours, "s")


def levels() -> None:
    """Time the whole three-level solution, power flows and certificates included."""
    for name, market in (
        ("two groups", repaired_market()),
        ("200 types", fleet_market(200, np.random.default_rng(1))),
    ):
        problem = OperatorProblem(market)
        require(solve_operator(problem))
        show(f"three levels, {name}", best(lambda p=problem: solve_operator(p)), "s")


if __name__ == "__main__":
    power_flows()
    levels()
    games()
