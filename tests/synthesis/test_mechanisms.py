"""One fleet, four mechanisms: each against other code, its theorems, and what breaks when a hypothesis goes."""

from dataclasses import replace

import cvxpy as cp
import numpy as np
import pytest

from v2g_nb.campus import dynamic_price
from v2g_nb.certificate import require
from v2g_nb.errors import Infeasible, InvalidInput, NotConverged
from v2g_nb.games import SharedCost, StorageUsers, solve_potential_game
from v2g_nb.leader import Followers, demand, solve_leader
from v2g_nb.power import DispatchProblem, lindistflow, solve_dispatch
from v2g_nb.synthesis import (
    Town,
    car_surplus,
    charging_market,
    draw_town,
    dual_bound,
    loss_by_car,
    play,
    potential_bound,
    solve_aggregator,
    solve_incentives,
    solve_market,
    solve_posted_prices,
    welfare,
)
from v2g_nb.synthesis.aggregator import OTHER_KWH, respond
from v2g_nb.synthesis.certificates import (
    anticipation_certificates,
    best_surplus,
    market_certificates,
    shared_certificates,
)
from v2g_nb.synthesis.posted_prices import firm_shares, followers_at, match_hour, quotas_of_hour
from v2g_nb.synthesis.town import car_value, town_feeder

TOWNS = [draw_town(n, np.random.default_rng(n), lowest_pu=pu) for n, pu in ((40, 0.965), (25, 0.97), (50, 0.96))]
SOLVERS = (solve_posted_prices, solve_aggregator, solve_incentives, solve_market)
HOUSE_KVAR = 0.3


@pytest.fixture(scope="module")
def made():
    """Return the outcome of every mechanism in every town."""
    return [{f.__name__: require(f(town)) for f in SOLVERS} for town in TOWNS]


def optimum(town):
    """Return the central optimum by a general solver: welfare, and the price of every limit."""
    energy = {(j, t): cp.Variable(town.size, nonneg=True) for j in (0, 1) for t in range(town.hours)}
    total = sum(energy.values())
    worth = town.first_value @ total - cp.sum(cp.multiply(town.first_value / (2 * town.room_kwh), cp.square(total)))
    cost = sum(
        (town.time_value / town.power_kw[j]) @ e + town.energy_price[t] * cp.sum(e) for (j, t), e in energy.items()
    )
    rows, rules = [], []
    for (_, t), e in energy.items():
        away = np.flatnonzero((t < town.arrival) | (t >= town.departure))
        rules += [e[away] == 0] if len(away) else []
    for t in range(town.hours):
        drawn = cp.hstack([cp.sum(energy[0, t]), cp.sum(energy[1, t])])
        rows.append(town.limits.matrix @ drawn <= town.limits.right[:, t])
    problem = cp.Problem(cp.Maximize(worth - cost), rows + rules)
    problem.solve(solver=cp.CLARABEL)
    assert problem.status == cp.OPTIMAL
    return problem.value, np.array([row.dual_value for row in rows]).T


def test_the_rows_of_limits_are_the_feeders():
    """At the edge of each voltage row the linear power flow gives exactly the lowest voltage."""
    town = TOWNS[0]
    for row, bus in ((3, 2), (4, 3)):
        for mix in (0.0, 0.4, 1.0):
            direction = np.array([mix, 1 - mix])
            drawn = direction * town.limits.right[row, 1] / (town.limits.matrix[row] @ direction)
            load = [0.0, town.house_kw[1], *drawn]
            flow = lindistflow(town_feeder(), load, [0.0, HOUSE_KVAR * town.house_kw[1], 0.0, 0.0])
            assert flow.voltage_pu[bus] == pytest.approx(town.lowest_pu, abs=1e-12)
    assert np.array_equal(town.limits.right[2], town.import_kw - town.house_kw)


def test_houses_that_leave_no_room_are_refused():
    with pytest.raises(InvalidInput, match="voltage"):
        replace(TOWNS[0], house_kw=[300.0] * 4, import_kw=1000.0)
    with pytest.raises(InvalidInput, match="departure"):
        Town([1.0], [10.0], [3.0], [1], [1], [0.2, 0.2], [50.0, 50.0])


@pytest.mark.parametrize("place", range(len(TOWNS)))
def test_the_market_is_the_central_optimum(made, place):
    """First welfare theorem: same welfare as a planner's optimum by another solver, same prices of limits."""
    town, market = TOWNS[place], made[place]["solve_market"]
    best, prices = optimum(town)
    assert welfare(town, market) == pytest.approx(best, abs=1e-5)
    assert np.allclose(market.price, town.energy_price + town.limits.matrix.T @ prices, atol=1e-5)
    assert dual_bound(town, market.leader) == pytest.approx(best, abs=1e-5)


@pytest.mark.parametrize("place", range(len(TOWNS)))
def test_the_citys_dispatch_finds_the_same_prices(made, place):
    """One hour at a time, each car a generator of energy that it does without: same loads, same local prices."""
    town, market = TOWNS[place], made[place]["solve_market"]
    w, n = town.first_value, town.room_kwh
    for t in range(town.hours):
        load, gens = np.array([0.0, town.house_kw[t], 0.0, 0.0]), []
        for j in (0, 1):
            for i in np.flatnonzero((town.arrival <= t) & (t < town.departure)):
                elsewhere = market.energy_kwh[i].sum() - market.energy_kwh[i, j, t]
                appetite = n[i] * (1 - town.time_cost[i, j] / w[i]) - elsewhere
                if appetite > 0:
                    load[2 + j] += appetite
                    gens.append((2 + j, w[i] / n[i], appetite))
        buses, slopes, most = zip(*gens, strict=True)
        none = np.zeros(len(gens))
        feeder = replace(town_feeder(), rating_kva=[np.inf, *(town.chargers * town.power_kw)])
        found = solve_dispatch(
            DispatchProblem(
                feeder, load, [0.0, HOUSE_KVAR * town.house_kw[t], 0.0, 0.0], buses, none, slopes, most, none,
                town.energy_price[t], import_kw=town.import_kw, import_kvar=1e4, lowest_pu=town.lowest_pu,
            )
        )  # fmt: skip
        drawn = market.energy_kwh[:, :, t].sum(axis=0)
        assert np.allclose(found.active_kw[1:], drawn, atol=1e-4)
        used = drawn > 1e-3
        assert np.allclose(found.dlmp[2:][used], market.price[used, t], atol=1e-5)


def test_without_divisible_energy_there_may_be_no_market_price():
    """The hypothesis that energy is divisible: two cars that want 10 kWh or nothing, and a limit of 15."""
    worth, limit = 4.0, 15.0
    for price in np.linspace(0, 1, 1001):
        surplus = worth - 10 * price
        demands = {0.0, 10.0} if abs(surplus) < 1e-12 else {10.0} if surplus > 0 else {0.0}
        totals = {a + b for a in demands for b in demands}
        clears = any(d <= limit and (price == 0 or d == limit) for d in totals)
        assert not clears


@pytest.mark.parametrize("place", range(len(TOWNS)))
def test_no_mechanism_beats_the_dual_bound_and_its_distance_divides_by_car(made, place):
    town = TOWNS[place]
    mu = made[place]["solve_market"].leader
    bound = dual_bound(town, mu)
    for outcome in made[place].values():
        short, unused = loss_by_car(town, outcome.energy_kwh, mu)
        assert (short > -1e-6).all()
        assert unused > -1e-6
        assert bound - welfare(town, outcome) == pytest.approx(short.sum() + unused, abs=1e-8)
    other = np.random.default_rng(1).uniform(0, 0.1, mu.shape)  # any prices bound it, only worse
    assert dual_bound(town, other) > bound


@pytest.mark.parametrize("place", range(len(TOWNS)))
def test_money_adds_up(made, place):
    town = TOWNS[place]
    for outcome in made[place].values():
        parts = car_surplus(town, outcome).sum() + outcome.seller_eur + outcome.grid_eur
        assert parts == pytest.approx(welfare(town, outcome), abs=1e-7)


def test_what_one_car_gains_at_most_by_trying_everything():
    town, rng = TOWNS[0], np.random.default_rng(2)
    price = rng.uniform(0.1, 0.6, (2, town.hours))
    best = best_surplus(town, price)
    for i in range(8):
        tried = [
            town.first_value[i] * (x - x**2 / (2 * town.room_kwh[i])) - x * (price[j, t] + town.time_cost[i, j])
            for j in (0, 1)
            for t in range(town.arrival[i], town.departure[i])
            for x in np.linspace(0, town.room_kwh[i], 2001)
        ]
        assert best[i] == pytest.approx(max(tried), abs=1e-5)


# --- the aggregator -------------------------------------------------------------------------------------------------


def test_at_given_energies_the_campus_solver_finds_the_same_plans():
    """Places and hours are the slots of the storage game; without time cost the order within an hour is free."""
    town = replace(TOWNS[0], time_value=np.zeros(TOWNS[0].size))
    p = 0.004
    energy = respond(town, p)
    flat = energy.transpose(0, 2, 1).reshape(town.size, -1)  # hour by hour, both stations
    none, total = np.zeros(town.size), flat.sum(axis=1)
    users = StorageUsers(
        2 * town.hours, 2 * town.arrival, 2 * town.departure, none, np.full(town.size, 50.0), none, none, total, total
    )
    found = solve_potential_game(users, SharedCost(np.full(2 * town.hours, p * OTHER_KWH), p))
    assert np.allclose(found.flows, flat, atol=1e-5)


def test_the_price_is_the_campus_rooms():
    town, outcome = TOWNS[0], solve_aggregator(TOWNS[0])
    for j in (0, 1):
        drawn = outcome.energy_kwh[:, j].sum(axis=0)
        asked = dynamic_price(outcome.leader[0], np.full(town.hours, OTHER_KWH), drawn, np.zeros(town.hours))
        assert np.allclose(outcome.price[j], asked)


def test_a_plan_that_the_solver_gave_up_on_is_no_equilibrium():
    """A kWh costs two million euros, 186 times its worth; Clarabel gives up at a plan that buys."""
    town = Town([12000.0], [0.137], [2e-4], [0], [1], [0.2], [50.0])
    with pytest.raises(NotConverged, match=r"price_base = 0\.00223: Clarabel stopped with status"):
        respond(town, 0.00223, other_kwh=1e9)


def test_no_other_price_scale_earns_more(made):
    town, outcome = TOWNS[0], made[0]["solve_aggregator"]
    for p in outcome.leader[0] * np.geomspace(0.2, 5, 41):
        total = respond(town, float(p)).sum(axis=0)
        keeps = (town.limits.matrix @ total <= town.limits.right).all()
        earned = ((p * (OTHER_KWH + total) - town.energy_price) * total).sum()
        assert earned <= outcome.seller_eur + 1e-4 or not keeps


@pytest.mark.parametrize("place", range(len(TOWNS)))
def test_the_potential_bounds_what_the_aggregator_loses(made, place):
    town, best = TOWNS[place], made[place]["solve_market"]
    outcome = made[place]["solve_aggregator"]
    lost = welfare(town, best) - welfare(town, outcome)
    bound = potential_bound(town, float(outcome.leader[0]), outcome.energy_kwh, best.energy_kwh)
    assert 0 < lost <= bound + 1e-6
    # the hypothesis: an equilibrium. Cars that charge nothing can lose more than the same formula says
    idle = np.zeros_like(best.energy_kwh)
    assert welfare(town, best) > potential_bound(town, 1e-3, idle, best.energy_kwh)


def test_identical_cars_lose_a_quarter_whatever_their_number():
    """One place, free energy, B = 0: sales are half of the optimum's, welfare three quarters."""
    for n in (1, 3, 10):
        town = Town(
            np.ones(n), np.full(n, 10.0), np.zeros(n), np.zeros(n), np.ones(n), [0.0], [1.0],
            chargers=(30, 30), power_kw=(50.0, 50.0), import_kw=1e5, lowest_pu=0.1,
        )  # fmt: skip
        # two equal places are one place with half the slope
        found = solve_aggregator(town, other_kwh=0.0, points=15)
        each = found.energy_kwh.sum(axis=(1, 2))
        assert np.allclose(each, 5.0, atol=1e-3)
        assert welfare(town, found) / (n * 5.0) == pytest.approx(0.75, abs=1e-4)


def one_place_share(cars, other):
    """Return the share of welfare left where the revenue y (1-y) (B+Ny) / (B+(N+1)y) of identical cars is largest."""
    y = np.linspace(1e-6, 1, 400_001)
    revenue = y * (1 - y) * (other + cars * y) / (other + (cars + 1) * y)
    best = y[np.argmax(revenue)]
    return 1 - (1 - best) ** 2


def test_identical_cars_with_other_demand_are_bounded_by_the_closed_form():
    for n in (1, 2, 5, 20):
        delta = 1 / (np.sqrt(n) + np.sqrt(n + 1)) ** 2
        bound, worst_at = 1 - 1 / (2 - delta) ** 2, np.sqrt(n * (n + 1)) * (1 - delta) / (2 - delta)
        shares = [one_place_share(n, other) for other in [0.0, *np.geomspace(1e-2, 1e2, 41) * n]]
        assert min(shares) >= bound - 1e-5
        assert one_place_share(n, worst_at) == pytest.approx(bound, abs=1e-4)


# --- posted prices ---------------------------------------------------------------------------------------------------


def test_matching_and_quotas(made):
    for town, outcomes in zip(TOWNS, made, strict=True):
        outcome = outcomes["solve_posted_prices"]
        for hour in range(town.hours):
            quotas, here = quotas_of_hour(town, hour), np.flatnonzero(town.arrival == hour)
            partner = match_hour(town, hour).partner
            assert all((partner == j).sum() <= quotas[j] for j in (0, 1))
            if quotas.sum() == len(here):
                assert (partner >= 0).all()
            # all prefer the fast station; it holds the emptiest
            fast = town.room_kwh[here][partner == 0]
            others = town.room_kwh[here][partner != 0]
            assert not len(others) or fast.min() >= others.max()
            assert (outcome.energy_kwh[here[partner < 0]] == 0).all()


def test_firm_shares_break_no_limit_together():
    for town in TOWNS:
        shares = firm_shares(town)
        assert (town.limits.matrix @ shares <= town.limits.right + 1e-9).all()
        full = np.isclose(town.limits.matrix @ shares, town.limits.right).any(axis=0)
        assert (full | np.isclose(shares[0], town.chargers[0] * town.power_kw[0])).all()


def test_posted_prices_are_the_best_within_the_share(made):
    town, outcome = TOWNS[0], made[0]["solve_posted_prices"]
    shares = firm_shares(town)
    for hour in range(town.hours):
        here, partner = np.flatnonzero(town.arrival == hour), match_hour(town, hour).partner
        for j in (0, 1):
            crowd = followers_at(town, j, hour, here[partner == j])
            markups = np.linspace(0, 1, 20_001)
            sold = demand(crowd, markups).sum(axis=1)
            earned = np.where(sold <= shares[j, hour] + 1e-9, markups * sold, -1)
            at = outcome.price[j, hour] - town.energy_price[hour]
            assert at == pytest.approx(markups[np.argmax(earned)], abs=1e-4)


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


def test_with_values_further_apart_a_posted_price_can_lose_more():
    """One car values the first kWh at 1, many at 0.2: the station serves the one and loses the rest."""
    assert quarter(Followers([1.0, 1.0], [1.0, 5.0], [0.0, 0.0], [2.0, 10.0])) < 0.7


def test_clearing_prices_lose_less_than_posted_ones(made):
    for town, outcomes in zip(TOWNS, made, strict=True):
        clearing = require(solve_posted_prices(town, pricing="clearing"))
        posted = welfare(town, outcomes["solve_posted_prices"])
        assert posted < welfare(town, clearing) < welfare(town, outcomes["solve_market"])
        assert posted >= 0.75 * welfare(town, clearing)


# --- incentives ------------------------------------------------------------------------------------------------------


def test_the_incentive_is_the_smallest_of_a_fine_scan(made):
    """Blind prices, choices and loads by hand: half of the mean, the larger margin, half of what is left."""
    for town, outcomes in zip(TOWNS, made, strict=True):
        for hour in range(town.hours):
            market = charging_market(town, hour)
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


@pytest.mark.parametrize("spoil", [1e-2, np.nan])
def test_a_spoilt_outcome_fails(made, spoil):
    town = TOWNS[0]
    for outcome in made[0].values():
        paid = outcome.payment_eur.copy()
        paid[3] += spoil
        proof = shared_certificates(town, outcome.energy_kwh, paid, outcome.seller_eur, outcome.grid_eur)
        assert not proof[2].holds
        energy = outcome.energy_kwh.copy()
        away = town.arrival.argmax()
        energy[away, 0, 0] += spoil
        proof = shared_certificates(town, energy, outcome.payment_eur, outcome.seller_eur, outcome.grid_eur)
        assert not proof[0].holds
        seller = shared_certificates(town, outcome.energy_kwh, outcome.payment_eur, outcome.seller_eur + spoil, 0.0)
        assert not all(c.holds for c in seller)
    heavy = made[0]["solve_market"].energy_kwh * 1.01
    assert not shared_certificates(town, heavy, np.zeros(town.size), 0.0, 0.0)[1].holds


@pytest.mark.parametrize("spoil", [1e-1, np.nan])
def test_a_spoilt_market_or_game_fails(made, spoil):
    town, market, game = TOWNS[0], made[0]["solve_market"], made[0]["solve_aggregator"]
    for block in ("energy_kwh", "price", "leader"):
        values = {name: getattr(market, name).copy() for name in ("energy_kwh", "price", "leader")}
        values[block].flat[np.argmax(values[block])] += spoil
        proof = market_certificates(town, values["energy_kwh"], values["price"], values["leader"])
        assert not all(c.holds for c in proof), block
    energy = game.energy_kwh.copy()
    energy.flat[np.argmax(energy)] += spoil
    assert not anticipation_certificates(town, energy, float(game.leader[0]), OTHER_KWH)[0].holds


def test_the_letters_are_enough_and_keep_what_they_promise(made):
    town, rng = TOWNS[0], np.random.default_rng(4)
    plays = {name: play(town, outcome, rng) for name, outcome in made[0].items()}
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
    outcome = require(solve_aggregator(town, other_kwh=40.0))
    assert outcome.leader[1] == 40.0
    assert np.allclose(play(town, outcome, np.random.default_rng(0)).energy_kwh, outcome.energy_kwh, atol=1e-5)


def test_the_outcome_of_another_town_is_refused(made):
    for outcome in made[0].values():
        with pytest.raises(InvalidInput, match=r"outcome = .*one of this town"):
            play(TOWNS[1], outcome, np.random.default_rng(0))


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


def test_no_more_chargers_than_can_be_counted():
    with pytest.raises(InvalidInput, match=r"chargers\[0\] = 1e\+30"):
        Town([1.0], [10.0], [3.0], [0], [1], [0.2], [50.0], chargers=(1e30, 4))


def test_prices_alone_do_not_settle_a_market(made):
    """Cars that are told nothing but prices, and all take the first of their best options, overload a limit."""
    town, market = TOWNS[0], made[0]["solve_market"]
    told = play(town, market, np.random.default_rng(5)).told
    assert told
    energy = np.zeros_like(market.energy_kwh)
    cost = market.price + town.time_cost[:, :, None]
    for i in range(town.size):
        stay = slice(town.arrival[i], town.departure[i])
        j, t = np.argwhere(cost[i][:, stay] <= cost[i][:, stay].min() + 1e-6)[0]
        energy[i, j, t + town.arrival[i]] = market.energy_kwh[i].sum()
    assert (town.limits.matrix @ energy.sum(axis=0) > town.limits.right * 1.05).any()
    assert car_value(town, energy).sum() == pytest.approx(
        car_value(town, market.energy_kwh).sum(), rel=0.02
    )  # no car minds
