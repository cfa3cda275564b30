"""The numbers behind the figures of the chapter on queues, computed by other means."""

import numpy as np
from scipy.linalg import expm
from scipy.optimize import brentq

from tests.notebooks.figures import column
from v2g_nb.highway import draw_cars, tomei
from v2g_nb.highway.certificates import waits_by_poisson

MU, CHARGERS = 1.1, 8


def wait(rate: float) -> float:
    return float(waits_by_poisson(np.array(CHARGERS), np.array(MU), np.array(rate)))


def outflow(x: float) -> float:
    """Invert L = lambda / mu + lambda W by a bracketing root finder."""
    if x <= 0:
        return 0.0
    return brentq(lambda g: g / MU + g * wait(g) - x, 0.0, CHARGERS * MU * (1 - 1e-12), xtol=1e-13)


def generator(rate: float, room: int = 150) -> np.ndarray:
    up, down = np.full(room, rate), np.minimum(np.arange(1, room + 1), CHARGERS) * MU
    matrix = np.diag(up, 1) + np.diag(down, -1)
    return matrix - np.diag(matrix.sum(axis=1))


def test_two_outflows():
    minute, exact, rough = column("highway/queues", "fig-two-outflows", "minute", "exact", "approximation")
    cars = draw_cars(tomei(), np.random.default_rng(3))
    arrivals = np.bincount((np.floor(cars.minute[cars.node == 0]) + 17).astype(int), minlength=140)
    x = y = 0.0
    for k in range(120):
        np.testing.assert_allclose([exact[k], rough[k]], [x, y], atol=1e-7)
        x += arrivals[k] - outflow(x) / 15
        y += arrivals[k] - CHARGERS * MU * y / (1 + y) / 15
    assert (minute == np.arange(121)).all()


def test_time_step():
    minute, four, eight = column("highway/queues", "fig-time-step", "minute", "four_chargers", "eight_chargers")
    for x, c, inflow in ((four, 4, 0.5), (eight, 8, 2.0)):
        np.testing.assert_allclose(np.diff(x), inflow - c * 1.1 * x[:-1] / (1 + x[:-1]), rtol=1e-6, atol=1e-7)
        assert x.min() < -0.1
    assert (minute == np.arange(31)).all()


def test_from_empty():
    minute = column("highway/queues", "fig-from-empty", "minute")
    exact, fluid, rough = column("highway/queues", "fig-from-empty", "exact", "fluid", "fluid_approximation")
    step = expm(generator(6.5) / 15)
    state = np.eye(1, len(step))[0]
    x = y = 0.0
    for k in minute.astype(int):
        np.testing.assert_allclose(exact[k], state @ np.arange(len(state)), atol=1e-7)
        np.testing.assert_allclose([fluid[k], rough[k]], [x, y], atol=1e-7)
        state = state @ step
        x += (6.5 - outflow(x)) / 15
        y += (6.5 - CHARGERS * MU * y / (1 + y)) / 15


def test_opening():
    rate = column("highway/queues", "fig-reaching-the-long-run", "cars per 15 min", every=61)
    minute = column("highway/queues", "fig-reaching-the-long-run", "minute_of_day", shape=(-1, 61))
    stored, level = column("highway/queues", "fig-reaching-the-long-run", "wait_min", "long_run_min", shape=(-1, 61))
    for place, r in enumerate(rate):
        np.testing.assert_allclose(level[place], 15 * wait(r), rtol=1e-7)
        matrix = generator(r, room=250)
        for k in (5, 15, 60):
            state = expm(matrix * minute[place, k] / 15)[0]
            ahead = np.maximum(np.arange(len(state)) - CHARGERS + 1, 0)
            np.testing.assert_allclose(stored[place, k], 15 * state @ ahead / (CHARGERS * MU), rtol=1e-5, atol=1e-8)
        assert (np.diff(stored[place]) > 0).all()
