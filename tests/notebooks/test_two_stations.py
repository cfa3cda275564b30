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
    chosen, p = column("grid/two-stations", "fig-edgeworth", "move", "cs1_price")
    q, at_first, at_second = column("grid/two-stations", "fig-edgeworth", "cs2_price", "cs1_sold", "cs2_sold")
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
