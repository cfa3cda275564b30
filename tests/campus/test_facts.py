"""The facts that the campus chapters prove: each with its hypotheses, and without one of them."""

from dataclasses import replace
from itertools import islice

import numpy as np
import pytest

from tests.campus.instances import calibrated_game, free_cars, one_program, regret, scaled_game, selected_fleet
from v2g_nb.campus import (
    Campus,
    Fleet,
    FleetGame,
    certify_fleet,
    gradient_ascent,
    printed_best_response,
    profit_slope,
    regret_bounds,
    solve_aggregator_price,
    solve_fleet,
)
from v2g_nb.certificate import require
from v2g_nb.games import best_response, best_response_sweeps

P, K, HOURS, SURPLUS = 0.002, 0.002, 0.25, 40.0
A = P * HOURS
TWO = FleetGame(Fleet(2, [0, 0], [2, 2], [0.5, 0.5], [0.5, 0.5], hours=0.25), [SURPLUS, 0.0], [0.0, 0.0], P, K)
# In closed form each car takes 360/19 kW, or gives 140/11 kW and takes it back.
BOTH_CHARGE = SURPLUS / 2 * (A + 2 * K) / (1.5 * A + 2 * K) * np.array([[1.0, 0.0], [1.0, 0.0]])
BOTH_GIVE = SURPLUS / 2 * (2 * K - A) / (3 * A + 2 * K) * np.array([[-1.0, 1.0], [-1.0, 1.0]])
CAMPUS, FLEET = Campus.calibrated(), selected_fleet(1)
SOFT = {"soc_weight": 20.0, "hard_target": False}
REQUEST = np.array([60.0, 25.0, 0.0, -45.0, -40.0])
WAVE = 40.0 * np.cos(2 * np.pi * np.arange(48) / 48)


# 1. Uniqueness fails with the printed deviation term.


@pytest.mark.parametrize("plan", [BOTH_CHARGE, BOTH_GIVE], ids=["charge", "give"])
def test_printed_term_has_two_equilibria(plan):
    """At each profile the mixed-integer best response of each car costs no less than what it does."""
    for car in (0, 1):
        best = require(printed_best_response(TWO, plan, car, tol=1e-7))
        own = float(TWO.car_costs(plan, printed=True).total_eur[car])
        assert own - best.bound_eur < 2e-7
        assert np.abs(best.plan_kw - plan[car]).max() < 2e-2  # the cost is flat: 1e-7 EUR is 1e-2 kW


def test_strong_chargers_leave_the_second_equilibrium():
    """Without the limit of 22 kW a car crosses the hill between the two branches of its cost."""
    for power, leaves in [(22.0, False), (60.0, True)]:
        game = replace(TWO, fleet=replace(TWO.fleet, power_kw=power))
        best = require(printed_best_response(game, BOTH_GIVE, 0, tol=1e-7))
        saved = float(game.car_costs(BOTH_GIVE, printed=True).total_eur[0]) - best.cost_eur
        assert (saved > 1.0) == leaves
        assert (best.plan_kw[0] > 40.0) == leaves


def test_a_small_penalty_has_no_second_equilibrium():
    """For 2 k <= a the formula's total is not negative, and answers in turn leave any profile that gives."""
    weight = 0.4 * A
    assert -SURPLUS * (2 * weight - A) / (3 * A + 2 * weight) > 0
    game, plan = replace(TWO, deviation_weight=weight), BOTH_GIVE.copy()
    for turn in range(8):
        plan[turn % 2] = require(printed_best_response(game, plan, turn % 2, tol=1e-7)).plan_kw
    assert plan[:, 0].min() > 5.0


def test_without_the_absolute_value_one_of_them_goes():
    assert np.abs(solve_fleet(TWO).plan_kw - BOTH_CHARGE).max() < 1e-9
    assert regret_bounds(TWO, BOTH_CHARGE).max() < 1e-12
    assert regret_bounds(TWO, BOTH_GIVE).min() > 0.1
    assert regret(TWO, BOTH_GIVE, 0) > 0.1  # and the regret is real, not only a bound


def test_forms_agree_where_the_others_cover_the_worst_discharge():
    game = calibrated_game()
    request = game.request_kw
    game = replace(game, request_kw=np.where((request > 0) & (request < 60.0), 0.0, request))
    plan = solve_fleet(game).plan_kw
    others = plan.sum(axis=0) - plan
    covered = (others[:, game.request_kw > 0] - game.fleet.power_kw[:, None] >= 0).all(axis=1)
    assert covered.any()
    for car in np.flatnonzero(covered)[:2]:
        printed = require(printed_best_response(game, plan, int(car), tol=1e-7))
        assert printed.binaries == 0
        assert printed.cost_eur == pytest.approx(game.car_costs(plan).total_eur[car], abs=1e-6)


def test_forms_differ_where_the_others_do_not():
    game = calibrated_game()
    plan = np.where((game.request_kw > 0) & game.fleet.present, -3.0, 0.0)  # the others give into the surplus
    printed = require(printed_best_response(game, plan, 0, tol=1e-5))
    assert np.abs(printed.plan_kw - best_response(game.storage, plan, 0)).max() > 20


# 2. An exact potential, strictly convex.


@pytest.mark.parametrize("hard", [True, False])
def test_potential_changes_by_what_the_mover_pays(hard):
    game = calibrated_game(soc_weight=20.0, hard_target=hard)
    rng = np.random.default_rng(3)
    for _ in range(20):
        plan = rng.normal(0, 15, (game.fleet.size, 96)) * game.fleet.present
        car = int(rng.integers(game.fleet.size))
        moved = plan.copy()
        moved[car] = rng.normal(0, 15, 96) * game.fleet.present[car]
        own = game.car_costs(moved).total_eur[car] - game.car_costs(plan).total_eur[car]
        joint = game.storage.potential(moved) - game.storage.potential(plan)
        assert joint == pytest.approx(own, rel=1e-12, abs=1e-12 * abs(game.storage.potential(plan)))


def test_no_potential_without_the_common_slope():
    """With a price slope of its own for each car the cross derivatives differ: no potential exists."""
    slopes = np.array([1.0, 2.0])

    def gradient(x):  # of x_i * slope_i * (x_1 + x_2)
        return slopes * (x.sum() + x)

    step = 1e-6
    cross = [(gradient(np.eye(2)[1 - i] * step) - gradient(np.zeros(2)))[i] / step for i in (0, 1)]
    assert abs(cross[0] - cross[1]) > 0.5


def test_no_uniqueness_without_strict_convexity():
    """With single plans not priced (price takers, a = 0 for the own effect) only the total is unique."""
    game = free_cars(2, 2, [10.0, -10.0])
    plan = solve_fleet(game).plan_kw
    shift = np.array([[1.0, -1.0], [-1.0, 1.0]])
    total_only = lambda p: (p.sum(axis=0) ** 2).sum()  # noqa: E731
    assert total_only(plan) == pytest.approx(total_only(plan + shift), abs=1e-9)
    assert game.storage.potential(plan + shift) > game.storage.potential(plan) + 1e-4


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("hard", [True, False])
def test_the_equilibrium_is_one_quadratic_program(seed, hard):
    game = calibrated_game(seed, soc_weight=0.0 if hard else 20.0, hard_target=hard)
    found = require(solve_fleet(game))
    assert np.abs(found.plan_kw - one_program(game)).max() < 2e-4


def test_the_equilibrium_where_the_deviation_term_is_active():
    game = replace(calibrated_game(2), request_kw=3.0 * Campus.calibrated().request_kw)
    found = require(solve_fleet(game))
    assert (found.total_kw < game.request_kw - 1.0)[game.request_kw > 0].any()
    assert np.abs(found.plan_kw - one_program(game)).max() < 2e-4


# 3. Order of the best responses.


def ring_sweeps(cars: int, q: float) -> float:
    """Sweeps in which the error falls by e, from transport and diffusion on a ring."""
    return (cars / (2 * np.pi)) ** 2 * 2 * (1 - q) ** 2 / q


def slowest_wave(cars: int, q: float) -> float:
    """The same without the limit of many cars: the slowest root of ``z^N = q z^(N-1) + 1 - q``."""
    roots = np.abs(np.roots([1.0, -q, *np.zeros(cars - 2), q - 1.0]))
    return -1.0 / (cars * np.log(np.sort(roots)[-2]))


@pytest.mark.parametrize(("weight", "q"), [(0.0, 0.5), (1e-3, 1 / 6)])
@pytest.mark.parametrize("cars", [24, 48])
def test_rate_of_the_cyclic_order(cars, weight, q):
    """One slot, identical cars off their bounds; with the deviation term active in the second case."""
    game = free_cars(cars, 1, [1e4] if weight else [-1e4], weight=weight, need=-600.0)
    assert q == pytest.approx(5e-4 / (2 * 5e-4 + 2 * weight))
    sweeps = int(3 * ring_sweeps(cars, q)) + 20
    late = errors_from(game, sweeps, "cyclic")[sweeps // 2 :]
    fold = (len(late) - 1) / np.log(late[0] / late[-1])
    assert fold == pytest.approx(slowest_wave(cars, q), rel=0.02)


@pytest.mark.parametrize("q", [1 / 6, 0.5])
def test_the_closed_rate_is_the_limit_of_many_cars(q):
    off = [ring_sweeps(n, q) / slowest_wave(n, q) - 1 for n in (25, 100, 400)]
    assert abs(off[2]) < 0.02
    assert np.abs(np.diff(np.log(np.abs(off))) + np.log(4)).max() < 0.3  # the rest falls like 1/N


def swept(game, sweeps, start=None, order="cyclic", rng=None):
    """Return the plans after each sweep."""
    return [s.flows for s in islice(best_response_sweeps(game.storage, start, order, rng), sweeps)]


def errors_from(game, sweeps, order, rng=None):
    """Return distances from the equilibrium, from a start with one car apart (the slowest wave is in it)."""
    target = solve_fleet(game, certify=False).plan_kw
    start = target + 40.0 * np.cos(2 * np.pi * np.arange(game.fleet.size) / game.fleet.size)[:, None]
    return [np.linalg.norm(x - target) for x in swept(game, sweeps, start, order, rng)]


def test_a_fixed_permutation_does_not_help():
    """Renumbering identical cars renames the ring: the errors are those of the cyclic order."""
    game = free_cars(24, 1, [-1e4], need=-600.0)
    start = solve_fleet(game, certify=False).plan_kw + WAVE[::2, None]
    plain = swept(game, 30, start)
    renamed = game.fleet.chosen(np.random.default_rng(1).permutation(24))
    mixed = swept(replace(game, fleet=renamed), 30, start)
    assert np.abs(np.array(plain) - np.array(mixed)).max() < 1e-9


@pytest.mark.parametrize("cars", [24, 96, 384])
def test_rate_of_the_fresh_order_does_not_depend_on_the_number(cars):
    """The squared error shrinks by (1 - q)/(1 + q) a sweep on average: 1/3 for q = 1/2."""
    game = free_cars(cars, 1, [-1e4], need=-600.0)
    rng = np.random.default_rng(7)
    far = np.array([errors_from(game, 2, "random", rng) for _ in range(40)])
    assert np.mean((far[:, 1] / far[:, 0]) ** 2) == pytest.approx(1 / 3, rel=0.15)


@pytest.mark.parametrize("q", [0.1, 1 / 3, 0.5])
@pytest.mark.parametrize("cars", [4, 30])
def test_bound_of_the_fresh_order(cars, q):
    """The theorem's bound on the mean squared error, from states that sweeps lead to, its remainder in it."""
    rng = np.random.default_rng(11)
    rest = q**2 * (1 / (1 - q**2) + 1 / ((1 - q) ** 2 * cars))
    assert (1 - q) / (1 + q) + rest < 1

    def after(errors, order):
        errors = errors.copy()
        for car in order:
            errors[car] = -(1 - q) * (errors.sum() - errors[car])
        return errors

    for _ in range(3):
        order = rng.permutation(cars)
        old = after(rng.normal(size=cars), order)
        mean = np.mean([(after(old, rng.permutation(cars)) ** 2).sum() for _ in range(600)])
        assert mean <= 1.05 * ((1 - q) / (1 + q) * (old**2).sum() + rest * old[order[-1]] ** 2)


def test_the_bound_needs_a_fresh_order():
    """In the fixed order the slowest wave loses next to nothing in a sweep."""
    game = free_cars(96, 1, [-1e4], need=-600.0)
    far = errors_from(game, 30, "cyclic")
    assert min(np.array(far[20:]) ** 2 / np.array(far[19:-1]) ** 2) > 0.98


def test_cars_at_their_bounds_leave_the_ring():
    """With half of the cars held by their power limits the ring is half as long, and dies out faster."""
    game = free_cars(48, 1, [-1e4], need=-600.0)
    low = np.where(np.arange(48) % 2, 900.0, 1e-3)
    game = replace(game, fleet=replace(game.fleet, power_kw=low, soc_target=np.full(48, 0.1)))
    target = solve_fleet(game, certify=False).plan_kw
    assert (np.abs(target[::2, 0]) > 0.999e-3).all()
    assert (np.abs(target[1::2, 0]) < 899.0).all()
    start = target + np.where(np.arange(48) % 2, WAVE, 0.0)[:, None]
    late = [np.linalg.norm(x - target) for x in swept(game, 200, start)][100:]
    fold = (len(late) - 1) / np.log(late[0] / late[-1])
    assert fold == pytest.approx(slowest_wave(24, 0.5), rel=0.02)
    assert fold < 0.3 * slowest_wave(48, 0.5)


@pytest.mark.parametrize(("cars", "grows"), [(2, False), (3, False), (4, True), (6, True)])
def test_simultaneous_responses_diverge_beyond_three_cars(cars, grows):
    game = free_cars(cars, 1, [-50.0])
    game = replace(game, fleet=replace(game.fleet, soc_target=game.fleet.soc_start - 0.2))
    target = solve_fleet(game, certify=False).plan_kw
    far = [np.linalg.norm(x - target) for x in swept(game, 8, target + 1e-2, "simultaneous")]
    assert (far[-1] > 3 * far[0]) == grows


def test_sweeps_on_the_campus_itself():
    """Table 1's cars: the cyclic order needs more than ten times the sweeps at 50 cars, and N^2 more beyond."""
    sweeps = {}
    for cars in (12, 50):
        game = scaled_game(cars)
        target = solve_fleet(game, certify=False).plan_kw
        for order in ("cyclic", "random"):
            for step in best_response_sweeps(game.storage, order=order, rng=np.random.default_rng(1)):
                if np.linalg.norm(step.flows - target) < 1e-3:
                    break
            sweeps[cars, order] = step.number
    assert sweeps[50, "cyclic"] > 10 * sweeps[50, "random"]
    assert sweeps[50, "random"] < 1.5 * sweeps[12, "random"]
    assert sweeps[50, "cyclic"] / sweeps[12, "cyclic"] > 0.6 * (50 / 12) ** 2


# 4. A flat cost curve is no equilibrium.


def test_cost_is_right_long_before_the_plans_are():
    game = scaled_game(160)
    target = solve_fleet(game, certify=False)
    plan = swept(game, 40)[-1]
    assert abs(game.paid(plan.sum(axis=0)) / target.energy_eur - 1) < 2e-3
    assert np.abs(plan - target.plan_kw).max() > 10
    assert np.linalg.norm(plan - target.plan_kw) > 100
    notes = {c.name: c for c in certify_fleet(game, plan, 1e-3)}
    assert not notes["maximum regret"].holds
    assert not notes["potential gap"].holds


def test_with_few_cars_forty_sweeps_do():
    """At the paper's twelve cars the ring is short: 40 cyclic sweeps end within 0.1 kW."""
    game = scaled_game(12)
    assert np.linalg.norm(swept(game, 40)[-1] - solve_fleet(game, certify=False).plan_kw) < 0.1


# 5. The leader's problem.


def test_without_weights_the_price_moves_money_only():
    plans, profits = [], []
    for price in (5e-4, 2e-3, 8e-3):
        game = CAMPUS.game(FLEET, price, deviation_weight=0.0)
        plans.append(solve_fleet(game, certify=False).plan_kw)
        profits.append(CAMPUS.settle(game, plans[-1]).aggregator_eur)
    assert np.abs(np.diff(plans, axis=0)).max() < 1e-7
    assert (profits[1] - profits[0]) / 1.5e-3 == pytest.approx((profits[2] - profits[1]) / 6e-3, rel=1e-9)


@pytest.mark.parametrize(("times", "weight", "more"), [(6.0, 1e-3, {}), (1.0, 0.0, SOFT)], ids=["weight", "target"])
def test_with_weights_the_price_moves_plans(times, weight, more):
    campus = replace(CAMPUS, request_kw=times * CAMPUS.request_kw)
    plans = [
        solve_fleet(campus.game(FLEET, p, deviation_weight=weight, **more), certify=False).plan_kw for p in (5e-4, 8e-3)
    ]
    assert np.abs(plans[1] - plans[0]).max() > 1.0


def test_the_leader_sits_at_a_clamp():
    assert require(solve_aggregator_price(CAMPUS, FLEET)).bound == "constraint"
    assert require(solve_aggregator_price(CAMPUS, FLEET, cap=50.0)).bound == "high"


def test_the_stopping_rule_does_not_fire_at_a_clamp():
    steps = list(islice(gradient_ascent(CAMPUS, CAMPUS.game(FLEET, 5e-4), 1e-4, 3e-3, 1e-5, 1e-8), 40))
    assert len(steps) == 40
    assert not any(s.stopped for s in steps)
    assert steps[-1].price_base == 3e-3


@pytest.mark.parametrize("rate", [2e-8, 1e-8, 5e-9])
def test_the_number_of_iterations_is_a_choice_of_step(rate):
    start = CAMPUS.game(FLEET, 5e-4)
    steps = islice(gradient_ascent(CAMPUS, start, 1e-4, 3e-3, 1e-5, rate), 40)
    slope = profit_slope(CAMPUS, start, solve_fleet(start))
    assert next(s.number for s in steps if s.price_base == 3e-3) == int(np.ceil(2.5e-3 / (rate * slope)))


def test_small_steps_are_caught_in_a_local_maximum():
    fleet = selected_fleet(1000)
    best = solve_aggregator_price(CAMPUS, fleet, 1e-3, 4e-3, cap=50.0, points=60, **SOFT)
    start = CAMPUS.game(fleet, 1.2e-3, **SOFT)
    last = list(islice(gradient_ascent(CAMPUS, start, 1e-3, 4e-3, 1e-6, 1e-9, tol=1e-4), 100))[-1]
    assert last.stopped  # by its own rule, not because we stopped looking
    assert last.profit_eur < best.profit_eur - 1.0


@pytest.mark.parametrize("price", [1.5e-3, 3e-3, 5e-3])
@pytest.mark.parametrize("more", [{}, {"soc_weight": 50.0, "hard_target": False}], ids=["hard", "soft"])
def test_sensitivity_agrees_with_differences(price, more):
    campus = replace(CAMPUS, request_kw=1.7 * CAMPUS.request_kw)
    game = campus.game(FLEET, price, **more)

    def profit(p):
        moved = replace(game, price_base=p)
        return campus.settle(moved, solve_fleet(moved, certify=False).plan_kw).aggregator_eur

    h = 1e-5 * price
    slope = (profit(price - 2 * h) - 8 * profit(price - h) + 8 * profit(price + h) - profit(price + 2 * h)) / (12 * h)
    assert profit_slope(campus, game, solve_fleet(game)) == pytest.approx(slope, rel=1e-8)


# 6. Overshoot and shortfall are arithmetic.


def gap_and_slopes(game):
    gap = solve_fleet(game).total_kw - game.request_kw
    return gap, np.diff(gap) / np.diff(game.request_kw)


@pytest.mark.parametrize("cars", [1, 5, 40])
def test_total_less_request_is_a_line_in_the_request(cars):
    gap, slopes = gap_and_slopes(free_cars(cars, 5, REQUEST, need=3.0, base=20.0))
    assert slopes == pytest.approx(np.full(4, -1.0 / (cars + 1)), abs=1e-9)
    assert (gap > 0)[REQUEST < 0].all()  # less is given than was asked, whatever the leader wants


def test_on_the_bounds_it_is_not():
    game = free_cars(5, 5, REQUEST, need=3.0)
    _, slopes = gap_and_slopes(replace(game, fleet=replace(game.fleet, power_kw=5.0)))
    assert np.abs(slopes + 1.0 / 6.0).max() > 0.1


@pytest.mark.parametrize("dropped", ["constant demand", "no surplus left"])
def test_without_its_hypotheses_the_line_is_bent(dropped):
    demand = dropped == "constant demand"
    game = free_cars(5, 5, REQUEST if demand else 6 * REQUEST, need=3.0, base=20.0, weight=0.0 if demand else 1e-2)
    if demand:
        game = replace(game, baseline_kw=[20.0, 40.0, 20.0, 60.0, 20.0])
    gap, slopes = gap_and_slopes(game)
    assert demand or gap[0] < 0
    assert np.abs(slopes + 1 / 6).max() > 0.02


# 8. What does not follow from (2)-(9).


def test_other_demand_must_be_large_enough():
    """Off the bounds the cars pay ``a/h (T c^2 + B T c - N/(N+1)^2 sum R^2)``; without B they are paid."""
    request = np.array([60.0, 40.0, 0.0, -55.0, -45.0])
    cars, need = 6, 2.0
    c = cars * need / 0.25 / 5
    least = (cars / (cars + 1) ** 2 * (request**2).sum() - 5 * c**2) / (5 * c)
    for base, sign in [(0.0, -1), (0.99 * least, -1), (1.01 * least, 1)]:
        game = free_cars(cars, 5, request, need=need, base=base)
        assert np.sign(solve_fleet(game).energy_eur) == sign


def test_with_a_small_request_no_other_demand_is_needed():
    """The threshold is for large requests: cars that ask more for themselves than they shift pay at B = 0."""
    game = free_cars(6, 5, np.array([6.0, 4.0, 0.0, -5.5, -4.5]), need=4.0)
    assert solve_fleet(game).energy_eur > 0
