"""Each certificate of the coupled equilibrium fails when a block of the solution is spoilt."""

from dataclasses import fields, replace

import cvxpy as cp
import numpy as np
import pytest

from tests.city.cases import SIX, case, small
from v2g_nb.certificate import require
from v2g_nb.city import CityResult, outside_certificate, player_certificates, small_city, solve_city
from v2g_nb.city.certificates.drivers import driver_certificates
from v2g_nb.city.certificates.equilibrium import city_certificates
from v2g_nb.errors import NotAnEquilibrium

# By how much each field is moved: 100 times the tolerance of the certificate that looks at it.
VEHICLES, KW, MONEY, VOLTS = 1e-4, 1e-4, 1e-4, 1e-7
PRICE = 1e-4  # moves a trade of 100 kW by 100 times the tolerance of a player's gain
MOVES = {
    name: size
    for size, names in (
        (VEHICLES, "path_flow link_flow visits unserved"),
        (MONEY, "path_cost path_time_min path_wait_min path_dwell_min path_energy_cost link_time_min wait_min od_cost"),
        (PRICE, "price_charging price_discharging trade_price_charging trade_price_discharging limit_price"),
        (PRICE, "dlmp import_price wheeling_fee"),
        (KW, "charging_kw discharging_kw generation_kw generation_kvar import_kw import_kvar injection_kw sales_kw"),
        (KW, "shed_kw purchase_kw traded_kw active_kw line_kvar"),
        (VOLTS, "voltage_pu"),
        (1e-3, "point multipliers"),
    )
    for name in names.split()
}
OTHER = {"model", "paths", "converged", "num_iter", "residual", "certificates"}


def holds(result: CityResult) -> bool:
    with np.errstate(invalid="ignore"):  # NaN visits reach the logarithm of the wait
        return all(certificate.holds for certificate in city_certificates(result))


def test_every_field_is_either_moved_or_no_number():
    assert {field.name for field in fields(CityResult)} == set(MOVES) | OTHER


def places(value: np.ndarray) -> list[tuple[int, ...]]:
    """All places of a small array, some of a large one, the first and last among them."""
    spots = [where for where in np.ndindex(value.shape) if np.isfinite(value[where])]
    return spots if len(spots) <= 6 else [spots[k] for k in np.linspace(0, len(spots) - 1, 6).astype(int)]


@pytest.mark.parametrize("name", MOVES)
@pytest.mark.parametrize("sign", [1.0, -1.0, np.nan])
def test_a_moved_number_is_noticed(name: str, sign: float):
    """NaN never holds either."""
    result = small()
    value = np.asarray(getattr(result, name), dtype=float)
    if value.ndim == 0:
        assert not holds(replace(result, **{name: float(value) + sign * MOVES[name]}))
        return
    for where in places(value):
        moved = value.copy()
        moved[where] += sign * MOVES[name]
        assert not holds(replace(result, **{name: moved})), where


def test_a_price_that_moves_with_all_its_names_is_noticed():
    """DLMP, fee and trade price of one bus together: then a player gains."""
    result = case("stress", True)
    bus = result.model.station_bus[2]
    dlmp, fee = result.dlmp.copy(), result.wheeling_fee.copy()
    dlmp[bus] += 1e-4
    fee[bus] += 1e-4
    proof = {c.name: c for c in player_certificates(replace(result, dlmp=dlmp, wheeling_fee=fee))}
    assert not proof["gain of the DSO"].holds


def test_a_firm_that_could_gain_is_named():
    """One LSE generates less and buys more; everything still adds up, but it pays more than it must."""
    result = case("stress", True)
    market = result.model.market
    own = np.flatnonzero(market.owner == 0)
    k = own[np.argmax(result.generation_kw[own])]
    bus = market.grid.generator_bus[k]
    less, injected, bought = result.generation_kw.copy(), result.injection_kw.copy(), result.purchase_kw.copy()
    less[k] -= 100.0
    injected[bus] -= 100.0
    bought[0] += 100.0
    moved = replace(result, generation_kw=less, injection_kw=injected, purchase_kw=bought)
    proof = {c.name: c for c in player_certificates(moved)}
    assert not proof["gain of LSE 1"].holds
    assert proof["gain of LSE 2"].holds
    assert proof["gain of LSE 3"].holds


def test_drivers_on_a_dearer_path_are_noticed():
    """Everything else follows from the flows, so only the relative gap can tell."""
    result = case("base", False)
    costs = driver_certificates(result)
    assert all(c.holds for c in costs)
    own = [k for k, path in enumerate(result.paths) if path.driver == 0 and path.pair == 2]
    best, worst = min(own, key=lambda k: result.path_cost[k]), max(own, key=lambda k: result.path_cost[k])
    flow = result.path_flow.copy()
    flow[best] -= 1.0
    flow[worst] += 1.0
    proof = {c.name: c for c in driver_certificates(replace(result, path_flow=flow))}
    assert not proof["relative gap of EV"].holds


def test_a_better_path_outside_the_set_is_noticed():
    result = small()
    assert outside_certificate(result, stretch=2.0).holds
    dear = replace(result, od_cost=result.od_cost + 1e-4)
    assert not outside_certificate(dear, stretch=2.0).holds
    unknown = replace(result, od_cost=np.full_like(result.od_cost, np.nan))
    assert not outside_certificate(unknown, stretch=2.0).holds


def test_require_names_what_fails():
    result = small()
    bad = replace(result, voltage_pu=result.voltage_pu + 1e-3)
    with pytest.raises(NotAnEquilibrium, match="voltages that do not follow"):
        require(replace(bad, certificates=city_certificates(bad)))


@pytest.mark.parametrize(("name", "v2g"), SIX)
def test_what_the_certificates_reach(name: str, v2g: bool):
    """Figures of the acceptance, far inside: gaps in $/h, relative gaps, residual."""
    values = {c.name: c.value for c in case(name, v2g).certificates}
    assert values["natural residual of (18)"] < 1e-10
    assert max(v for key, v in values.items() if key.startswith("gain")) < 1e-6
    assert max(v for key, v in values.items() if key.startswith("relative gap")) < 1e-12


def test_solutions_carry_their_certificates():
    result = solve_city(small().model)
    assert [c.name for c in result.certificates] == [c.name for c in city_certificates(result)]


# --- the LSEs' own problems: a search for one price, in place of a solver -------------------------------------------


@pytest.mark.parametrize(
    ("load", "shares", "voll"),
    [
        ([0.0, 200.0, 10.0], [1.0, 0.0], 1000.0),
        ([0.0, 200.0, 10.0], [0.5, 0.5], 1000.0),
        ([0.0, 1.0, 400.0], [0.01, 0.99], 10.0),
    ],
)
def test_an_equilibrium_of_homes_of_unequal_size_raises_no_alarm(load, shares, voll):
    """Clarabel ends these LSEs' problems with little progress, up to 200 $/h from the optimum."""
    model = small_city(v2g=False)
    grid = replace(model.market.grid, load_kw=load, shed_cost_per_kwh=voll, cost_slope=[1e-5, 0.002])
    result = require(solve_city(replace(model, market=replace(model.market, grid=grid, shares=shares))))
    gains = [c.value for c in player_certificates(result) if c.name.startswith("gain of LSE")]
    assert max(gains) < 1e-8


def best_profit(result: CityResult, which: int) -> tuple[str, float]:
    """Return Clarabel's status and the LSE's highest profit by a statement that shares nothing with the package."""
    market, fee = result.model.market, result.wheeling_fee
    grid, room = market.grid, 1e5
    own, homes = np.flatnonzero(market.owner == which), market.load_buses
    buses, first = np.unique(result.model.station_bus, return_index=True)
    mega = 1000.0  # the solver wants numbers near one
    made, total = mega * cp.Variable(len(own), nonneg=True), mega * cp.Variable()
    sales, shed, sold, bought = (
        mega * cp.Variable(count, nonneg=True) for count in (len(homes), len(homes), len(buses), len(buses))
    )
    duty = market.obligations_kw[which, homes]
    others = (result.sales_kw.sum(axis=0) - result.sales_kw[which])[homes]
    slope = market.slope[homes]
    profit = (
        (market.intercept[homes] - slope * others - fee[homes]) @ sales
        - slope @ cp.square(sales)
        - (grid.cost_per_kwh[own] - fee[grid.generator_bus[own]]) @ made
        - grid.cost_slope[own] @ cp.square(made) / 2.0
        - grid.shed_cost_per_kwh * cp.sum(shed)
        + (result.trade_price_charging[first] - fee[buses]) @ sold
        - (result.trade_price_discharging[first] - fee[buses]) @ bought
        - result.import_price * total
    )
    rows = [
        cp.sum(made) + total + cp.sum(bought) == cp.sum(sales) + cp.sum(sold),
        made <= grid.capacity_kw[own],
        sales + shed >= duty,
        shed <= duty,
        *(trade <= room for trade in (sales, sold, bought)),
        cp.abs(total) <= room,
    ]
    problem = cp.Problem(cp.Maximize(profit / mega), rows)
    problem.solve(solver=cp.CLARABEL, tol_gap_abs=1e-10, tol_gap_rel=1e-10, tol_feas=1e-10)
    return problem.status, mega * float(problem.value)


@pytest.mark.parametrize(("name", "v2g"), SIX)
def test_what_an_lse_could_gain_at_wrong_prices(name: str, v2g: bool):
    right = case(name, v2g)
    rng = np.random.default_rng(7)

    def moved(price: np.ndarray) -> np.ndarray:
        return price + 0.2 * rng.normal(size=price.shape)

    spoilt = replace(
        right,
        wheeling_fee=moved(right.wheeling_fee),
        import_price=right.import_price + 0.1,
        trade_price_charging=moved(right.trade_price_charging),
        trade_price_discharging=moved(right.trade_price_discharging),
    )
    gains = [c.value for c in player_certificates(spoilt) if c.name.startswith("gain of LSE")]
    for which, gain in enumerate(gains):
        status, best = best_profit(spoilt, which)
        assert status == "optimal"
        assert gain > 1.0
        assert gain == pytest.approx(best - profit(spoilt, which), rel=1e-6)


def profit(result: CityResult, which: int) -> float:
    """Return what the LSE earns, in $/h."""
    market, fee = result.model.market, result.wheeling_fee
    grid, own = market.grid, market.owner == which
    buses, first = np.unique(result.model.station_bus, return_index=True)
    sales, made = result.sales_kw[which], result.generation_kw[own]
    homes = market.load_buses
    price = market.intercept[homes] - market.slope[homes] * result.sales_kw.sum(axis=0)[homes] - fee[homes]
    order = [list(dict.fromkeys(result.model.station_bus.tolist())).index(bus) for bus in buses.tolist()]
    sold, bought = result.traded_kw[which][order].T
    cost = (grid.cost_per_kwh[own] - fee[grid.generator_bus[own]]) @ made + grid.cost_slope[own] @ made**2 / 2.0
    trade = (result.trade_price_charging[first] - fee[buses]) @ sold
    trade -= (result.trade_price_discharging[first] - fee[buses]) @ bought
    shed = grid.shed_cost_per_kwh * result.shed_kw[which].sum()
    return float(price @ sales[homes] - cost - shed + trade - result.import_price * result.purchase_kw[which])


def test_an_lse_without_prices_has_no_bound():
    """There is nothing to compare with: NaN, which never holds."""
    lse_gains = [c for c in player_certificates(replace(small(), import_price=np.nan)) if "LSE" in c.name]
    assert lse_gains
    assert all(np.isnan(c.value) and not c.holds for c in lse_gains)
