"""The storage game: best responses against a general solver, the dual, certificates that can fail."""

from dataclasses import replace
from fractions import Fraction

import cvxpy as cp
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from v2g_nb.certificate import require
from v2g_nb.errors import Infeasible, NotAnEquilibrium
from v2g_nb.games import StorageGame, best_response, best_response_sweeps, regret_bounds, solve_storage_game


def random_game(seed: int, players: int = 3, slots: int = 12, hard: bool = True):
    rng = np.random.default_rng(seed)
    first = rng.integers(0, slots - 6, players)
    stop = np.minimum(slots, first + rng.integers(5, slots, players))
    start = rng.uniform(2.0, 8.0, players)
    high = rng.uniform(2.0, 4.0, players)
    target = np.minimum(start + 0.6 * high * (stop - first), rng.uniform(5.0, 10.0, players))
    below, above = (0.0, 0.0) if hard else (1.5, 0.2)
    weight = rng.uniform(0.0, 2.0, slots) * (rng.random(slots) < 0.5)
    return StorageGame(
        rng.normal(0, 3, slots), rng.uniform(0.2, 1.0), first, stop, -high, high,
        start, np.zeros(players), np.full(players, 10.0), target, hard, below, above, weight, rng.normal(1, 4, slots),
    )  # fmt: skip


def general_response(game, flows, i):
    """Return the least cost of player i by a general solver."""
    x = cp.Variable(game.slots)
    others = flows.sum(axis=0) - flows[i]
    cost = (game.offset + game.slope * others) @ x + game.slope * cp.sum_squares(x)
    cost += 0.5 * game.shortfall @ cp.square(cp.pos(game.wanted - others - x))
    level = game.level_start[i] + cp.cumsum(x)
    inside = game.present[i]
    rules = [x[~inside] == 0, x >= game.flow_low[i], x <= game.flow_high[i], level >= 0, level <= 10.0]
    missing = game.level_target[i] - level[-1]
    if game.hard:
        rules.append(missing <= 0)
    else:
        cost += game.value_above * missing + (game.value_below - game.value_above) * cp.pos(missing)
    cp.Problem(cp.Minimize(cost), rules).solve(solver="CLARABEL")
    return x.value


@pytest.mark.parametrize("hard", [True, False])
@pytest.mark.parametrize("seed", range(8))
def test_best_response_is_the_general_solver_s(seed, hard):
    game = random_game(seed, hard=hard)
    flows = np.random.default_rng(seed).normal(0, 2, (3, 12)) * game.present
    for i in range(3):
        ours = best_response(game, flows, i)
        assert np.abs(ours - general_response(game, flows, i)).max() < 1e-3


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 10**6), st.booleans(), st.integers(1, 6))
def test_every_game_is_solved_and_certified(seed, hard, players):
    game = random_game(seed, players, hard=hard)
    found = require(solve_storage_game(game))
    moved = found.flows.copy()
    moved[0] = best_response(game, found.flows, 0)
    assert np.abs(moved - found.flows).max() < 1e-6


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 10**6), st.booleans())
def test_a_best_response_never_raises_cost_or_potential(seed, hard):
    game = random_game(seed, hard=hard)
    steps = best_response_sweeps(game, np.zeros((3, 12)), "random", np.random.default_rng(seed))
    plans = [next(steps).flows for _ in range(4)]
    values = [game.potential(p) for p in plans]
    assert (np.diff(values) <= 1e-9 * (1 + np.abs(values[0]))).all()
    moved = plans[-1].copy()
    moved[1] = best_response(game, moved, 1)
    after, before = (game.player_costs(p)[1] for p in (moved, plans[-1]))
    assert after <= before + 1e-9 * (1 + abs(before))


def flat_game(seed: int, players: int = 400, slots: int = 24):
    """Return a game whose levels stay flat over stretches of the multiplier, and plans to respond to.

    Few flows are between their bounds at a time, and every bound and target is whole steps of full
    power away: so the level comes to rest on just what is wanted, up to rounding.
    """
    rng = np.random.default_rng(seed)
    slope = 10.0 ** rng.uniform(-4, -1)
    shortfall = slope * 10.0 ** rng.uniform(0, 3, slots) * (rng.random(slots) < 0.7)
    high = rng.choice([3.0, 7.0, 11.0, 22.0], players)
    start = rng.uniform(0, 40, players).round(1)
    floor, ceiling = start - high * rng.integers(1, 4, players), start + high * rng.integers(1, 4, players)
    target = np.clip(start + high * rng.integers(-2, 3, players), floor, ceiling)
    stay = np.zeros(players, int), np.full(players, slots)
    flows = rng.uniform(-1, 1, (players, slots)) * high[:, None]
    total = flows.sum(axis=0)
    offset, wanted = rng.uniform(0, 1, slots) - slope * total, total + rng.normal(0, 20, slots)
    bounds = -high, high, start, floor, ceiling, target, bool(seed % 2), 2.0, 0.1
    return StorageGame(offset, slope, *stay, *bounds, shortfall, wanted), flows


def violation(game, x):
    """Return by how much the worst bound is broken."""
    level = game.level_start[:, None] + np.cumsum(x, axis=1)
    inside = np.where(game.present, 1.0, 0.0)
    broken = [game.flow_low[:, None] * inside - x, x - game.flow_high[:, None] * inside]
    broken += [game.level_low[:, None] - level, level - game.level_high[:, None]]
    if game.hard:
        broken.append((game.level_target - level[:, -1])[:, None])
    return max(b.max() for b in broken)


def best_exchange(game, rate, x, near=1e-7):
    """Return what each player gains a kWh by the best move of flow from a slot to another, or out of the end.

    A store's plan is a flow on a path, so it is optimal if and only if no such exchange gains. Room
    smaller than `near` is none. All slots belong to the stay.
    """
    level = game.level_start[:, None] + np.cumsum(x, axis=1)
    more, less = x < game.flow_high[:, None] - near, x > game.flow_low[:, None] + near
    rises, falls = level < game.level_high[:, None] - near, level > game.level_low[:, None] + near
    missing = game.level_target - level[:, -1]
    below, above = np.inf if game.hard else game.value_below, game.value_above
    best = np.zeros(len(x))
    for t in range(game.slots):
        up, down = more[:, t].copy(), less[:, t].copy()
        for s in range(t + 1, game.slots):  # more now and less later, or the reverse
            up, down = up & rises[:, s - 1], down & falls[:, s - 1]
            saved = rate[:, s] - rate[:, t]
            best = np.maximum(best, np.where(up & less[:, s], saved, 0.0))
            best = np.maximum(best, np.where(down & more[:, s], -saved, 0.0))
        worth, price = np.where(missing > near, below, above), np.where(missing > -near, below, above)
        best = np.maximum(best, np.where(up & rises[:, -1], worth - rate[:, t], 0.0))
        best = np.maximum(best, np.where(down & falls[:, -1], rate[:, t] - price, 0.0))
    return best


def test_best_responses_on_flat_stretches_keep_their_bounds_and_are_optimal():
    """40,000 draws: where rounding leaves a flat stretch a slope of 1e-13, the multiplier has to stay on it."""
    for seed in range(100):
        game, flows = flat_game(seed)
        x = next(best_response_sweeps(game, flows, "simultaneous")).flows
        others = flows.sum(axis=0) - flows
        missed = np.maximum(0.0, game.wanted - others - x)
        rate = game.offset + game.slope * (others + 2 * x) - game.shortfall * missed
        assert violation(game, x) < 1e-9, seed
        assert best_exchange(game, rate, x).max() < 1e-6, seed


def test_an_exchange_that_gains_is_found():
    """The oracle above, by hand: cheap, then dear; and a level that is worth 3 below its target of 1."""
    game = StorageGame([0, 0], 1.0, [0], [2], [-1], [1], [0], [-1], [1], [1], False, 3.0, 0.5)
    rate = np.array([[1.0, 2.0]])
    plans = np.array([[1.0, 0.0], [0.0, 1.0], [0.0, 0.0], [1.0, -1.0]])
    assert [best_exchange(game, rate, plan[None])[0] for plan in plans] == [0.0, 1.0, 2.0, 1.0]


def test_numbers_of_any_kind_reach_the_compiled_loops():
    box = ([0, 0], [2, 2], [-9, -9], [9, 9], [0, 0], [-9, -9], [9, 9], [3, 3])
    game = StorageGame([1.0, 2.0], Fraction(1, 2), *box, False, Fraction(3, 2), np.float32(0.25))
    found = require(solve_storage_game(game))
    plain = solve_storage_game(StorageGame([1.0, 2.0], 0.5, *box, False, 1.5, 0.25))
    assert found.flows.tolist() == plain.flows.tolist()


def test_a_full_store_changes_the_price_it_sees():
    """By hand: cheap, cheap, dear; the store is full after the first slot and gives in the last."""
    game = StorageGame([0.0, 1.0, 9.0], 0.1, [0], [3], [-2], [2], [1], [0], [2], [0])
    plan = best_response(game, np.zeros((1, 3)), 0)
    assert plan == pytest.approx([1.0, 0.0, -2.0])


@pytest.mark.parametrize("change", [{"flow_high": [1, 0.1]}, {"level_start": [1, 5]}, {"level_target": [2, 4]}])
def test_infeasible_players_are_named(change):
    good = StorageGame(np.zeros(4), 1.0, [0, 0], [4, 4], [-1, -1], [1, 1], [1, 1], [0, 0], [3, 3], [2, 2])
    with pytest.raises(Infeasible, match="player 1"):
        replace(good, **change)


GAME = random_game(11, 4)
FOUND = solve_storage_game(GAME)
OTHER = replace(GAME, offset=GAME.offset[::-1], shortfall=None, wanted=None)


def test_gaps_bound_the_distance():
    """slope (|x - x*|^2 + |X - X*|^2) is at most the sum of the gaps, for any feasible plan."""
    other = solve_storage_game(OTHER, certify=False).flows
    for share in (0.01, 0.3, 1.0):
        x = (1 - share) * FOUND.flows + share * other
        apart = ((x - FOUND.flows) ** 2).sum() + ((x.sum(axis=0) - FOUND.total) ** 2).sum()
        assert GAME.slope * apart <= regret_bounds(GAME, x).sum() + 1e-9


def test_too_few_newton_steps_are_reported():
    found = solve_storage_game(random_game(2, 6), max_iter=0)
    with pytest.raises(NotAnEquilibrium, match="did not converge"):
        require(found)


def test_the_own_row_does_not_matter():
    """Not even what it holds outside the stay: the response is 0 there."""
    game = random_game(4)
    flows = FOUND.flows[:3] * game.present
    junk = flows.copy()
    junk[1] = 7.0
    assert best_response(game, junk, 1) == pytest.approx(best_response(game, flows, 1), abs=1e-9)
