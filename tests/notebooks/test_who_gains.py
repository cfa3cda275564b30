"""The numbers behind the figures of *Who gains what*: other solver, other accounting, the tables themselves."""

import csv

import numpy as np
import pytest

from tests.campus.instances import RULES
from tests.notebooks.figures import column
from tools.paths import ROOT
from v2g_nb.campus import Campus, draw_real_fleet, select_cars
from v2g_nb.games import best_response_sweeps

CAMPUS = Campus.real()
PRICE, NET = CAMPUS.grid_price_eur_per_kwh, CAMPUS.load_kw - CAMPUS.pv_kw


def swept(fleet, price, rng):
    """Return the cars' equilibrium by sweeps in a fresh order."""
    for step in best_response_sweeps(CAMPUS.game(fleet, price).storage, order="random", rng=rng):
        if step.change < 1e-2:
            return step.flows
    return None


def paid(plan, price):
    total = plan.sum(axis=0)
    return plan @ (price * (CAMPUS.baseline_kw + total - CAMPUS.request_kw)) * 0.25


def accounts(fleet, plan, price):
    """Return the gains of aggregator and building at a fee share of 0.6, and of each car, term by term."""
    need = np.maximum(0, fleet.soc_target - fleet.soc_start) * 80.0
    plug = np.zeros((fleet.size, 96))
    for i in range(fleet.size):
        left = need[i]
        for t in range(fleet.arrival[i], fleet.departure[i]):
            plug[i, t] = min(22.0, left / 0.25)
            left -= plug[i, t] * 0.25
    total = plan.sum(axis=0)
    exchange = np.clip(total, np.minimum(CAMPUS.request_kw, 0), np.maximum(CAMPUS.request_kw, 0))
    saved = PRICE @ (np.maximum(0, NET) - np.maximum(0, NET + exchange)) * 0.25
    saved += 0.2 * (NET.max() - (NET + exchange).max())
    grid = PRICE @ (np.maximum(0, CAMPUS.baseline_kw + total - exchange) - CAMPUS.baseline_kw - plug.sum(axis=0)) * 0.25
    cars = 0.4 * need - paid(plan, price)
    return -cars.sum() - grid + 0.6 * saved, 0.4 * saved, cars


def fleets():
    streams = [np.random.default_rng(s) for s in np.random.SeedSequence(7).spawn(100)]
    return [select_cars(draw_real_fleet(RULES, rng), CAMPUS.request_kw, RULES, rng).fleet for rng in streams]


@pytest.fixture(scope="module")
def hundred():
    """Return gains and discharged energy of the hundred fleets, each at the price where the cap binds."""
    found, given, order = [], [], np.random.default_rng(1)
    for fleet in fleets():
        cap = 0.72 * 0.4 * (np.maximum(0, fleet.soc_target - fleet.soc_start) * 80.0).sum()
        low, high = 1e-3, 1e-2
        for _ in range(12):  # regula falsi: payments are nearly proportional to the price
            price = low * cap / paid(swept(fleet, low, order), low).sum()
            if abs(price / low - 1) < 1e-4:
                break
            low = min(price, high)
        plan = swept(fleet, low, order)
        found.append(accounts(fleet, plan, low))
        given.append(np.maximum(0, -plan).sum(axis=1) * 0.25)
    return found, given


def test_real_day():
    table = list(csv.DictReader((ROOT / "v2g_nb" / "data" / "campus_day.csv").read_text(encoding="utf-8").splitlines()))
    hour, load = column("campus/who-gains", "fig-campus-real-day", "hour_h", "load_kw")
    pv, price, request = column("campus/who-gains", "fig-campus-real-day", "pv_kw", "price_eur_per_kwh", "request_kw")
    shape = np.array([float(row["load_kwh_per_quarter_and_gwh"]) for row in table])
    assert hour == pytest.approx([float(row["hour_h"]) for row in table])
    assert load == pytest.approx(445.0 * shape / shape.max())
    assert pv == pytest.approx([610.0 * float(row["pv_kw_per_kwp"]) for row in table])
    assert price == pytest.approx([0.16 + float(row["price_eur_per_kwh"]) for row in table])
    net = (load - pv)[32:66]
    assert request[32:66][net > 0] == pytest.approx(-net[net > 0], abs=1e-6)
    assert request[32:66][net <= 0] == pytest.approx(np.minimum(-net[net <= 0], request.max()), abs=1e-6)
    assert abs(request.sum()) < 1e-6


def test_hundred_fleets(hundred):
    found, _ = hundred
    sides = np.sort([(f[0], f[1], f[2].sum(), f[2].min()) for f in found], axis=0).T
    aggregator, building = column("campus/who-gains", "fig-campus-fleets", "aggregator_eur", "building_eur")
    cars, worst = column("campus/who-gains", "fig-campus-fleets", "cars_eur", "worst_car_eur")
    assert np.array([aggregator, building, cars, worst]) == pytest.approx(sides, abs=0.02)
    lost = np.concatenate([f[2] for f in found]) < 0
    assert round(100 * lost.mean()) == 24


def test_what_it_depends_on(hundred):
    found, given = hundred
    share, aggregator = column("campus/who-gains", "fig-campus-depends", "fee_share", "aggregator_eur")
    building, wear = column("campus/who-gains", "fig-campus-depends", "building_eur", "wear_eur_per_kwh")
    cars, worst = column("campus/who-gains", "fig-campus-depends", "cars_eur", "worst_car_eur")
    saved = np.mean([f[1] for f in found]) / 0.4
    assert building == pytest.approx((1 - share) * saved, abs=0.02)
    assert aggregator == pytest.approx(np.mean([f[0] for f in found]) + (share - 0.6) * saved, abs=0.02)
    for k, cost in enumerate(wear):
        each = [f[2] - cost * g for f, g in zip(found, given, strict=True)]
        assert cars[k] == pytest.approx(np.mean([e.sum() for e in each]), abs=0.02)
        assert worst[k] == pytest.approx(np.mean([e.min() for e in each]), abs=0.02)


def test_price_divides_the_gain():
    price = column("campus/who-gains", "fig-campus-price-gains", "price scale [EUR/kW²h]", every=4)
    side, gain = column("campus/who-gains", "fig-campus-price-gains", "side", "gain_eur", shape=(12, 4))
    rng = np.random.default_rng(1)
    fleet = select_cars(draw_real_fleet(RULES, rng), CAMPUS.request_kw, RULES, rng).fleet
    assert side[0].tolist() == ["aggregator", "building", "cars", "worst car"]
    for k in (0, 6, 11):
        aggregator, building, cars = accounts(fleet, swept(fleet, float(price[k]), rng), float(price[k]))
        assert gain[k] == pytest.approx([aggregator, building, cars.sum(), cars.min()], abs=0.02)
    assert np.ptp(gain[:, :3].sum(axis=1)) < 1.0
