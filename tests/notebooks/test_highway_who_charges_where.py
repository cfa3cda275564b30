"""The numbers behind the figures of the chapter on who charges where."""

import numpy as np

from tests.notebooks.figures import column
from v2g_nb.figures.data import NOISE
from v2g_nb.highway.certificates import waits_by_poisson


def test_equal_waits():
    """Recomputed through Poisson probabilities; equal waits found where the two curves cross."""
    demand = column("highway/who-charges-where", "fig-equal-waits", "cars per 15 min", shape=(-1, 61))
    rate = column("highway/who-charges-where", "fig-equal-waits", "rate_ashigara", shape=(-1, 61))
    first = column("highway/who-charges-where", "fig-equal-waits", "wait_ashigara_min", shape=(-1, 61))
    second = column("highway/who-charges-where", "fig-equal-waits", "wait_numazu_min", shape=(-1, 61))
    equal = column("highway/who-charges-where", "fig-equal-waits", "equal_rate", shape=(-1, 61))
    level = column("highway/who-charges-where", "fig-equal-waits", "equal_wait_min", shape=(-1, 61))
    mu = np.array(1.1)
    by_poisson = 15 * waits_by_poisson(np.array(8), mu, rate), 15 * waits_by_poisson(np.array(6), mu, demand - rate)
    for waits, expected, tol in zip((first, second), by_poisson, (1e-7, 1e-6), strict=True):
        # what is noise beside the longest wait is stored as 0
        np.testing.assert_allclose(waits, expected, rtol=tol, atol=NOISE * expected.max())
    np.testing.assert_allclose(level, 15 * waits_by_poisson(np.array(8), mu, equal), rtol=1e-6)
    np.testing.assert_allclose(level, 15 * waits_by_poisson(np.array(6), mu, demand - equal), rtol=1e-6)
    crossing = np.sign(first - second)
    assert ((rate < equal) == (crossing < 0)).all()
