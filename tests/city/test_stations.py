"""Waiting at stations: the smooth stand-in against the kinked line."""

import pytest

from v2g_nb.city import waiting_time

STATION = {"base": 3.0, "slope": 0.5, "capacity": 90.0}


def test_the_slope_beyond_capacity_is_that_of_the_kinked_line():
    far = waiting_time([200.0, 201.0], **STATION, sharpness=0.5)
    assert far[1] - far[0] == pytest.approx(0.5)
    assert waiting_time([1e6], **STATION, sharpness=5.0) == pytest.approx(waiting_time([1e6], **STATION))
