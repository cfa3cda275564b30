"""The figures of *One more car*, against calculations that share nothing with the chapter."""

import mpmath as mp
import numpy as np
import pytest

from tests.notebooks.figures import column
from tests.queueing.exact_queue import exact_number

MU = 1.1


def test_uneven_demand():
    """Little's law: those who wait are those present less the busy chargers."""
    rate, waiting = column("tools/one-more-car", "fig-uneven-demand", "rate", "waiting_cars")
    assert rate == pytest.approx(np.linspace(3, 8.3, 107))
    for cars, line in zip(rate, waiting, strict=True):
        assert float(exact_number(8, mp.mpf(cars), MU) - cars / MU) == pytest.approx(line, rel=1e-8)


def test_outflow():
    count, cars, exact = column("tools/one-more-car", "fig-outflow", "chargers", "cars", "exact_percent")
    approximation, most = column("tools/one-more-car", "fig-outflow", "approximation_percent", "littles_law_percent")
    assert set(count) == {1, 2, 4, 8, 16, 32}
    assert approximation == pytest.approx(100 * cars / (1 + cars))
    assert most == pytest.approx(100 * cars / count)
    for c in sorted(set(count)):
        here = count == c
        assert cars[here] == pytest.approx(np.linspace(0, 30, 121))
        assert exact[here][0] == 0
        for x, share in zip(cars[here][1:], exact[here][1:], strict=True):
            rate = mp.mpf(share) / 100 * c * mp.mpf(MU)
            assert float(exact_number(int(c), rate, MU)) == pytest.approx(x, rel=1e-7)
