"""The multipliers of the program against differences of its optimal value."""

from dataclasses import replace

import numpy as np
import pytest
from scipy.integrate import quad

from tests.city.cases import SIX, case
from v2g_nb.city import city_program, waiting_time
from v2g_nb.city.equilibrium import solve_program
from v2g_nb.networks import beckmann


def _value(program, x) -> float:
    """The program's objective [1000 $], from Beckmann's integrals and the theorem's power terms."""
    model = program.model
    at = program.columns
    total = program.linear / program.weight @ x + 0.5 * program.quadratic @ x**2
    total += program.value_of_time * beckmann(model.roads.network, np.maximum(100.0 * x[at["link"]], 0.0)) / 1000.0
    for k, one in enumerate(model.stations):
        visits = max(100.0 * float(x[at["visit"]][k]), 0.0)
        station = {"base": one.base_wait_min, "slope": one.wait_slope, "capacity": one.capacity}
        waited, _ = quad(
            lambda v, s=station: waiting_time(v, **s, sharpness=model.sharpness),
            0.0,
            visits,
            epsabs=1e-11,
            epsrel=1e-13,
        )
        total += program.value_of_time * waited / 1000.0
    return float(total)


@pytest.mark.parametrize(("name", "v2g"), SIX)
def test_duals_are_finite_differences_of_the_optimal_value(name: str, v2g: bool):
    """One more kW at several buses and one more trip of several pairs, at once: prices times changes.

    More load at a bus is a larger right-hand side in its row of (11) and in an LSE's balance, so the
    difference is tau + w: the DLMP.
    """
    result = case(name, v2g)
    program = city_program(result.model, result.paths)
    rng = np.random.default_rng(3)
    change = np.zeros(len(program.right))
    homes = result.model.market.load_buses
    more = rng.uniform(0.0, 1.0, len(homes)) * (rng.uniform(size=len(homes)) < 0.2)
    change[program.rows["injection"]][homes - 1] = more
    change[program.rows["balance"]][0] = more.sum()
    trips = rng.uniform(0.0, 1.0, len(program.demands))
    change[program.rows["demand"]] = trips
    expected = float(more @ result.dlmp[homes])
    expected += sum(t * result.od_cost[m, k] / 10.0 for t, (m, k) in zip(trips, program.demands, strict=True))
    size = 2e-4
    values = []
    for sign in (1.0, -1.0):
        moved = replace(program, right=program.right + sign * size * change)
        values.append(_value(moved, solve_program(moved)[0]))
    slope = (values[0] - values[1]) / (2.0 * size)
    assert slope == pytest.approx(expected, rel=1e-5)
