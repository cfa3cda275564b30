"""The grid: power flow, exact mixed equilibrium and three levels, beside pandapower, pygambit and nashpy.

Run it as ``python -m benchmarks.grid``. Peers run in the environment that ``V2G_PEERS`` names; a
missing one is reported as absent.
"""

import warnings
from fractions import Fraction

import nashpy
import numpy as np

from benchmarks.record import Case, Record, best
from tools.make_grid_references import THEIRS, as_ours
from tools.peers.call import PeerAbsent, call
from v2g_nb.certificate import require
from v2g_nb.data.power import load_case
from v2g_nb.games import lemke_howson
from v2g_nb.grid import (
    ASSUMPTIONS,
    OperatorProblem,
    PriceGrid,
    fleet_market,
    nine_bus,
    paper_market,
    solve_operator,
)
from v2g_nb.power import PowerNetwork, solve_power_flow


def mismatch(network: PowerNetwork, magnitude: np.ndarray, angle_deg: np.ndarray) -> float:
    """Return the largest scheduled power that voltages leave unbalanced, or set-point that they miss, pu."""
    kind = np.array(network.kind)
    voltage = np.asarray(magnitude) * np.exp(1j * np.deg2rad(angle_deg))
    gap = voltage * np.conj(network.admittance() @ voltage) - network.scheduled_pu
    missed = (magnitude - network.set_point_pu)[kind != "pq"]
    return float(np.max(np.abs(np.concatenate([gap.real[kind != "slack"], gap.imag[kind == "pq"], missed]))))


def power_flows(record: Record) -> None:
    """Time Newton's method with its certificates on the pandapower cases, all at their own set-points."""
    answers, why = [None, None, None], ""
    try:
        asked = [{"case": theirs, "repeats": 20} for theirs in THEIRS.values()]
        answers = call("pandapower_peer", {"task": "times", "cases": asked}, "pandapower")["answer"]
    except PeerAbsent as absent:
        why = str(absent)
    for name, theirs in zip(THEIRS, answers, strict=True):
        network = PowerNetwork(**load_case(name))
        if name == "case9":
            network = nine_bus(ASSUMPTIONS[-1].set_points)
        case = record.case("AC power flow", f"{len(network.bus)} buses", "largest mismatch, pu", 1e-9)

        seconds, flow = best(lambda n=network: solve_power_flow(n), repeats=20)
        case.ours("Newton, certified", seconds, reached=mismatch(network, flow.magnitude_pu, flow.angle_deg))
        if theirs is None:
            case.missing("general", "pandapower", why)
            continue
        answer = as_ours(theirs, name)
        reached = mismatch(network, answer["magnitude_pu"], answer["angle_deg"])
        case.peer("general", "pandapower's runpp", answer["runpp"], reached=reached)
        case.peer("fast", f"pandapower's Newton kernel, {answer['engine']}", answer["kernel"], reached=reached)


def regret(game: PriceGrid, row: np.ndarray, column: np.ndarray) -> float:
    """Return the larger regret of two mixes, in money; not a number where they are no distributions."""
    prices = len(game.prices)
    if not (len(row) == len(column) == prices and np.isfinite([*row, *column]).all()):
        return float("nan")
    against = game.row_payoff @ column, game.column_payoff.T @ row
    lost = max(float(against[0].max() - row @ against[0]), float(against[1].max() - column @ against[1]))
    off = max(abs(float(row.sum()) - 1), abs(float(column.sum()) - 1), -float(min(row.min(), column.min())))
    return max(lost / game.scale, off)


def games(record: Record) -> None:
    """Time exact Lemke-Howson on price grids, beside pygambit's exact and nashpy's floating one."""
    for steps in (1, 2, 5):
        game = PriceGrid(paper_market(), steps, 12)
        size = f"{len(game.prices)} x {len(game.prices)} prices"
        case = record.case("mixed equilibrium of a price game", size, "largest regret, money", 1e-9)
        seconds, found = best(lambda g=game: lemke_howson(g.row_payoff, g.column_payoff), patience=10)
        require(found)  # in fractions, with a tolerance of 0; here again as for the others
        name = "Lemke-Howson in whole numbers, certified"
        case.ours(name, seconds, reached=regret(game, found.row_mix, found.column_mix))
        by_nashpy(case, game)
        by_pygambit(case, game)


def by_nashpy(case: Case, game: PriceGrid) -> None:
    """Add nashpy's Lemke-Howson in floating point."""
    name = "nashpy, floating point"
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        theirs = nashpy.Game(game.row_payoff, game.column_payoff)
        try:
            seconds, (row, column) = best(lambda: theirs.lemke_howson(initial_dropped_label=0))
        except Exception as error:  # a peer may fail in any way: that is the finding
            case.missing("general", name, f"fails with {type(error).__name__}")
            return
    reached = regret(game, np.asarray(row), np.asarray(column))
    if np.isnan(reached):
        case.missing("general", name, f"after {seconds:.2g} s no distribution")
    else:
        case.peer("general", name, seconds, reached=reached)


def by_pygambit(case: Case, game: PriceGrid) -> None:
    """Add pygambit's exact solution, if it is there."""
    asked = {"row": game.row_payoff.astype(int).tolist(), "column": game.column_payoff.astype(int).tolist()}
    name = "pygambit's lcp_solve, exact"
    try:
        reply = call("pygambit_peer", asked, "pygambit")
    except PeerAbsent as absent:
        case.missing("general", name, str(absent))
        return
    row, column = (np.array([float(Fraction(p)) for p in mix]) for mix in reply["answer"][0])
    case.peer("general", name, reply["seconds"], reached=regret(game, row, column))


def levels(record: Record) -> None:
    """Time the whole three-level solution, power flows and certificates included."""
    for size, market in (
        ("two groups", paper_market(repaired=True)),
        ("200 types", fleet_market(200, np.random.default_rng(1))),
    ):
        problem = OperatorProblem(market)
        case = record.case("operator, stations and drivers", size)
        solve_operator(problem).require()
        seconds, _ = best(lambda p=problem: solve_operator(p))
        case.ours("all switching points, with power flows, certified", seconds)


def main() -> None:
    record = Record("grid")
    power_flows(record)
    levels(record)
    games(record)
    record.finish()


if __name__ == "__main__":
    main()
