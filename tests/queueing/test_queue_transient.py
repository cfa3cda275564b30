"""Uniformisation against the matrix exponential, the stationary state and known special cases."""

import math
from dataclasses import replace

import numpy as np
import pytest
from scipy.linalg import expm
from scipy.stats import poisson

from v2g_nb.errors import InvalidInput, NotAnEquilibrium, NotConverged
from v2g_nb.queueing import solve_queue, transient

TIMES = np.array([0.0, 0.5, 1.0, 4.0])
OPENING = transient(8, 6.5, 1.1, TIMES)


def generator(servers: int, arrival_rate: float, service_rate: float, size: int) -> np.ndarray:
    up = np.full(size - 1, arrival_rate)
    down = np.minimum(np.arange(1, size), servers) * service_rate
    q = np.diag(up, 1) + np.diag(down, -1)
    return q - np.diag(q.sum(axis=1))


@pytest.mark.parametrize(
    ("servers", "arrivals", "mu", "initial"),
    [(8, 6.5, 1.1, [1.0]), (2, 5.0, 1.0, [0.0, 0.5, 0.5]), (1, 0.3, 2.0, [0.0] * 9 + [1.0])],
)
def test_against_the_matrix_exponential(servers: int, arrivals: float, mu: float, initial: list[float]):
    times = np.array([0.1, 1.0, 3.0])
    result = transient(servers, arrivals, mu, times, initial=initial).require()
    size = 160
    first = np.pad(initial, (0, size - len(initial)))
    for time, row in zip(times, result.probabilities, strict=True):
        exact = first @ expm(generator(servers, arrivals, mu, size) * time)
        width = min(size, row.size)
        assert row[:width] == pytest.approx(exact[:width], abs=2e-12)


def test_virtual_wait_after_a_quarter_of_an_hour():
    """M/M/8 with 6.5 and 1.1 per 15 minutes, from empty."""
    size, servers = 120, 8
    row = expm(generator(8, 6.5, 1.1, size) * 1.0)[0]
    ahead = np.maximum(np.arange(size) - servers + 1, 0)
    by_hand = 15 * row @ ahead / (servers * 1.1)
    assert 15 * OPENING.mean_virtual_wait[2] == pytest.approx(by_hand, abs=1e-10)


def test_long_run_is_the_stationary_state():
    station = solve_queue(8, 6.5, 1.1)
    late = transient(8, 6.5, 1.1, [90.0])
    count = np.arange(late.probabilities.shape[1])
    assert late.probabilities[0] == pytest.approx(station.probability(count), abs=1e-8)
    assert late.mean_number[0] == pytest.approx(station.mean_number, rel=1e-6)
    assert late.probability_of_waiting[0] == pytest.approx(station.probability_of_waiting, rel=1e-6)
    assert late.waiting_longer([0.1])[0, 0] == pytest.approx(float(station.waiting_longer(0.1)), rel=1e-6)


def test_with_a_server_for_everyone_the_number_is_poisson():
    """Enough servers: from empty, the number at t is Poisson of mean a (1 - exp(-mu t))."""
    result = transient(200, 3.0, 1.5, [0.7])
    mean = 2.0 * (1 - math.exp(-1.5 * 0.7))
    count = np.arange(result.probabilities.shape[1])
    assert result.probabilities[0] == pytest.approx(poisson.pmf(count, mean), abs=1e-12)


def test_waits_have_the_right_mean():
    waits = np.linspace(0, 6, 6001)
    late = OPENING.waiting_longer(waits)[3]
    assert np.trapezoid(late, waits) == pytest.approx(OPENING.mean_virtual_wait[3], rel=1e-5)


def test_the_stated_error_is_kept():
    for error in (1e-3, 1e-6, 1e-12):
        result = transient(8, 6.5, 1.1, TIMES, error=error)
        fine = transient(8, 6.5, 1.1, TIMES, error=1e-13)
        width = min(result.probabilities.shape[1], fine.probabilities.shape[1])
        gap = np.abs(result.probabilities[:, :width] - fine.probabilities[:, :width]).sum(axis=1).max()
        assert result.error <= error
        assert gap <= 2 * result.error + 1e-13
        assert result.converged
    with pytest.raises(NotAnEquilibrium, match="converge"):
        replace(result, converged=False).require()


def test_overload_grows_at_the_surplus():
    """Above capacity there is no stationary state, and the number grows by lambda - c mu."""
    result = transient(2, 5.0, 1.0, [20.0, 30.0]).require()
    assert np.diff(result.mean_number)[0] == pytest.approx(30.0, rel=1e-3)


@pytest.mark.parametrize("late", [1e5, 1e12, 1e300, 1.7e308])
def test_a_time_that_takes_too_many_ticks_is_named(late: float):
    with pytest.raises(NotConverged, match=r"times\[1\] = .* ticks: must be at most 200000"):
        transient(1, 1.0, 2.0, [1.0, late])


@pytest.mark.parametrize("rates", [(1.0, 1e308), (1.7e308, 1e307)])
@pytest.mark.parametrize("time", [0.0, 1.0])
def test_a_clock_beyond_the_largest_number_is_refused(rates: tuple[float, float], time: float):
    with pytest.raises(InvalidInput, match=r"service_rate = .* with servers = 8"):
        transient(8, *rates, [time])
