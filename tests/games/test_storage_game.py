"""The storage game: best responses against a general solver, the dual, certificates that can fail."""

from dataclasses import replace
from fractions import Fraction

import cvxpy as cp
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.campus.instances import scaled_game
from v2g_nb.certificate import require
from v2g_nb.errors import Infeasible, InvalidInput, NotAnEquilibrium
from v2g_nb.games import (
    SharedCost,
    StorageUsers,
    best_response,
    best_response_sweeps,
    player_costs,
    potential,
    solve_potential_game,
)
from v2g_nb.games import dual as potential_game
from v2g_nb.games.dual import dual_newton, equilibrium_sensitivity
from v2g_nb.games.storage_certificates import certificates_of_gaps, certify_plans, tangent_gaps, violation


def random_game(seed: int, players: int = 3, slots: int = 12, hard: bool = True):
    rng = np.random.default_rng(seed)
    first = rng.integers(0, slots - 6, players)
    stop = np.minimum(slots, first + rng.integers(5, slots, players))
    start = rng.uniform(2.0, 8.0, players)
    high = rng.uniform(2.0, 4.0, players)
    target = np.minimum(start + 0.6 * high * (stop - first), rng.uniform(5.0, 10.0, players))
    below, above = (0.0, 0.0) if hard else (1.5, 0.2)
    users = StorageUsers(
        slots, first, stop, -high, high, start, np.zeros(players), np.full(players, 10.0), target, hard, below, above
    )
    weight = rng.uniform(0.0, 2.0, slots) * (rng.random(slots) < 0.5)
    return users, SharedCost(rng.normal(0, 3, slots), rng.uniform(0.2, 1.0), weight, rng.normal(1, 4, slots))


def general_response(users, shared, flows, i):
    """Return the least cost of player i by a general solver."""
    x = cp.Variable(users.slots)
    others = flows.sum(axis=0) - flows[i]
    cost = (shared.offset + shared.slope * others) @ x + shared.slope * cp.sum_squares(x)
    cost += 0.5 * shared.shortfall @ cp.square(cp.pos(shared.wanted - others - x))
    level = users.level_start[i] + cp.cumsum(x)
    inside = users.present[i]
    rules = [x[~inside] == 0, x >= users.flow_low[i], x <= users.flow_high[i], level >= 0, level <= 10.0]
    missing = users.level_target[i] - level[-1]
    if users.hard:
        rules.append(missing <= 0)
    else:
        cost += users.value_above * missing + (users.value_below - users.value_above) * cp.pos(missing)
    cp.Problem(cp.Minimize(cost), rules).solve(solver="CLARABEL")
    return x.value


@pytest.mark.parametrize("hard", [True, False])
@pytest.mark.parametrize("seed", range(8))
def test_best_response_is_the_general_solver_s(seed, hard):
    users, shared = random_game(seed, hard=hard)
    flows = np.random.default_rng(seed).normal(0, 2, (3, 12)) * users.present
    for i in range(3):
        ours = best_response(users, shared, flows, i)
        assert np.abs(ours - general_response(users, shared, flows, i)).max() < 1e-3


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 10**6), st.booleans(), st.integers(1, 6))
def test_every_game_is_solved_and_certified(seed, hard, players):
    users, shared = random_game(seed, players, hard=hard)
    found = require(solve_potential_game(users, shared))
    moved = found.flows.copy()
    moved[0] = best_response(users, shared, found.flows, 0)
    assert np.abs(moved - found.flows).max() < 1e-6


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 10**6), st.booleans())
def test_a_best_response_never_raises_cost_or_potential(seed, hard):
    users, shared = random_game(seed, hard=hard)
    steps = best_response_sweeps(users, shared, np.zeros((3, 12)), "random", np.random.default_rng(seed))
    plans = [next(steps).flows for _ in range(4)]
    values = [potential(users, shared, p) for p in plans]
    assert (np.diff(values) <= 1e-9 * (1 + np.abs(values[0]))).all()
    moved = plans[-1].copy()
    moved[1] = best_response(users, shared, moved, 1)
    after, before = (player_costs(users, shared, p)[1] for p in (moved, plans[-1]))
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
    users = StorageUsers(slots, *stay, -high, high, start, floor, ceiling, target, bool(seed % 2), 2.0, 0.1)
    flows = rng.uniform(-1, 1, (players, slots)) * high[:, None]
    total = flows.sum(axis=0)
    offset, wanted = rng.uniform(0, 1, slots) - slope * total, total + rng.normal(0, 20, slots)
    return users, SharedCost(offset, slope, shortfall, wanted), flows


def best_exchange(users, rate, x, near=1e-7):
    """Return what each player gains a kWh by the best move of flow from a slot to another, or out of the end.

    A store's plan is a flow on a path, so it is optimal if and only if no such exchange gains. Room
    smaller than `near` is none. All slots belong to the stay.
    """
    level = users.level_start[:, None] + np.cumsum(x, axis=1)
    more, less = x < users.flow_high[:, None] - near, x > users.flow_low[:, None] + near
    rises, falls = level < users.level_high[:, None] - near, level > users.level_low[:, None] + near
    missing = users.level_target - level[:, -1]
    below, above = np.inf if users.hard else users.value_below, users.value_above
    best = np.zeros(len(x))
    for t in range(users.slots):
        up, down = more[:, t].copy(), less[:, t].copy()
        for s in range(t + 1, users.slots):  # more now and less later, or the reverse
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
        users, shared, flows = flat_game(seed)
        x = next(best_response_sweeps(users, shared, flows, "simultaneous")).flows
        others = flows.sum(axis=0) - flows
        missed = np.maximum(0.0, shared.wanted - others - x)
        rate = shared.offset + shared.slope * (others + 2 * x) - shared.shortfall * missed
        assert violation(users, x) < 1e-9, seed
        assert best_exchange(users, rate, x).max() < 1e-6, seed


def test_an_exchange_that_gains_is_found():
    """The oracle above, by hand: cheap, then dear; and a level that is worth 3 below its target of 1."""
    users = StorageUsers(2, [0], [2], [-1], [1], [0], [-1], [1], [1], False, 3.0, 0.5)
    rate = np.array([[1.0, 2.0]])
    plans = np.array([[1.0, 0.0], [0.0, 1.0], [0.0, 0.0], [1.0, -1.0]])
    assert [best_exchange(users, rate, plan[None])[0] for plan in plans] == [0.0, 1.0, 2.0, 1.0]


def test_dual_rises_to_the_potential():
    """Weak duality on the way, strong duality at the end."""
    users, shared = random_game(3, 6)
    found = solve_potential_game(users, shared)
    least = potential(users, shared, found.flows)
    for step, _ in zip(dual_newton(users, shared), range(15), strict=False):
        assert step.value <= least + 1e-9 * (1 + abs(least))
    assert step.value == pytest.approx(least, rel=1e-9, abs=1e-9)


def test_sensitivity_agrees_with_differences():
    users, shared = random_game(5, 6)
    found = solve_potential_game(users, shared)
    direction = np.random.default_rng(1).normal(0, 1, 12)
    h = 1e-6

    def total(by):
        other = SharedCost(shared.offset + by * direction, shared.slope + by * 0.3, shared.shortfall, shared.wanted)
        return solve_potential_game(users, other, certify=False).total

    exact = equilibrium_sensitivity(users, shared, found, direction, 0.3)
    assert np.abs((total(h) - total(-h)) / (2 * h) - exact).max() < 1e-6


def test_sensitivity_refuses_the_equilibrium_of_another_number_of_slots():
    games = [(random_game(5, 2, slots), slots) for slots in (12, 13)]
    found = [solve_potential_game(*game, certify=False) for game, _ in games]
    for (game, slots), other in zip(games, found[::-1], strict=True):
        with pytest.raises(InvalidInput, match=rf"found.price .* must have shape \({slots},\)"):
            equilibrium_sensitivity(*game, other, np.ones(slots), 0.0)
    short = replace(found[0], total=found[1].total)
    with pytest.raises(InvalidInput, match=r"found.total .* must have shape \(12,\)"):
        equilibrium_sensitivity(*games[0][0], short, np.ones(12), 0.0)


def test_numbers_of_any_kind_reach_the_compiled_loops():
    box = ([0, 0], [2, 2], [-9, -9], [9, 9], [0, 0], [-9, -9], [9, 9], [3, 3])
    users = StorageUsers(2, *box, False, Fraction(3, 2), np.float32(0.25))
    found = require(solve_potential_game(users, SharedCost([1.0, 2.0], Fraction(1, 2))))
    plain = solve_potential_game(StorageUsers(2, *box, False, 1.5, 0.25), SharedCost([1.0, 2.0], 0.5))
    assert found.flows.tolist() == plain.flows.tolist()


@pytest.mark.parametrize("gaps", [["1"], [True], [None], [1j]])
def test_gaps_that_are_no_numbers_prove_nothing(gaps):
    with pytest.raises(InvalidInput, match=r"gaps = .* must be an array of numbers"):
        certificates_of_gaps(gaps, 1.0, 1.0)


def test_a_full_store_changes_the_price_it_sees():
    """By hand: cheap, cheap, dear; the store is full after the first slot and gives in the last."""
    users = StorageUsers(3, [0], [3], [-2], [2], [1], [0], [2], [0])
    plan = best_response(users, SharedCost([0.0, 1.0, 9.0], 0.1), np.zeros((1, 3)), 0)
    assert plan == pytest.approx([1.0, 0.0, -2.0])


@pytest.mark.parametrize("bound", ["flow", "level", "target"])
def test_infeasible_players_are_named(bound):
    good = {"slots": 4, "first": [0, 0], "stop": [4, 4], "flow_low": [-1, -1], "flow_high": [1, 1],
            "level_start": [1, 1], "level_low": [0, 0], "level_high": [3, 3], "level_target": [2, 2]}  # fmt: skip
    StorageUsers(**good)
    change = {"flow": {"flow_high": [1, 0.1]}, "level": {"level_start": [1, 5]}, "target": {"level_target": [2, 4]}}
    with pytest.raises(Infeasible, match="player 1"):
        StorageUsers(**(good | change[bound]))


USERS, SHARED = random_game(11, 4)
FOUND = solve_potential_game(USERS, SHARED)


@pytest.mark.parametrize("player", range(4))
def test_a_mutated_plan_is_caught(player):
    for spoil in (lambda row: row + 1e-4, lambda row: row * 0.98 - 0.02, lambda row: row * np.nan):
        flows = FOUND.flows.copy()
        flows[player] = spoil(flows[player])
        assert not all(c.holds for c in certify_plans(USERS, SHARED, flows))


def test_certificates_refuse_a_feasible_plan_that_is_not_an_equilibrium():
    other = random_game(11, 4)[0], SharedCost(SHARED.offset[::-1], SHARED.slope)
    wrong = solve_potential_game(*other, certify=False)
    notes = certify_plans(USERS, SHARED, wrong.flows)
    assert notes[0].holds
    assert not any(c.holds for c in notes[1:])


def test_gaps_bound_the_distance():
    """slope (|x - x*|^2 + |X - X*|^2) is at most the sum of the gaps, for any feasible plan."""
    other = solve_potential_game(USERS, SharedCost(SHARED.offset[::-1], SHARED.slope), certify=False).flows
    for share in (0.01, 0.3, 1.0):
        x = (1 - share) * FOUND.flows + share * other
        total = x.sum(axis=0)
        rate = SHARED.offset + SHARED.slope * (total + x) - SHARED.shortfall * np.maximum(0, SHARED.wanted - total)
        apart = ((x - FOUND.flows) ** 2).sum() + ((total - FOUND.total) ** 2).sum()
        assert SHARED.slope * apart <= tangent_gaps(USERS, x, rate).sum() + 1e-9


def test_too_few_newton_steps_are_reported():
    users, shared = random_game(2, 6)
    found = solve_potential_game(users, shared, max_iter=0)
    with pytest.raises(NotAnEquilibrium, match="did not converge"):
        require(found)


def test_a_sample_of_the_players_finds_the_same_equilibrium(monkeypatch):
    """Where players are many, a sample gives the start; the answer is that of the start without a sample."""
    users, shared = random_game(7, 40, 16)
    plain = solve_potential_game(users, shared, certify=False)
    monkeypatch.setattr(potential_game, "SAMPLE", 10)
    sampled = require(solve_potential_game(users, shared))
    assert np.abs(sampled.flows - plain.flows).max() < 1e-6


def test_many_players_take_few_newton_steps():
    """The sample's prices alone would not do: its mean plan and two sweeps over all players do."""
    game = scaled_game(3000)
    started = potential_game._warm(game.users, game.shared)
    found = solve_potential_game(game.users, game.shared, certify=False)
    assert found.converged
    assert found.num_iter <= 6
    assert np.abs(started - found.total).max() < 0.02 * np.abs(found.total).max()
    balance = game.shared.slope * np.abs(found.flows.sum(axis=0) - found.total)
    assert balance.max() < 1e-9
