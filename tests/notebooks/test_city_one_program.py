"""The numbers behind the figures of the chapter on players and their one program."""

from dataclasses import replace

import numpy as np
import pytest

from tests.notebooks.figures import column
from v2g_nb.city import city_program, small_city


@pytest.mark.parametrize("load", [100.0, 150.0, 400.0, 800.0])
def test_minimum_and_crossing_stand_at_the_same_place(load: float):
    """By hand: 10 times what is asked less what it is worth is the slope of Z; they meet at (load - 150) / 12.5."""
    here = column("city/one-program", "fig-one-bus", "load [kW]") == load
    h = column("city/one-program", "fig-one-bus", "drivers")[here]
    asked = column("city/one-program", "fig-one-bus", "asked_usd_per_kwh")[here]
    worth = column("city/one-program", "fig-one-bus", "worth_usd_per_kwh")[here]
    z = column("city/one-program", "fig-one-bus", "z_usd")[here]
    slope = np.diff(z) / np.diff(h)
    gap = 10 * (asked - worth)
    assert slope == pytest.approx((gap[1:] + gap[:-1]) / 2, abs=1e-6)  # Z is quadratic
    crossing = max((load - 150) / 12.5, 0.0)
    assert h[np.argmin(z)] == pytest.approx(min(crossing, h[-1]), abs=h[1] - h[0])
    at = np.interp(crossing, h, asked), np.interp(crossing, h, worth)
    if crossing > 0:
        assert at[0] == pytest.approx(at[1], abs=1e-9)


def test_residuals_of_the_solvers():
    """Extragradient written out again; Newton and the interior point end where the problem is solved."""
    model = small_city()
    model = replace(model, stations=tuple(replace(s, wait_slope=0.0) for s in model.stations))
    function, _, *box, start = city_program(model).complementarity_problem()

    def ahead(z: np.ndarray, at: np.ndarray, length: float) -> np.ndarray:
        return np.clip(z - length * function(at), *box)

    lengths, steps = column("city/one-program", "fig-solvers", "step of extragradient", "step")
    theirs, newton, centre = column("city/one-program", "fig-solvers", "extragradient", "newton", "interior_point")
    for length in (0.02, 0.05):
        here = lengths == length
        z, mine = np.clip(start, *box), []
        for _ in range(201):
            z = ahead(z, ahead(z, z, length), length)
            mine.append(np.abs(z - ahead(z, z, 1.0)).max())
        early = steps[here] <= 200
        assert theirs[here][early] == pytest.approx(np.array(mine)[steps[here][early].astype(int)], rel=1e-6)
    assert newton[:16].min() < 1e-8
    assert centre[:14].min() < 1e-8
    converged = theirs[(lengths == 0.05)][-1]
    assert 1e-9 < converged < 0.1  # far from where Newton is, after two hundred times as many steps
    assert theirs[lengths == 0.5][-1] == 1e3
