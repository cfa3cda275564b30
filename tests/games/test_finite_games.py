"""Games in matrices: hand examples, random games, degenerate price grids, other people's solvers."""

import json
import math
import os
from dataclasses import replace
from fractions import Fraction

import nashpy
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from tools.make_grid_references import GAMES, games
from tools.paths import ROOT
from tools.peers.call import PeerAbsent
from v2g_nb.certificate import require
from v2g_nb.errors import InvalidInput, NotAnEquilibrium, NotConverged
from v2g_nb.games import equilibrium_certificates, lemke_howson, nash_program, pure_equilibria, support_enumeration
from v2g_nb.grid import PriceGrid, paper_market

RECORDED = json.loads((ROOT / "tests" / "references" / "grid_games.json").read_text())
CHICKEN = np.array([[0, 7], [2, 6]])


def whole_games(largest: int = 6):
    """Games whose payoffs are small whole numbers: many of them degenerate."""

    shapes = st.tuples(st.integers(1, largest), st.integers(1, largest))
    return shapes.flatmap(lambda shape: st.tuples(*[arrays(int, shape, elements=st.integers(-4, 4))] * 2))


@settings(max_examples=150, deadline=None, derandomize=True)
@given(game=whole_games())
def test_lemke_howson_is_exact_from_every_label_even_where_degenerate(game):
    row, column = game
    for label in range(len(row) + len(row[0])):
        found = require(lemke_howson(row, column, label=label))
        assert found.residual == 0.0
        assert sum(found.row_strategy) == 1
        assert all(p >= 0 for p in (*found.row_strategy, *found.column_strategy))


@settings(max_examples=40, deadline=None, derandomize=True)
@given(seed=st.integers(0, 10_000), shape=st.tuples(st.integers(2, 4), st.integers(2, 4)))
def test_nondegenerate_games_have_an_odd_number_of_equilibria_and_nashpy_agrees(seed, shape):
    rng = np.random.default_rng(seed)
    row, column = rng.normal(size=(2, *shape))
    ours = [np.concatenate([e.row_strategy, e.column_strategy]) for e in support_enumeration(row, column)]
    theirs = [np.concatenate(pair) for pair in nashpy.Game(row, column).vertex_enumeration()]
    assert len(ours) % 2 == 1
    assert len(ours) == len(theirs)
    for one in ours:
        assert min(np.abs(one - other).max() for other in theirs) < 1e-7
    exact = lemke_howson(row, column)
    assert min(np.abs(one - np.concatenate([exact.row_mix, exact.column_mix])).max() for one in ours) < 1e-9


def test_chicken_by_hand():
    found = support_enumeration(CHICKEN, CHICKEN.T)
    mixes = sorted(e.row_strategy.round(6).tolist() for e in found)
    assert mixes == [[0.0, 1.0], [0.333333, 0.666667], [1.0, 0.0]]
    assert pure_equilibria(CHICKEN, CHICKEN.T) == [(0, 1), (1, 0)]


def test_payoffs_in_floats_are_solved_for_exactly_what_they_are():
    found = lemke_howson([[0.1, 0.0], [0.0, 0.2]], [[0.0, 0.1], [0.3, 0.0]])
    a, b, c, d = (Fraction(v) for v in (0.1, 0.2, 0.1, 0.3))
    assert found.column_strategy[0] == b / (a + b)
    assert found.row_strategy[0] == d / (c + d)
    assert found.row_value == a * b / (a + b)


@pytest.mark.parametrize("ties", [0, 1])
@pytest.mark.parametrize("market", [paper_market(), paper_market(repaired=True)], ids=["paper", "repaired"])
def test_price_grids_of_61_prices_have_residual_exactly_zero(market, ties):
    game = PriceGrid(market, 5, 12, ties=ties)
    assert game.row_payoff.shape == (61, 61)
    found = require(lemke_howson(game.row_payoff, game.column_payoff))
    assert found.residual == 0.0
    assert all(c.tolerance == 0.0 for c in found.certificates)


@pytest.mark.filterwarnings("ignore")
def test_pivoting_in_floats_ends_without_a_distribution_on_the_degenerate_grid():
    """nashpy's path from its first label, where ours in whole numbers is exact; on chicken it arrives."""
    game = PriceGrid(paper_market(), 5, 12)
    mixes = nashpy.Game(game.row_payoff, game.column_payoff).lemke_howson(initial_dropped_label=0)
    assert not all(mix.shape == (61,) and abs(mix.sum() - 1.0) < 1e-6 for mix in mixes)
    mixes = nashpy.Game(CHICKEN, CHICKEN.T).lemke_howson(initial_dropped_label=0)
    assert all(mix.shape == (2,) and abs(mix.sum() - 1.0) < 1e-6 for mix in mixes)


def assert_agrees_with_pygambit(recorded: dict) -> None:
    assert set(recorded["equilibria"]) == {name for name, _, _ in GAMES}
    for name, market, steps in GAMES:
        game = PriceGrid(market, steps, 12)
        theirs = [[tuple(map(Fraction, mix)) for mix in pair] for pair in recorded["equilibria"][name]]
        for row, column in theirs:
            certificates = equilibrium_certificates(game.row_payoff, game.column_payoff, row, column)
            assert all(c.holds for c in certificates)
        label = {"paper-25": 0, "paper-61": 3}.get(name)  # with 61 prices there is another equilibrium on other paths
        if label is not None:  # the repaired game has many
            ours = lemke_howson(game.row_payoff, game.column_payoff, label=label)
            assert [list(ours.row_strategy), list(ours.column_strategy)] == [list(mix) for mix in theirs[0]]


def test_agrees_with_recorded_pygambit():
    assert RECORDED["peer"].startswith("pygambit ")
    assert_agrees_with_pygambit(RECORDED)


def test_agrees_with_live_pygambit():
    if "V2G_PEERS" not in os.environ:
        pytest.skip("V2G_PEERS names no Python with pygambit; the recorded comparison has run")
    try:
        assert_agrees_with_pygambit(games())
    except PeerAbsent as absent:
        pytest.skip(str(absent))


def test_a_path_that_is_cut_short_is_no_equilibrium():
    game = PriceGrid(paper_market(), 2, 12)
    with pytest.raises(NotConverged, match="max_pivots = 3"):
        lemke_howson(game.row_payoff, game.column_payoff, max_pivots=3)


@pytest.mark.parametrize("player", [0, 1])
def test_perturbed_strategies_lose_their_certificate(player: int):
    row, column = [[3, 0], [2, 2]], [[1, 2], [3, 0]]
    found = lemke_howson(row, column)
    mixes = [list(found.row_strategy), list(found.column_strategy)]
    for spoilt in ([mixes[player][0] + Fraction(1, 10**12), *mixes[player][1:]], [math.nan, 1.0], [1.5, -0.5]):
        pair = [spoilt if k == player else mix for k, mix in enumerate(mixes)]
        certificates = equilibrium_certificates(row, column, *pair)
        assert not all(c.holds for c in certificates)
        with pytest.raises(NotAnEquilibrium):
            require(replace(found, certificates=certificates))
    # mass moved from one pure strategy to the other: still a distribution, but the other player is not indifferent
    shift = Fraction(1, 10**12)
    pair = [[mix[0] + shift, mix[1] - shift] if k == player else mix for k, mix in enumerate(mixes)]
    assert [c.holds for c in equilibrium_certificates(row, column, *pair)].count(False) == 1


def test_the_program_is_zero_at_equilibria_and_positive_elsewhere():
    """Objective = sum of both regrets: 0 at each equilibrium of chicken, positive on a scan of all others."""
    row, column = CHICKEN, CHICKEN.T

    def program(p: float, q: float) -> float:
        x, y = np.array([p, 1 - p]), np.array([q, 1 - q])
        return float(max(row @ y) + max(column.T @ x) - x @ (row + column) @ y)

    equilibria = [(0.0, 1.0), (1.0, 0.0), (1 / 3, 1 / 3)]
    assert max(program(*e) for e in equilibria) < 1e-12
    for p in np.linspace(0, 1, 31):
        for q in np.linspace(0, 1, 31):
            if min(abs(p - e[0]) + abs(q - e[1]) for e in equilibria) > 1e-9:
                assert program(p, q) > 1e-4


def test_the_printed_constraint_excludes_equilibria():
    """(4) and (5) print sum_j u_i = 1, u_i >= 0 where sum_j sigma_ij = 1, sigma_ij >= 0 is meant."""
    equilibrium = lemke_howson(CHICKEN, CHICKEN.T)
    earned = CHICKEN @ equilibrium.column_mix  # u_i(sigma_-i, s_ij) for each pure strategy j
    assert abs(earned.sum() - 1.0) > 1.0


STUCK = [[5, 9, 2], [8, 6, 0], [3, 8, 5]], [[0, 7, 7], [8, 1, 0], [8, 0, 5]]


def test_a_local_solver_stops_where_no_equilibrium_is():
    """The program is not convex: from one start the solver ends at 0.15, although the optimum is 0."""
    stopped = nash_program(*STUCK, [1, 0, 0], [0, 0, 1])
    assert stopped.residual == pytest.approx(0.15, abs=1e-6)
    assert not stopped.converged
    with pytest.raises(NotAnEquilibrium):
        require(stopped)
    equilibrium = require(lemke_howson(*STUCK))
    there = require(nash_program(*STUCK, equilibrium.row_mix, equilibrium.column_mix))
    assert there.residual < 1e-9
    # near the stop every feasible direction goes up: a local minimum, not a slow solver
    rng = np.random.default_rng(3)
    row, column = (np.array(p, dtype=float) for p in STUCK)
    for _ in range(500):
        x = stopped.row_strategy + 0.01 * (rng.dirichlet(np.ones(3)) - stopped.row_strategy)
        y = stopped.column_strategy + 0.01 * (rng.dirichlet(np.ones(3)) - stopped.column_strategy)
        assert max(row @ y) + max(column.T @ x) - x @ (row + column) @ y > stopped.residual - 1e-6


@settings(max_examples=60, deadline=None, derandomize=True)
@given(game=whole_games(3))
def test_the_sum_of_3_is_one_condition_for_each_player(game):
    """(3) for all deviations at once holds at exactly the pure equilibria: deviations of one player are among them."""
    row, column = game
    by_sum = [
        (i, j)
        for i, j in np.ndindex(row.shape)
        if np.all(row[:, [j]] + column[[i], :] <= row[i, j] + column[i, j])  # u1(k, j) + u2(i, l) for all k and l
    ]
    assert by_sum == pure_equilibria(row, column)


def test_the_sum_of_3_for_one_deviation_alone_hides_a_gain():
    """For all deviations is needed: here both deviate, one gains 1, the other loses 2, and the sum falls."""
    row, column = np.array([[0, 0], [1, 0]]), np.array([[0, -2], [0, 0]])
    assert row[1, 0] + column[0, 1] < row[0, 0] + column[0, 0]
    assert (0, 0) not in pure_equilibria(row, column)


DILEMMA = np.array([[3.0, 0.0], [5.0, 1.0]])
PENNIES = np.array([[1.0, -1.0], [-1.0, 1.0]])


@pytest.mark.parametrize("sizes", [(1e-10, 1e-10), (1e-10, 1.0), (1e9, 1e9), (1e-300, 1e300)])
@pytest.mark.parametrize(("row", "column"), [(DILEMMA, DILEMMA.T), (PENNIES, -PENNIES), (CHICKEN, CHICKEN.T)])
def test_the_unit_of_payoff_does_not_matter(row, column, sizes):
    usual = support_enumeration(row, column)
    scaled = support_enumeration(row * sizes[0], column * sizes[1])
    assert len(scaled) == len(usual)
    for one, other in zip(usual, scaled, strict=True):
        assert other.row_strategy == pytest.approx(one.row_strategy, abs=1e-12)
        assert other.column_strategy == pytest.approx(one.column_strategy, abs=1e-12)
        assert other.row_value == pytest.approx(sizes[0] * one.row_value, rel=1e-12, abs=1e-12 * sizes[0])
        require(other)


def test_tolerances_are_those_of_probabilities_and_of_each_players_payoffs():
    found = support_enumeration(1e9 * PENNIES, -1e-9 * PENNIES)[0]
    assert [c.tolerance for c in found.certificates] == pytest.approx([2e-9, 2e-9, 2.0, 2e-18], rel=1e-12, abs=0.0)


def test_payoffs_near_the_largest_float():
    game = np.array([[1e308, -1e308], [-1e308, 1e308]])
    assert len(support_enumeration(game, game)) == 3
    with pytest.raises(InvalidInput, match=r"row_payoff\[0, 0\]"):
        nash_program(game, game, [1, 1], [1, 1])
    with pytest.raises(InvalidInput, match=r"column_payoff\[0, 0\]"):
        nash_program(PENNIES, game, [1, 1], [1, 1])
    regret = equilibrium_certificates(game, game, [1, 0], [0, 1], 1e-9)[2]
    assert regret.value == math.inf
    assert not regret.holds
    below = equilibrium_certificates(game, game, [-3, 0], [0, 1], 1e-9)[2]  # no distribution: earns more than any
    assert below.value == -math.inf


def test_probabilities_may_be_of_any_float_type():
    for kind in (np.float16, np.float32, np.longdouble, np.int8):
        certificates = equilibrium_certificates([[1]], [[1]], np.array([1], dtype=kind), [kind(1)])
        assert all(c.holds for c in certificates)
    nan = equilibrium_certificates([[1]], [[1]], [np.float32("nan")], [1])
    assert not any(c.holds for c in nan)


def test_support_enumeration_refuses_many_strategies():
    with pytest.raises(InvalidInput, match=r"row_payoff has shape \(13, 2\): .* at most 12"):
        support_enumeration(np.ones((13, 2)), np.ones((13, 2)))
