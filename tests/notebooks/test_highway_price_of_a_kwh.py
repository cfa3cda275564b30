"""The numbers behind the figures of the chapter on prices."""

import numpy as np
import pytest

from tests.notebooks.figures import column


def literal_profit(price: np.ndarray, intercept: np.ndarray, slope: np.ndarray, high: np.ndarray) -> np.ndarray:
    bought = np.minimum(np.maximum(intercept - slope * price[:, None], 0), high).sum(axis=1)
    return price * bought - 0.015 * bought**2


def test_two_peaks():
    """One car of 6 - p and four of 2 - p; the peaks by the closed formula on either side of the kink."""
    price, profit = column("highway/price-of-a-kwh", "fig-two-peaks", "price", "profit")
    peak_price, peak_profit = column("highway/price-of-a-kwh", "fig-two-peaks", "peak_price", "peak_profit")
    intercept, high = np.array([6.0, 2, 2, 2, 2]), np.array([60.0, 20, 20, 20, 20])
    np.testing.assert_allclose(profit, literal_profit(price, intercept, np.ones(5), high), atol=1e-8)
    np.testing.assert_allclose(peak_price, [14 * 1.15 / (5 * 2.15), 6 * 1.03 / 2.03])
    np.testing.assert_allclose(peak_profit, [14**2 / (10 * 2.15), 36 / (2 * 2.03)])


def test_three_comparators():
    cars = column("highway/price-of-a-kwh", "fig-three-comparators", "cars").reshape(-1, 61)[:, 0].astype(int)
    price, profit = column("highway/price-of-a-kwh", "fig-three-comparators", "price", "profit", shape=(-1, 61))
    leader = column("highway/price-of-a-kwh", "fig-three-comparators", "leader_price", every=61)
    earned = column("highway/price-of-a-kwh", "fig-three-comparators", "leader_profit", every=61)
    taker, taken = column("highway/price-of-a-kwh", "fig-three-comparators", "taker_price", "taker_profit", every=61)
    nash, capped = column("highway/price-of-a-kwh", "fig-three-comparators", "nash_price", "nash_profit", every=61)
    capacity, soc = np.tile([40.0, 62.0, 62.0, 40.0], 3), np.tile([0.2, 0.3, 0.4, 0.35], 3)
    fine = np.linspace(0, 6, 60_001)
    for place, n in enumerate(cars):
        nu, e = capacity[:n], soc[:n]
        theta = nu * (1 - e) / 15
        intercept = (nu - 0.1 * (1 / nu.sum() - 1 / nu)) / (10 * theta)
        args = intercept, 1 / theta, nu * (1 - e)
        np.testing.assert_allclose(profit[place], literal_profit(price[place], *args), rtol=1e-7, atol=1e-7)
        grid = literal_profit(fine, *args)
        assert abs(earned[place] - grid.max()) < 1e-4
        assert abs(leader[place] - fine[grid.argmax()]) < 1e-3 + 6e-3
        bought = np.clip(intercept - taker[place] / theta, 0, nu * (1 - e)).sum()
        np.testing.assert_allclose(taker[place], 0.03 * bought, rtol=1e-7)
        np.testing.assert_allclose(taken[place], 0.015 * bought**2, rtol=1e-7)
        assert nash[place] == pytest.approx(min(6.0, np.max(intercept * theta)))
        np.testing.assert_allclose(capped[place], literal_profit(nash[place : place + 1], *args)[0], atol=1e-7)
