"""The equilibrium is the set of minimisers of one convex program; what happens when a hypothesis is dropped."""

from dataclasses import replace

import numpy as np
import pytest
from scipy.optimize import linprog

from tests.city.cases import SIX, case, small
from v2g_nb.certificate import require
from v2g_nb.city import (
    CityModel,
    CityResult,
    city_program,
    equilibrium_span,
    scenario,
    small_city,
    solve_city,
    solve_city_mcp,
)
from v2g_nb.errors import NotConverged
from v2g_nb.networks import bpr
from v2g_nb.power import RadialFeeder


def by_both_routes(model: CityModel, program: CityResult | None = None) -> tuple[CityResult, CityResult]:
    """Return the results of program and complementarity problem, which must agree."""
    program, problem = program or require(solve_city(model)), require(solve_city_mcp(model))
    np.testing.assert_allclose(problem.generation_kw.sum(), program.generation_kw.sum(), atol=1e-6)
    for name in ("link_flow", "sales_kw", "unserved"):
        np.testing.assert_allclose(getattr(problem, name), getattr(program, name), atol=1e-6)
    for name in ("dlmp", "od_cost"):
        np.testing.assert_allclose(getattr(problem, name), getattr(program, name), atol=1e-9)
    return program, problem


@pytest.mark.parametrize(("name", "v2g"), SIX)
def test_both_routes_agree(name: str, v2g: bool):
    """KKT points of the program are solutions of the complementarity problem, from a cold start."""
    program, problem = by_both_routes(scenario(name, v2g), case(name, v2g))
    for key, cost in program.social_cost.items():
        assert problem.social_cost[key] == pytest.approx(cost, rel=1e-9, abs=1e-6)


@pytest.mark.parametrize("theta", [0.2, 0.5, 0.9])
def test_another_class_may_value_time_differently(theta: float):
    """Hypothesis (ii) binds only those who face electricity prices."""
    by_both_routes(small_city(fv_value_of_time=theta))


@pytest.mark.parametrize("cost", [3.0, 5.0, 6.0, 9.0, 20.0])
def test_both_routes_agree_on_who_stays_at_home(cost: float):
    """Two values of time; a trip that is not made costs everybody the same money."""
    program, _ = by_both_routes(replace(small_city(fv_value_of_time=0.3), unserved_cost=cost))
    stays = program.unserved > 1e-6
    assert stays.any() == (cost < 10.0)
    np.testing.assert_allclose(program.od_cost[stays], cost, atol=1e-9)
    assert program.od_cost.max() < cost + 1e-9


def tolled(model: CityModel) -> CityModel:
    """The small city with a toll of five minutes' worth on the way into the shorter route."""
    network = replace(model.roads.network, fixed_cost=[0.0, 0.0, 5.0, 0.0])
    return replace(model, roads=replace(model.roads, network=network))


@pytest.mark.parametrize("theta", [0.3, 0.5])
def test_tolls_are_part_of_what_drivers_minimise(theta: float):
    """They move drivers to the longer route."""
    free = solve_city(small_city(fv_value_of_time=theta))
    program, _ = by_both_routes(tolled(free.model))
    np.testing.assert_allclose(program.link_time_min, bpr(program.model.roads.network, program.link_flow), atol=1e-9)
    assert program.link_flow[2] < free.link_flow[2] - 1.0
    assert program.od_cost[1, 0] > free.od_cost[1, 0] + 0.1


def test_generated_paths_count_tolls():
    """Begun with the shorter route alone, which is tolled, the longer one is found because it is cheaper."""
    few = replace(tolled(small_city()), count=1)
    assert {path.trip.nodes for path in city_program(few).paths} == {(1, 3, 4)}
    full = solve_city(tolled(small_city()))
    found = require(solve_city(few, columns="generated"))
    np.testing.assert_allclose(found.od_cost, full.od_cost, atol=1e-9)
    np.testing.assert_allclose(found.link_flow, full.link_flow, atol=1e-6)


def test_forces_are_the_transposed_rows_only_for_equal_values_of_time():
    """With equal values multipliers act as they are read: the off-diagonal blocks are skew, so F is a gradient."""
    for values, same in ((0.5, True), ((0.5, 0.5), True), ((0.3, 0.7), False)):
        program = city_program(small_city(ev_value_of_time=values))
        apart = abs(program.forces - program.matrix.T).max()
        assert (apart < 1e-15) == same


def test_falling_times_make_equilibria_that_do_not_minimise():
    """Hypothesis (i): with t(v) = 2 - v on two roads, one trip half and half is an equilibrium at the worst point."""

    def beckmann(v: float) -> float:
        return sum(2.0 * x - 0.5 * x**2 for x in (v, 1.0 - v))

    assert 2.0 - 0.5 == 2.0 - (1.0 - 0.5)  # equal times: nobody gains
    assert beckmann(0.5) > max(beckmann(0.4), beckmann(0.6), beckmann(0.0))


def test_a_cno_that_sees_its_effect_on_prices_would_hold_back():
    """Hypothesis (v): as a price taker the CNO earns nothing; by capping its own sales it would earn a margin.

    So the program's point is no equilibrium between drivers and a CNO that knows their supply.
    """

    def earns(result) -> float:
        margin = result.trade_price_discharging - result.price_discharging
        return float(margin @ result.discharging_kw)

    taker = small()
    assert earns(taker) == pytest.approx(0.0, abs=1e-9)
    sold = taker.discharging_kw[0]
    capped = replace(taker.model.stations[0], lowest_kw=-0.8 * sold)
    held = require(solve_city(replace(taker.model, stations=(capped,))))
    assert held.discharging_kw[0] == pytest.approx(0.8 * sold)
    assert earns(held) > 0.5


def test_a_shared_obligation_has_equilibria_beside_the_program():
    """Hypothesis (vi): who must serve when either may? The dear firm serving all is an equilibrium too."""
    cost = [0.1, 0.3]
    for serving in (0, 1):
        sales = np.eye(2)[serving]
        for k in (0, 1):
            left = max(1.0 - sales[1 - k], 0.0)
            best = linprog([cost[k], 10.0], A_ub=[[-1.0, -1.0]], b_ub=[-left])
            assert best.fun == pytest.approx(cost[k] * sales[k])
    together = linprog(cost, A_ub=[[-1.0, -1.0]], b_ub=[-1.0])
    assert together.fun == pytest.approx(0.1)  # the program knows only the cheap one


@pytest.mark.parametrize("firms", [1, 2, 5])
def test_cournot_against_the_textbook(firms: int):
    """Without obligations, n firms that buy at c sell (a - c) / (b (n + 1)) each: P = (a + n c) / (n + 1)."""
    base = small_city(v2g=False)
    grid = base.market.grid
    wide = RadialFeeder(3, [0, 1], [1, 2], [1e-6] * 2, [1e-6] * 2, [np.inf] * 2, names=("0", "1", "2"))
    grid = replace(grid, feeder=wide, capacity_kw=[0.0, 0.0], import_kw=1e5)
    market = replace(base.market, grid=grid, owner=[0, 0], shares=np.full(firms, 1.0 / firms), obligation=0.0)
    result = require(solve_city(replace(base, market=market)))
    bus = 2
    a, b, c = market.intercept[bus], market.slope[bus], grid.import_cost_per_kwh
    np.testing.assert_allclose(result.sales_kw[:, bus], (a - c) / (b * (firms + 1)), rtol=1e-9)
    assert a - b * result.sales_kw[:, bus].sum() == pytest.approx((a + firms * c) / (firms + 1))
    assert result.dlmp[bus] == pytest.approx(c)  # competition would sell at c: the markup is Cournot's


def test_obligation_pins_sales_at_the_load():
    """With the duty to serve, scarcity shows in shedding and DLMP, not in the retail quantity."""
    for name in ("base", "stress", "island"):
        result = case(name, True)
        np.testing.assert_allclose(result.sales_kw.sum(axis=0), result.model.market.grid.load_kw, atol=1e-6)


@pytest.mark.parametrize(("name", "v2g"), [("base", False), ("base", True), ("stress", True), ("island", True)])
def test_uniqueness_audit(name: str, v2g: bool):
    """Total visits and traded energy over the whole face of minimisers, by linear programs.

    In exact arithmetic visits are unique (the wait rises strictly); far below capacity the rise is
    below rounding, so the face is searched without it: feasible points with the same marginal cost
    and the same strictly curved variables.
    """
    result = case(name, v2g)
    at = city_program(result.model, result.paths).columns
    visits, energy = np.zeros((2, len(result.point)))
    visits[at["visit"]] = 100.0
    energy[at["discharge"]], energy[at["charge"]] = 1000.0, 1000.0
    assert np.ptp(equilibrium_span(result, visits)) < 1e-4
    assert np.ptp(equilibrium_span(result, energy)) < 2e-3


@pytest.mark.parametrize(("name", "v2g"), [("base", False), ("stress", False)])
def test_the_semismooth_method_stalls_where_the_smoothing_one_does_not(name: str, v2g: bool):
    with pytest.raises(NotConverged, match="stalled"):
        solve_city_mcp(scenario(name, v2g), smoothing=0.0, max_iter=60)
    assert solve_city_mcp(scenario(name, v2g), max_iter=60).converged


def test_an_equilibrium_needs_no_compact_set_of_prices():
    """Existence rests on feasibility: with the penalty scaled up, prices follow it, and no bound on them was needed."""
    model = scenario("stress", v2g=False)
    grid = model.market.grid
    dear = replace(model, market=replace(model.market, grid=replace(grid, shed_cost_per_kwh=1000.0)))
    result = require(solve_city(dear))
    assert result.max_dlmp == pytest.approx(1000.0 + case("stress", False).max_dlmp - 38.53, abs=1e-6)
    assert small().converged
