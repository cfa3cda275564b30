"""The small city stated anew in cvxpy, number by number, and solved by Clarabel."""

from dataclasses import replace

import cvxpy as cp
import numpy as np
import pytest

from v2g_nb.certificate import require
from v2g_nb.city import CityModel, small_city, solve_city, solve_city_mcp


def kinked(**options) -> CityModel:
    """The small city with a queue that cvxpy can state: so sharp that the smooth wait is the kinked one."""
    model = small_city(**options)
    return replace(model, sharpness=60.0, stations=(replace(model.stations[0], capacity=2.0),))


def stated(v2g: bool) -> dict[str, float | np.ndarray]:
    """Return the equilibrium of a statement that shares nothing with the package."""
    theta, sells = 0.5, 26.0
    ev = cp.Variable(3, nonneg=True)  # by node 3; by node 2 past the station; selling there
    fv = cp.Variable(2, nonneg=True)
    sales, shed = cp.Variable((2, 2), nonneg=True), cp.Variable((2, 2), nonneg=True)  # LSE, bus 1 or 2
    made = cp.Variable(2, nonneg=True)
    bought, imported, discharge = cp.Variable(2), cp.Variable(nonneg=True), cp.Variable(nonneg=True)
    traded = cp.Variable(2, nonneg=True)
    upper, lower = cp.Variable(2), cp.Variable(2)  # kW, kvar on the first line and on the second
    reactive = cp.Variable(2)
    volts = cp.Variable(3)
    load, kvar = np.array([200.0, 400.0]), np.array([50.0, 100.0])
    slope = 0.2 / (0.15 * load)
    top = 0.2 * (1.0 + 1.0 / 0.15)
    short, long = ev[0] + fv[0], ev[1] + ev[2] + fv[1]
    # links of 8, 8, 10 and 10 minutes: the integral of t (1 + 0.15 (v / 60)^4)
    times = [2.0 * t * (v + 0.03 * 60.0 * cp.power(v / 60.0, 5)) for t, v in ((8.0, short), (10.0, long))]
    queue = 3.0 * ev[2] + 0.5 * cp.square(cp.pos(ev[2] - 2.0)) / 2.0
    pile = 60.0 * sells / 150.0 * ev[2]
    people = theta * (sum(times) + queue + pile) + 0.05 * sells * ev[2]
    total = cp.sum(sales, axis=0)
    benefit = top * cp.sum(total) - slope @ (cp.square(total) + cp.sum(cp.square(sales), axis=0)) / 2.0
    firms = np.array([0.2, 0.25]) @ made + np.array([0.002, 0.001]) @ cp.square(made) / 2.0
    power = firms + 10.0 * cp.sum(shed) + 0.1 * imported - benefit
    fee = [
        -total[0] == lower[0] - upper[0],
        cp.sum(made) - total[1] + cp.sum(traded) == -lower[0],
    ]
    own = [cp.sum(sales[k]) == made[k] + bought[k] + traded[k] for k in (0, 1)]
    rows = [
        cp.sum(ev) == 24.0,
        cp.sum(fv) == 60.0,
        discharge == sells * ev[2],
        cp.sum(traded) == discharge,
        cp.sum(bought) == imported,
        imported == upper[0],
        upper[1] == lower[1] + kvar[0],
        lower[1] + cp.sum(reactive) == kvar[1],
        volts[0] == 1.0,
        volts[1] == volts[0] - 2.0 * (0.01 * upper[0] + 0.02 * upper[1]) / 1000.0,
        volts[2] == volts[1] - 2.0 * (0.02 * lower[0] + 0.02 * lower[1]) / 1000.0,
        volts >= 0.81,
        volts <= 1.21,
        made <= [300.0, 250.0],
        cp.abs(reactive) <= 200.0,
        cp.abs(upper) <= 2000.0,
        cp.abs(lower) <= 200.0,
        imported <= 2000.0,
        sales + shed >= 0.5 * np.vstack([load, load]),
        shed <= 0.5 * np.vstack([load, load]),
    ]
    if not v2g:
        rows.append(ev[2] == 0.0)
    problem = cp.Problem(cp.Minimize(people + power), [*fee, *own, *rows])
    problem.solve(solver=cp.CLARABEL, tol_gap_abs=1e-10, tol_gap_rel=1e-10, tol_feas=1e-10)
    return {
        "value": problem.value,
        "ev": ev.value,
        "made": made.value,
        "sales": sales.value,
        "imported": imported.value,
        "short": short.value,
        "fees": np.array([float(row.dual_value) for row in fee]),
    }


@pytest.mark.parametrize("v2g", [False, True])
@pytest.mark.parametrize("solve", [solve_city, solve_city_mcp])
def test_cvxpy_finds_the_same(solve, v2g: bool):
    result, other = require(solve(kinked(v2g=v2g))), stated(v2g)
    np.testing.assert_allclose(result.generation_kw, other["made"], atol=1e-3)
    np.testing.assert_allclose(result.sales_kw[:, 1:], other["sales"], atol=1e-3)
    assert result.import_kw == pytest.approx(other["imported"], abs=1e-3)
    assert result.link_flow[2] == pytest.approx(other["short"], abs=1e-3)
    assert result.discharging_kw[0] == pytest.approx(26.0 * other["ev"][2], abs=1e-3)
    assert result.dlmp[2] == pytest.approx(0.2 + 0.002 * other["made"][0], abs=1e-5)
    apart = abs(other["fees"][1] - other["fees"][0])
    assert result.wheeling_fee[2] - result.wheeling_fee[1] == pytest.approx(apart, abs=1e-5)


def test_a_queue_and_a_tight_line_are_part_of_it():
    result = solve_city(kinked())
    assert result.visits.sum() > 2.0  # above capacity: the queue matters
    assert result.wait_min[0] == pytest.approx(3.0 + 0.5 * (result.visits.sum() - 2.0))
    assert abs(result.active_kw[1]) == pytest.approx(200.0)
    assert result.dlmp[2] > result.dlmp[1] + 0.1
