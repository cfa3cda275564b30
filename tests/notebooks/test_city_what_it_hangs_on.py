"""The numbers behind the figures of the city's last chapter, each against another calculation."""

from functools import cache

import numpy as np
import pytest

from tests.notebooks.figures import column
from tests.notebooks.test_city_six_scenarios import feeder_alone
from v2g_nb.certificate import require
from v2g_nb.city import SCENARIOS, CityResult, scenario, solve_city, solve_city_mcp

SIGMAS, KEPT = (0.0, 0.10, 0.15, 0.25), (0.0, 0.10, 0.20)
TRIPS = 340.0


@cache
def solved(name: str, v2g: bool, **choice: float) -> CityResult:
    return require(solve_city(scenario(name, v2g, **choice)))


def recount(result: CityResult) -> tuple[float, float]:
    """Return the share of electric trips that stop and what they sell, from path flows alone."""
    stop = sold = 0.0
    for path, flow in zip(result.paths, result.path_flow, strict=True):
        if result.model.drivers[path.driver].electric:
            stop += flow * bool(path.trip.stops) / TRIPS
            sold += flow * sum(s.energy_kwh for s in path.trip.stops if s.kind == "-")
    return stop, sold


def rules() -> dict[tuple[float, float], dict[str, np.ndarray]]:
    """Return the three scenarios of each frame of the interactive figure."""
    sigma, kept = column("city/what-it-hangs-on", "fig-rules", "price of a missing kWh [$]", "part kept")
    assert column("city/what-it-hangs-on", "fig-rules", "scenario").tolist() == list(SCENARIOS) * 12
    values = {
        "visit": column("city/what-it-hangs-on", "fig-rules", "visit_share"),
        "sold": column("city/what-it-hangs-on", "fig-rules", "sold_kwh"),
        "price": column("city/what-it-hangs-on", "fig-rules", "max_dlmp_usd_per_kwh"),
    }
    return {(s, k): {key: v[(sigma == s) & (kept == k)] for key, v in values.items()} for s in SIGMAS for k in KEPT}


def test_rules_by_the_complementarity_route():
    """Both ends and the middle of the sliders solved as (18), recounted from path flows; between, what must be true."""
    shown = rules()
    for sigma, kept in ((0.0, 0.0), (0.25, 0.0), (0.15, 0.1), (0.0, 0.2), (0.25, 0.2)):
        choice = {"missing_energy_cost": sigma, "reserve_after_discharging": kept}
        found = [require(solve_city_mcp(scenario(name, **choice))) for name in SCENARIOS]
        visits, sold = zip(*map(recount, found), strict=True)
        assert shown[sigma, kept]["visit"] == pytest.approx(visits, abs=1e-7)
        assert shown[sigma, kept]["sold"] == pytest.approx(sold, abs=1e-3)
        assert shown[sigma, kept]["price"] == pytest.approx([r.dlmp.max() for r in found], abs=1e-7)
    for kept in KEPT:
        sold = np.array([shown[s, kept]["sold"] for s in SIGMAS])
        assert (np.diff(sold, axis=0) < 1e-3).all()  # incentives: the dearer the missing energy, the fewer sell
        assert (np.diff(sold.sum(axis=1)) < -1.0).all()
    island = [shown[s, 0.0]["price"][2] for s in SIGMAS]
    assert np.array(island) - island[0] == pytest.approx(SIGMAS, abs=1e-7)  # the last seller stays the same


def test_the_published_sensitivities():
    """Visits and prices that a calculation by other hands gave: Stress and Island, by the price of missing energy."""
    shown = rules()
    visits = np.array([shown[s, 0.0]["visit"] for s in SIGMAS])
    assert 100 * visits[:, 1] == pytest.approx([22.1, 16.8, 15.1, 14.7], abs=0.05)
    assert 100 * visits[:, 2] == pytest.approx([34.2, 30.3, 29.6, 28.1], abs=0.05)
    assert [shown[s, 0.0]["price"][2] for s in SIGMAS] == pytest.approx([0.56, 0.66, 0.71, 0.81], abs=0.005)
    assert 100 * shown[0.0, 0.2]["visit"] == pytest.approx([26, 39, 59], abs=0.6)


def test_patient_and_hurried_drivers():
    """Another smoothing over another set of routes ends at the same shares; without a spread, the program does."""
    spread = column("city/what-it-hangs-on", "fig-time", "spread_usd_per_min")
    named, together = column("city/what-it-hangs-on", "fig-time", "scenario", "together_share")
    patient, hurried = column("city/what-it-hangs-on", "fig-time", "patient_share", "hurried_share")
    assert named.tolist() == ["stress"] * 4 + ["island"] * 4
    assert spread.tolist() == [0.0, 0.1, 0.2, 0.3] * 2
    for k, (name, d) in enumerate(zip(named, spread, strict=True)):
        if d == 0:
            assert [patient[k], hurried[k], together[k]] == pytest.approx([recount(solved(name, True))[0]] * 3)
            continue
        thetas = (round(0.52 - d, 2), round(0.52 + d, 2))
        model = scenario(name, ev_value_of_time=thetas, count=15)
        result = require(solve_city_mcp(model, smoothing=0.1))
        share = np.zeros(2)
        for path, flow in zip(result.paths, result.path_flow, strict=True):
            if path.driver < 2 and path.trip.stops:
                share[path.driver] += flow / (TRIPS / 2)
        assert [patient[k], hurried[k]] == pytest.approx(share, abs=1e-6)
        assert together[k] == pytest.approx(share.mean(), abs=1e-6)
    assert (np.diff(patient.reshape(2, 4), axis=1) > 0).all()
    assert hurried.min() == pytest.approx(50 / TRIPS, abs=1e-6)


def test_sales_and_prices_by_the_duty():
    """Sales from prices: a supplier's marginal revenue is the local price, or its duty binds; some prices by (18)."""
    duty, v2g = column("city/what-it-hangs-on", "fig-duty", "duty", "with_v2g")
    named, sales, peak = column("city/what-it-hangs-on", "fig-duty", "scenario", "sales_share", "max_dlmp_usd_per_kwh")
    assert duty.tolist() == [0.5, 0.7, 0.8, 0.9, 1.0] * 4
    for k, name in enumerate(named):
        result = solved(name, bool(v2g[k]), obligation=duty[k])
        load = result.model.market.grid.load_kw
        # 3 (a - price) / (4 b), with a and b from 0.20 $/kWh and an elasticity of 0.15
        free = 0.75 * (0.20 * (1 + 1 / 0.15) - result.dlmp) * load / (0.20 / 0.15)
        expected = np.maximum(duty[k] * load - result.shed_kw.sum(axis=0), free)
        assert sales[k] == pytest.approx(expected.sum() / load.sum(), abs=1e-7)
        if duty[k] == 0.7:
            other = require(solve_city_mcp(scenario(name, bool(v2g[k]), obligation=0.7)))
            assert peak[k] == pytest.approx(other.dlmp.max(), abs=1e-7)
    assert peak[(duty < 1) | (v2g == 1)].max() < 1.05
    assert peak[(duty == 1) & (v2g == 0)] == pytest.approx(38.40, abs=0.005)


@pytest.mark.parametrize("choice", [{}, {"reserve_after_discharging": 0.2}, {"missing_energy_cost": 0.25}])
def test_what_is_shed_without_v2g_is_served_with_it(choice: dict[str, float]):
    """With the stations' load given, a dispatch of the feeder alone sheds as much, or nothing."""
    for name in ("stress", "island"):
        for v2g, least, most in ((False, 80.0, 95.0), (True, 0.0, 1e-3)):
            assert least <= feeder_alone(solved(name, v2g, **choice)).shed_kw.sum() + 1e-6 <= most + 1e-6


def generated(result: CityResult) -> float:
    """Return the cost of generation, generator by generator [$/h]."""
    grid = result.model.market.grid
    each = zip(grid.cost_per_kwh, grid.cost_slope, result.generation_kw, strict=True)
    return float(sum(c * g + s * g * g / 2 for c, s, g in each))


def test_which_saving_is_the_larger():
    """Load served saves more than generation at 38.53 $/kWh, and below 13.1 and 21.2 less."""
    for name, level in (("stress", 13.14), ("island", 21.17)):
        saved = generated(solved(name, False)) - generated(solved(name, True))
        shed = solved(name, False).shed_kw.sum()
        assert saved < 38.53 * shed
        assert saved / shed == pytest.approx(level, abs=0.01)


def test_the_network_operator_loses_the_rent_of_its_lines():
    """What the DSO earns is the sum over lines of flow times difference of prices, and the margin on import."""
    earned = []
    for v2g in (False, True):
        result = solved("stress", v2g)
        tree = result.model.market.grid.feeder
        rise = result.dlmp[tree.heads] - result.dlmp[tree.tails]
        earned.append(result.active_kw @ rise + (result.dlmp[tree.root] - 0.12) * result.import_kw)
    assert earned[1] - earned[0] == pytest.approx(-29_002, abs=1)


def test_missing_energy_by_the_trip():
    """What batteries lack is each trip's way less what it charged, plus what it sold: 39 % of Base's saving."""
    lacking, gain = [], []
    for v2g in (False, True):
        result = solved("base", v2g)
        total = 0.0
        for path, flow in zip(result.paths, result.path_flow, strict=True):
            if path.driver == 0:
                left = 60.0 - 2.2 * path.trip.length_km + path.trip.charged_kwh - path.trip.discharged_kwh
                total += flow * (60.0 - left)
        lacking.append(total)
        gain.append(-result.social_cost["total"])
    assert lacking[1] - lacking[0] == pytest.approx(1241, abs=1)
    assert 0.20 * (lacking[1] - lacking[0]) / (gain[1] - gain[0]) == pytest.approx(0.39, abs=0.005)
