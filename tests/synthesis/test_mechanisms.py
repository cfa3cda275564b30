"""One fleet, four mechanisms: each against other code, its theorems, and what breaks when a hypothesis goes."""

import sys
from dataclasses import replace

import cvxpy as cp
import numpy as np
import pytest

from v2g_nb.campus import Fleet, FleetGame
from v2g_nb.errors import Infeasible, InvalidInput
from v2g_nb.leader import Followers, demand, solve_leader
from v2g_nb.synthesis import (
    Town,
    draw_town,
    incentive_market,
    play,
    potential_bound,
    solve_aggregator,
    solve_incentives,
    solve_market,
    solve_posted_prices,
)

TOWNS = [draw_town(n, np.random.default_rng(n), lowest_pu=pu) for n, pu in ((40, 0.965), (25, 0.97), (50, 0.96))]
SOLVERS = (solve_posted_prices, solve_aggregator, solve_incentives, solve_market)
OTHER_KWH = 120.0  # the aggregator's default, of the campus chapters


@pytest.fixture(scope="module")
def made():
    """Return the outcome of every mechanism in every town."""
    return [{f.__name__: f(town).require() for f in SOLVERS} for town in TOWNS]


def optimum(town):
    """Return the central optimum by a general solver: welfare, and the price of every limit."""
    energy = [cp.Variable((town.size, town.hours), nonneg=True) for _ in (0, 1)]
    total, hour = cp.sum(energy[0] + energy[1], axis=1), np.arange(town.hours)
    worth = town.first_value @ total - town.first_value / (2 * town.room_kwh) @ cp.square(total)
    for e, power in zip(energy, town.power_kw, strict=True):
        worth -= cp.sum(cp.multiply(town.time_value[:, None] / power + town.energy_price, e))
    away = (hour < town.arrival[:, None]) | (hour >= town.departure[:, None])
    kept = town.limits.matrix @ cp.vstack([cp.sum(e, axis=0) for e in energy]) <= town.limits.right
    problem = cp.Problem(cp.Maximize(worth), [kept, *(cp.multiply(away, e) == 0 for e in energy)])
    problem.solve(solver=cp.CLARABEL)
    assert problem.status == cp.OPTIMAL
    return problem.value, kept.dual_value


def test_houses_that_leave_no_room_are_refused():
    with pytest.raises(InvalidInput, match="voltage"):
        replace(TOWNS[0], house_kw=[300.0] * 4, import_kw=1000.0)


@pytest.mark.parametrize("place", range(len(TOWNS)))
def test_the_market_is_the_central_optimum(made, place):
    """First welfare theorem: same welfare as a planner's optimum by another solver, same prices of limits."""
    town, market = TOWNS[place], made[place]["solve_market"]
    best, prices = optimum(town)
    assert market.welfare == pytest.approx(best, abs=1e-5)
    assert np.allclose(market.price, town.energy_price + town.limits.matrix.T @ prices, atol=1e-5)
    assert town.dual_bound(market.leader) == pytest.approx(best, abs=1e-5)


@pytest.mark.parametrize("place", range(len(TOWNS)))
def test_no_mechanism_beats_the_dual_bound_its_distance_divides_by_car_and_money_adds_up(made, place):
    town = TOWNS[place]
    mu = made[place]["solve_market"].leader
    bound = town.dual_bound(mu)
    for outcome in made[place].values():
        short, unused = outcome.loss_by_car(mu)
        assert (short > -1e-6).all()
        assert unused > -1e-6
        assert bound - outcome.welfare == pytest.approx(short.sum() + unused, abs=1e-8)
        money = outcome.car_surplus.sum() + outcome.seller_eur + outcome.grid_eur
        assert money == pytest.approx(outcome.welfare, abs=1e-7)
    other = np.random.default_rng(1).uniform(0, 0.1, mu.shape)  # any prices bound it, only worse
    assert town.dual_bound(other) > bound


# --- the aggregator -------------------------------------------------------------------------------------------------


def test_the_price_is_the_campuss():
    town, outcome = TOWNS[0], solve_aggregator(TOWNS[0])
    for j in (0, 1):
        drawn = outcome.energy_kwh[:, j].sum(axis=0)
        fleet = Fleet(town.hours, [0], [1], [0.5], [0.5], hours=1.0)
        game = FleetGame(fleet, np.zeros(town.hours), np.full(town.hours, OTHER_KWH), float(outcome.leader[0]))
        assert np.allclose(outcome.price[j], game.price(drawn))


@pytest.mark.parametrize("place", range(len(TOWNS)))
def test_the_potential_bounds_what_the_aggregator_loses(made, place):
    best, outcome = made[place]["solve_market"], made[place]["solve_aggregator"]
    lost = best.welfare - outcome.welfare
    bound = potential_bound(outcome, best)
    assert 0 < lost <= bound + 1e-6
    # the hypothesis: an equilibrium. Cars that charge nothing can lose more than the same formula says
    idle = replace(outcome, energy_kwh=np.zeros_like(best.energy_kwh), leader=np.array([1e-3, OTHER_KWH]))
    assert best.welfare > potential_bound(idle, best)


# --- posted prices ---------------------------------------------------------------------------------------------------


def quarter(crowd, cap=np.inf):
    """Return welfare at the monopoly price over welfare at the lowest price that keeps the cap."""
    grid = np.linspace(0, crowd.breakpoints[-1], 200_001)
    floor = grid[np.argmax(demand(crowd, grid).sum(axis=1) <= cap)]
    worth = []
    for markup in (solve_leader(crowd, 0.0, price_floor=float(floor)).price, floor):
        bought = demand(crowd, markup)
        worth.append(((crowd.intercept * bought - bought**2 / 2) / crowd.slope).sum())
    return worth[0] / worth[1]


def test_a_posted_price_loses_at_most_a_quarter_if_values_are_within_a_factor_of_two():
    rng = np.random.default_rng(3)
    for _ in range(60):
        n = rng.integers(1, 12)
        margin, slope = rng.uniform(0.5, 1.0, n), rng.uniform(1, 20, n)
        crowd = Followers(slope * margin, slope, np.zeros(n), 2 * slope)
        cap = np.inf if rng.random() < 0.5 else rng.uniform(0.2, 1.0) * (slope * margin).sum()
        assert quarter(crowd, cap) >= 0.75 - 1e-4
    assert quarter(Followers([7.0] * 3, [10.0] * 3, [0.0] * 3, [9.0] * 3)) == pytest.approx(0.75, abs=1e-4)


def test_clearing_prices_lose_less_than_posted_ones(made):
    for town, outcomes in zip(TOWNS, made, strict=True):
        clearing = solve_posted_prices(town, pricing="clearing").require()
        posted = outcomes["solve_posted_prices"].welfare
        assert posted < clearing.welfare < outcomes["solve_market"].welfare
        assert posted >= 0.75 * clearing.welfare


# --- incentives ------------------------------------------------------------------------------------------------------


def test_the_incentive_is_the_smallest_of_a_fine_scan(made):
    """Blind prices, choices and loads by hand: half of the mean, the larger margin, half of what is left."""
    for town, outcomes in zip(TOWNS, made, strict=True):
        for hour in range(town.hours):
            market = incentive_market(town, hour)
            a, b = market.intercept, market.curvature
            mean = (a / b[:, None]).sum(axis=0) / (1 / b).sum()

            def keeps(s, a=a, b=b, mean=mean, town=town, hour=hour):
                margin = a - [mean[0] / 2, (mean[1] - s) / 2]
                at = (margin[:, 1] >= margin[:, 0] - 1e-9).astype(int)
                bought = margin[np.arange(len(b)), at] / (2 * b)
                drawn = [bought[at == j].sum() for j in (0, 1)]
                return (town.limits.matrix @ drawn <= town.limits.right[:, hour] + 1e-12).all()

            chosen = float(outcomes["solve_incentives"].leader[hour])
            assert keeps(chosen)
            assert not any(keeps(s) for s in np.linspace(0, chosen - 1e-7, 400)) or chosen == 0.0


def test_a_grid_too_weak_for_any_incentive_is_named():
    with pytest.raises(Infeasible, match=r"hour = 0.*nearest the limit"):
        solve_incentives(draw_town(120, np.random.default_rng(1), lowest_pu=0.973))


# --- certificates that can fail, and what is told to whom ------------------------------------------------------------


def test_the_letters_are_enough_and_keep_what_they_promise(made):
    town, rng = TOWNS[0], np.random.default_rng(4)
    plays = {name: play(outcome, rng) for name, outcome in made[0].items()}
    for name, outcome in made[0].items():
        assert np.allclose(plays[name].energy_kwh, outcome.energy_kwh, atol=1e-5), name
    for name in ("solve_incentives", "solve_market"):  # the grid's operator hears of totals only
        to_operator = [m for m in plays[name].letters if m.receiver == "operator"]
        assert {m.what for m in to_operator} == {"load"}
        assert not any(m.sender.startswith("car") for m in to_operator)
    aggregator = plays["solve_aggregator"]
    assert {m.numbers for m in aggregator.letters if m.what == "plan"} == {2 * town.hours}


def test_letters_carry_the_other_demand_that_the_aggregator_reckons_with():
    town = draw_town(12, np.random.default_rng(12))
    outcome = solve_aggregator(town, other_kwh=40.0).require()
    assert outcome.leader[1] == 40.0
    assert np.allclose(play(outcome, np.random.default_rng(0)).energy_kwh, outcome.energy_kwh, atol=1e-5)


def test_a_range_of_prices_that_keeps_no_limit_is_named():
    crowd = draw_town(60, np.random.default_rng(60), import_kw=121.0)
    with pytest.raises(Infeasible, match=r"low = 0.0001, high = 0.0002: no price scale"):
        solve_aggregator(crowd, high=2e-4)


@pytest.mark.parametrize(
    "town",
    [
        Town([1.0, 0.3], [10.0, 10.0], [3.0, 3.0], [0, 0], [1, 1], [0.2], [50.0]),  # the second gains too little
        Town([1.0], [10.0], [20.0], [0], [1], [0.5], [50.0]),  # too slow a charger for a driver in a hurry
    ],
)
def test_cars_that_blind_stations_would_leave_out_are_named(town):
    with pytest.raises(InvalidInput, match=r"town: in hour 0 .* at least half of the largest there"):
        solve_incentives(town)


def test_without_clarabel_only_the_aggregator_is_missing(monkeypatch):
    monkeypatch.setitem(sys.modules, "clarabel", None)
    with pytest.raises(ImportError, match="clarabel is not installed"):
        solve_aggregator(TOWNS[0])
    solve_incentives(TOWNS[0]).require()


def test_a_bound_is_asked_of_the_aggregators_outcome_and_one_of_the_same_town(made):
    game, market = made[0]["solve_aggregator"], made[0]["solve_market"]
    with pytest.raises(InvalidInput, match=r"outcome = .*mechanism='local prices'"):
        potential_bound(market, game)
    with pytest.raises(InvalidInput, match=r"other = .*of the same town"):
        potential_bound(game, made[1]["solve_market"])
