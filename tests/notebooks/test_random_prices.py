"""What the figures of the chapter on random prices show, against independent computations."""

import numpy as np
from numpy.testing import assert_allclose

from tests.notebooks.figures import column
from tests.notebooks.test_two_stations import sold


def test_mixed_prices():
    price, cs1, cs2 = column("grid/random-prices", "fig-mixed-prices", "price", "cs1_cdf", "cs2_cdf")
    for cdf in (cs1, cs2):
        assert np.all(np.diff(cdf) >= -1e-9)
        assert cdf[0] == 0
        assert cdf[-1] == 1
    # expected profits by simulation of the rival's draws: the same at every price of the support
    rng = np.random.default_rng(2)
    draws = np.interp(rng.uniform(size=200_000), cs2[cs2 < 1], price[cs2 < 1])
    earned = [np.mean((10 - p) / 2 * (draws > p) + (12 - p) / 2 * (draws > p - 3)) * p for p in (2.0, 3.0, 4.0, 4.6)]
    assert_allclose(earned, 16.147, rtol=0.01)
    draws = np.interp(rng.uniform(size=200_000), cs1[cs1 < 1], price[cs1 < 1])
    earned = [np.mean((10 - q) / 2 * (draws > q) + (9 - q) / 2 * (draws > q + 3)) * q for q in (1.2, 2.0, 3.0, 4.0)]
    assert_allclose(earned, 7.414, rtol=0.01)


def test_grid_equilibrium():
    price, *cdf = column("grid/random-prices", "fig-mixed-prices", "grid_price", "cs1_grid_cdf", "cs2_grid_cdf")
    assert_allclose(price, np.arange(61) / 10)
    mixes = [np.diff(values, prepend=0) for values in cdf]
    payoffs = np.array([[[p * sold(p, q)[0], q * sold(p, q)[1]] for q in price] for p in price])
    values = payoffs[:, :, 0] @ mixes[1], mixes[0] @ payoffs[:, :, 1]
    for value, mix in zip(values, mixes, strict=True):
        assert abs(mix.sum() - 1) < 1e-8
        assert value.max() - value @ mix < 1e-7


def test_taste():
    """At every taste each price that a station asks earns what the legend says, and no other price more."""
    tastes, price = column("grid/random-prices", "fig-taste", "taste d", "price")
    cs1, cs2, first, second = column("grid/random-prices", "fig-taste", "cs1_cdf", "cs2_cdf", "cs1_earns", "cs2_earns")
    assert_allclose(np.unique(tastes), np.arange(2, 16) / 4)
    for d in np.unique(tastes):
        p, f1, f2 = (values[tastes == d] for values in (price, cs1, cs2))
        below = [np.interp(p - d, p, f2), np.interp(p + d, p, f1, right=1.0)]
        at_first = p / 2 * (np.maximum(10 - p, 0) * (1 - f2) + np.maximum(10.5 + d / 2 - p, 0) * (1 - below[0]))
        at_second = p / 2 * (np.maximum(10 - p, 0) * (1 - f1) + np.maximum(10.5 - d / 2 - p, 0) * (1 - below[1]))
        for earned, own, legend in ((at_first, f1, first), (at_second, f2, second)):
            (told,) = np.unique(legend[tastes == d])
            asks = (own > 0) & (own < 1)
            assert_allclose(earned[asks], told, rtol=0.02)  # the rival's distribution between two points of the grid
            assert earned.max() <= told * 1.02
