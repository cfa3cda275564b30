"""What the figures of the chapter on two stations show, against independent computations."""

import numpy as np
from numpy.testing import assert_allclose

from tests.notebooks.figures import column


def test_saturation():
    x = column("grid/two-stations", "fig-saturation", "energy_units")
    assert_allclose(column("grid/two-stations", "fig-saturation", "payoff_a2_half"), 6.5 * x - 0.5 * x**2, atol=1e-7)
    assert_allclose(column("grid/two-stations", "fig-saturation", "payoff_a2_one"), 6.5 * x - x**2, atol=1e-7)
    assert_allclose(column("grid/two-stations", "fig-saturation", "payoff_a2_two"), 6.5 * x - 2 * x**2, atol=1e-7)


def sold(p, q):
    """Return what both stations sell under (13), ties to the first."""
    ev1_first, ev2_first = p <= q + 1e-9, p <= q + 3 + 1e-9
    first = ev1_first * max(10 - p, 0) / 2 + ev2_first * max(12 - p, 0) / 2
    second = (not ev1_first) * max(10 - q, 0) / 2 + (not ev2_first) * max(9 - q, 0) / 2
    return first, second


def test_edgeworth_cycle():
    chosen = column("grid/two-stations", "fig-edgeworth", "move")
    p = column("grid/two-stations", "fig-edgeworth", "cs1_price")
    q = column("grid/two-stations", "fig-edgeworth", "cs2_price")
    at_first = column("grid/two-stations", "fig-edgeworth", "cs1_sold")
    at_second = column("grid/two-stations", "fig-edgeworth", "cs2_sold")
    prices = np.arange(121) / 10
    ends = np.flatnonzero(np.append(np.diff(chosen) <= 0, True))  # the last row of each frame
    last = ends[-1]
    path = list(zip(p[: last + 1][-int(chosen[last]) - 1 :], q[: last + 1][-int(chosen[last]) - 1 :], strict=True))
    for k, (first, second) in enumerate(path):  # the second station moves at even steps
        if k % 2 == 0:
            best = max(price * sold(first, price)[1] for price in prices)
            assert second * sold(first, second)[1] >= best - 1e-9
        else:
            best = max(price * sold(price, second)[0] for price in prices)
            assert first * sold(first, second)[0] >= best - 1e-9
    for end in ends:
        assert_allclose([at_first[end], at_second[end]], sold(p[end], q[end]), atol=1e-9)


def test_mixed_prices():
    price = column("grid/two-stations", "fig-mixed-prices", "price")
    cs1 = column("grid/two-stations", "fig-mixed-prices", "cs1_cdf")
    cs2 = column("grid/two-stations", "fig-mixed-prices", "cs2_cdf")
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
    price = column("grid/two-stations", "fig-mixed-prices", "grid_price")
    assert_allclose(price, np.arange(61) / 10)
    mixes = [
        np.diff(column("grid/two-stations", "fig-mixed-prices", "cs1_grid_cdf"), prepend=0),
        np.diff(column("grid/two-stations", "fig-mixed-prices", "cs2_grid_cdf"), prepend=0),
    ]
    payoffs = np.array([[[p * sold(p, q)[0], q * sold(p, q)[1]] for q in price] for p in price])
    values = payoffs[:, :, 0] @ mixes[1], mixes[0] @ payoffs[:, :, 1]
    for value, mix in zip(values, mixes, strict=True):
        assert abs(mix.sum() - 1) < 1e-8
        assert value.max() - value @ mix < 1e-7
