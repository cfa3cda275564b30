"""The figures of *Waiting lines*, against calculations that share nothing with the chapter."""

import math

import numpy as np
import pytest
from scipy.linalg import expm

from tests.notebooks.figures import column
from tests.queueing.exact_queue import exact_c, exact_wait

LAMBDA, MU, QUARTER = 6.5, 1.1, 15


def test_one_afternoon():
    """The number present is counted anew: those who have come less those who have left."""
    time, cars = column("tools/waiting-lines", "fig-one-afternoon", "time_h", "cars")
    rng = np.random.default_rng(8)
    arrivals = np.cumsum(rng.exponential(1 / LAMBDA, 200))
    services = rng.exponential(1 / MU, 200)
    # Each car begins at the latest of its arrival and the moment when fewer than eight of those
    # ahead are still there: the eighth largest departure ahead.
    departures: list[float] = []
    for arrival, service in zip(arrivals, services, strict=True):
        begin = max(arrival, sorted(departures)[-8]) if len(departures) >= 8 else arrival
        departures.append(begin + service)
    moments = np.sort(np.concatenate([arrivals, departures]))
    counted = [np.sum(arrivals <= t) - np.sum(np.array(departures) <= t) for t in moments]
    assert time == pytest.approx(moments / 4)
    assert cars.tolist() == counted


def test_chance_of_waiting():
    count = column("tools/waiting-lines", "fig-chance-of-waiting", "chargers")
    load, minute = column("tools/waiting-lines", "fig-chance-of-waiting", "load [% of capacity]", "wait_min")
    chance, mean = column("tools/waiting-lines", "fig-chance-of-waiting", "probability", "mean_wait_min")
    assert set(count) == {1, 2, 4, 8, 16, 32}
    assert set(load) == {50, 60, 70, 80, 90, 95}
    for c in set(count):
        for percent in set(load):
            here = (count == c) & (load == percent)
            assert here.sum() == 61
            assert minute[here] == pytest.approx(np.arange(0, 30.1, 0.5))
            busy, spare = float(exact_c(int(c), percent / 100 * c)), (1 - percent / 100) * c * MU
            assert chance[here] == pytest.approx(busy * np.exp(-spare * minute[here] / QUARTER), rel=1e-8)
            assert mean[here] == pytest.approx(float(QUARTER * busy / spare), rel=1e-8)


def test_opening():
    """The approach from empty against the matrix exponential of a line cut off at 250 cars."""
    count = column("tools/waiting-lines", "fig-opening", "chargers")
    minute, wait, long_run = column("tools/waiting-lines", "fig-opening", "minute", "wait_min", "long_run_min")
    size = 250
    for c in sorted(set(count)):
        here = count == c
        assert minute[here] == pytest.approx(np.arange(0, 120.1, 2.5))
        generator = np.diag(np.full(size - 1, LAMBDA), 1) + np.diag(np.minimum(np.arange(1, size), c) * MU, -1)
        generator -= np.diag(generator.sum(axis=1))
        step, state, ahead = expm(generator * 2.5 / QUARTER), np.eye(size)[0], np.maximum(np.arange(size) - c + 1, 0)
        for shown in wait[here]:
            assert shown == pytest.approx(QUARTER * state @ ahead / (c * MU), abs=1e-6)
            state = state @ step
        limit = float(QUARTER * exact_wait(int(c), LAMBDA, MU)) if c * MU > LAMBDA else math.inf
        assert long_run[here] == pytest.approx(limit, rel=1e-8)
