"""Means, their derivatives and their inverses against exact arithmetic."""

import mpmath as mp
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.queueing.exact_queue import exact_c, exact_number, exact_wait
from v2g_nb.queueing import (
    arrival_rate_for_wait,
    mean_number,
    mean_wait,
    mean_wait_derivative,
    throughput,
    throughput_approximation,
)

servers = st.integers(1, 500)
ratios = st.one_of(st.floats(0.02, 0.98), st.floats(-6, -0.31).map(lambda e: 1 - 10.0**e))
rates = st.floats(0.01, 100.0)


def slope_of(function, count: int, arrivals: float, mu: float) -> mp.mpf:
    with mp.workdps(40):
        h = mp.mpf(10) ** -10 * min(arrivals, count * mu - arrivals)
        up, down = (function(count, mp.mpf(arrivals) + s * h, mu) for s in (1, -1))
        return (up - down) / (2 * h)


@settings(max_examples=100, deadline=None)
@given(servers, ratios, rates)
def test_means_and_derivatives(count: int, ratio: float, mu: float):
    """Near capacity the rounding of the arrival rate itself costs eps / (1 - r)."""
    arrivals = ratio * count * mu
    room = 1e-13 + 1e-15 / (1 - ratio)
    pairs = [(mean_wait, exact_wait), (mean_number, exact_number)]
    for ours, exact in pairs:
        reference = exact(count, arrivals, mu)
        if reference > mp.mpf(10) ** -290:
            assert float(ours(count, arrivals, mu) / reference) == pytest.approx(1, rel=room)
    reference = slope_of(exact_wait, count, arrivals, mu)
    if reference > mp.mpf(10) ** -290:
        ours = float(mean_wait_derivative(count, arrivals, mu) / reference)
        assert ours == pytest.approx(1, rel=1e-10 + 1e-14 / (1 - ratio))


def test_derivatives_without_load():
    assert mean_wait_derivative([1, 2], 0.0, 2.0).tolist() == [0.25, 0.0]


@pytest.mark.parametrize(
    ("exponent", "mu"),
    [(e, mu) for e in (-20, -80, -100, -155, -170, -250, -300, -308, -310) for mu in (1.0, 1.1, 1e150, 1e200)]
    + [(e, 1e-50) for e in (-20, -80, -100, -155, -170, -250)],
)
@pytest.mark.parametrize("count", [1, 2, 4, 20])
@pytest.mark.filterwarnings("error")
def test_derivatives_under_hardly_any_load(count: int, exponent: int, mu: float):
    """C, 1 / r and the square of mu leave the range of doubles long before the derivatives do."""
    arrivals = 10.0**exponent * mu
    with mp.workdps(60):
        load, rate = mp.mpf(arrivals) / mp.mpf(mu), mp.mpf(mu)
        c, room = exact_c(count, load), count - load
        growth = c * ((1 - c) / room + room / load)  # dC/da
        wait = (growth + c / room) / room / rate**2
    # as many digits as a ratio below the smallest normal number has
    digits = max(1e-12, 2.0**-1074 / (arrivals / mu / count))
    assert float(mean_wait_derivative(count, arrivals, mu)) == pytest.approx(float(wait), rel=digits, abs=1e-322)


def inverts(exact, count: int, mu: float, rate: float, wanted: float) -> bool:
    """Return whether the exact value at the rate is the wanted one, as far as the rate's last digit can tell."""
    most = float(np.nextafter(count * mu, 0))
    low, high = rate * (1 - 4e-15), min(rate * (1 + 4e-15), most)
    return exact(count, low, mu) <= wanted and (wanted <= exact(count, high, mu) or high == most)


@settings(max_examples=100, deadline=None)
@given(st.integers(1, 10_000), st.floats(-9, 9), rates)
def test_wait_and_back(count: int, exponent: float, mu: float):
    wait = 10.0**exponent / mu
    rate = float(arrival_rate_for_wait(count, mu, wait))
    assert 0 < rate < count * mu
    assert inverts(exact_wait, count, mu, rate, wait)


@settings(max_examples=40, deadline=None)
@given(st.integers(1, 10_000), st.floats(-6, 9), rates)
def test_number_and_back(count: int, exponent: float, mu: float):
    number = 10.0**exponent
    assert inverts(exact_number, count, mu, float(throughput(count, mu, number)), number)


@settings(max_examples=200, deadline=None)
@given(st.integers(1, 10_000), st.floats(-6, 9))
def test_sandwich(count: int, exponent: float):
    """c mu x/(c+x) <= g <= min(mu x, c mu x/(1+x)), theorem of the chapter."""
    x = 10.0**exponent
    g = float(throughput(count, 1.0, x))
    assert count * x / (count + x) <= g * (1 + 1e-14)
    assert g <= min(x, count * x / (1 + x)) * (1 + 1e-14)
    assert g <= float(throughput_approximation(count, 1.0, x)) * (1 + 1e-14)


def test_extremes():
    assert throughput(8, 1.0, [0.0, 1e-300]).tolist() == pytest.approx([0.0, 1e-300], rel=1e-12, abs=0)
    assert throughput([1, 8], 1.1, 5e-324).tolist() == [5e-324, 5e-324]  # the smallest number there is
    assert throughput([1, 8], 1.0, np.nextafter(1e-150, 1)) == pytest.approx(1e-150, rel=1e-12, abs=0)
    assert arrival_rate_for_wait(1, 1.0, 5e-324) == pytest.approx(1e-300, rel=1e-9, abs=0)
    assert float(throughput(8, 1.0, 1e300)) == np.nextafter(8.0, 0)
    assert arrival_rate_for_wait(8, 1.1, 0.0) == 0.0
    assert float(arrival_rate_for_wait(8, 1.0, 1e300)) == np.nextafter(8.0, 0)


def test_a_thousand_stations_at_once():
    rng = np.random.default_rng(1)
    counts, loads = rng.integers(1, 64, 1000), rng.uniform(0.01, 0.999, 1000)
    arrivals = counts * loads * 1.1
    assert throughput(counts, 1.1, mean_number(counts, arrivals, 1.1)) == pytest.approx(arrivals, rel=1e-12)
    waits = mean_wait(counts, arrivals, 1.1)
    assert arrival_rate_for_wait(counts, 1.1, waits) == pytest.approx(arrivals, rel=1e-12)


# ratio of (9) to the exact inverse, from exact arithmetic: L(a), then (9) at it, over lambda
def exact_excess(count: int, ratio: float) -> float:
    x = exact_number(count, ratio * count, 1)
    return float(count * x / (1 + x) / (ratio * count)) - 1


@pytest.mark.parametrize(
    ("count", "percent"), [(2, ("14", "2.0", "0.1")), (8, ("60", "11.5", "1.0")), (64, ("94", "22.6", "3.8"))]
)
def test_error_of_the_approximation(count: int, percent: tuple[str, ...]):
    for ratio, said in zip((0.5, 0.8, 0.95), percent, strict=True):
        digits = len(said.partition(".")[2])
        ours = throughput_approximation(count, 1.1, mean_number(count, ratio * count * 1.1, 1.1))
        excess = float(ours / (ratio * count * 1.1)) - 1
        assert excess == pytest.approx(exact_excess(count, ratio), abs=1e-12)
        assert f"{100 * excess:.{digits}f}" == said


def test_limits_of_the_approximation():
    """Its ratio to the exact inverse: c as x -> 0, 1 as x -> inf, 1/r at fixed r as c -> inf."""
    for count in (2, 8, 64):
        small, large = (float(throughput_approximation(count, 1.0, x) / throughput(count, 1.0, x)) for x in (1e-9, 1e9))
        assert small == pytest.approx(count, rel=1e-6)
        assert large == pytest.approx(1, rel=1e-6)
    for ratio in (0.3, 0.5, 0.8):
        assert exact_excess(20_000, ratio) + 1 == pytest.approx(1 / ratio, rel=2 / (ratio * 20_000))


def test_the_approximation_is_exact_for_one_server_only():
    x = np.geomspace(1e-3, 1e3, 50)
    assert throughput_approximation(1, 1.1, x) == pytest.approx(throughput(1, 1.1, x), rel=1e-13)
    assert (throughput_approximation(2, 1.1, x) > throughput(2, 1.1, x)).all()


@pytest.mark.parametrize("function", [arrival_rate_for_wait, throughput], ids=lambda f: f.__name__)
@pytest.mark.parametrize("much", [1e299, 1e305, 1.7e308])
def test_inverses_of_what_only_the_last_number_below_the_capacity_can_give(function, much: float):
    counts, mu = np.array([1, 8, 10_000_000]), 1e10
    assert function(counts, mu, much).tolist() == np.nextafter(counts * mu, 0).tolist()
