"""Waiting at stations: the smooth stand-in against the kinked line, and its integral against quadrature."""

import numpy as np
import pytest
from scipy.integrate import quad

from v2g_nb.city import smooth_waiting_time, waiting_time
from v2g_nb.city.stations import waiting_time_integral

STATION = {"base": 3.0, "slope": 0.5, "capacity": 90.0}


def test_the_smooth_line_is_above_the_kinked_one_by_at_most_its_bias():
    visits = np.linspace(0, 300, 601)
    for sharpness in (0.1, 0.5, 5.0):
        above = smooth_waiting_time(visits, **STATION, sharpness=sharpness) - waiting_time(visits, **STATION)
        assert above.min() >= 0
        assert above.max() == pytest.approx(0.5 * np.log(2) / sharpness)
        assert visits[np.argmax(above)] == 90.0


def test_the_slope_beyond_capacity_is_that_of_the_kinked_line():
    far = smooth_waiting_time([200.0, 201.0], **STATION, sharpness=0.5)
    assert far[1] - far[0] == pytest.approx(0.5)
    assert smooth_waiting_time([1e6], **STATION, sharpness=5.0) == pytest.approx(waiting_time([1e6], **STATION))


@pytest.mark.parametrize("visits", [0.0, 50.0, 89.9, 90.0, 140.0, 300.0])
@pytest.mark.parametrize("sharpness", [0.05, 0.5, 5.0])
def test_the_integral(visits: float, sharpness: float):
    expected, _ = quad(
        lambda x: smooth_waiting_time(x, **STATION, sharpness=sharpness).item(), 0, visits, epsabs=1e-10, limit=200
    )
    assert waiting_time_integral([visits], **STATION, sharpness=sharpness) == pytest.approx([expected], rel=1e-9)
