"""One queue, solved and certified, against the printed equations in exact arithmetic."""

import math

import mpmath as mp
import pytest

from tests.queueing.exact_queue import exact_log_c, exact_number, exact_wait
from v2g_nb.errors import Infeasible
from v2g_nb.queueing import solve_queue, throughput

CASES = [(1, 0.5), (2, 1.9), (8, 6.5 / 1.1), (100, 90.0), (1000, 999.0), (10_000, 9_990.0), (10_000, 100.0)]
STATION = solve_queue(8, 6.5, 1.1)


@pytest.mark.parametrize(("count", "load"), CASES)
def test_certificates_hold(count: int, load: float):
    solve_queue(count, 1.1 * load, 1.1).require()


def test_printed_equations_of_the_paper():
    """(4), (5), (17), (18), (19), (20) as printed, in exact arithmetic, against the solver."""
    for count, arrivals, mu in ((1, 0.4, 1.1), (2, 1.7, 1.1), (8, 6.5, 1.1), (64, 60.0, 1.1)):
        q = solve_queue(count, arrivals, mu)
        rho, c = mp.mpf(arrivals) / mp.mpf(mu), count
        weights = [rho**n / mp.factorial(n) for n in range(c)]
        phi = 1 / (mp.fsum(weights) + rho**c / (mp.factorial(c) * (1 - rho / c)))
        x = rho ** (c + 1) / (c * mp.factorial(c)) / (1 - rho / c) ** 2 * phi + rho
        assert q.mean_number == pytest.approx(float(x), rel=1e-13)
        weights.append(rho**c / mp.factorial(c))
        assert q.probabilities == pytest.approx([float(phi * w) for w in weights], rel=1e-13)
        assert float(q.probability(c + 3)) == pytest.approx(float(phi * weights[c] * (rho / c) ** 3), rel=1e-13)
        waiting = c / (c - rho) * phi * weights[c]
        assert q.probability_of_waiting == pytest.approx(float(waiting), rel=1e-13)
        assert q.mean_wait == pytest.approx(float(waiting / (mp.mpf(mu) * (c - rho))), rel=1e-13)


def test_printed_seven_mixes_two_names():
    """(7) keeps rho in one place: with rho = g / mu it is (5) again, and (6) gives the number that belongs to g."""
    c, g, mu = 8, 6.5, 1.1
    rho = g / mu
    seven = 1 / (
        sum(g**n / (mu**n * math.factorial(n)) for n in range(c)) + g**c / (mu**c * math.factorial(c) * (1 - rho / c))
    )
    assert seven == pytest.approx(STATION.probabilities[0], rel=1e-13)
    six = g ** (c + 1) / (mu ** (c + 1) * c * math.factorial(c)) / (1 - g / (mu * c)) ** 2 * seven + g / mu
    assert six == pytest.approx(STATION.mean_number, rel=1e-13)
    assert float(throughput(c, mu, six)) == pytest.approx(g, rel=1e-12)


def test_assumption_1_is_too_strict():
    """With the paper's own numbers lambda > mu, and yet the stationary solution exists."""
    assert STATION.arrival_rate > STATION.service_rate
    STATION.require()
    with pytest.raises(Infeasible):
        solve_queue(8, 8.8, 1.1)


@pytest.mark.parametrize("count", [1, 2, 5, 8, 1000])
@pytest.mark.parametrize("mu", [1.0, 1.1, 1e-6])
@pytest.mark.parametrize("spare", [0.0, 1e-15, 1e-12, 1e-7])
def test_certificates_hold_near_saturation(count: int, mu: float, spare: float):
    below = math.nextafter(count * mu, 0.0)
    solve_queue(count, min(count * mu * (1 - spare), below), mu).require()


def exact_log_state(count: int, load: mp.mpf, state: int) -> mp.mpf:
    """Return log P_n from P_c = C (1 - r), down to n <= c by P_n / P_c = c! / n! a^(n - c)."""
    falling = mp.loggamma(count + 1) - mp.loggamma(state + 1)
    return exact_log_c(count, load) + mp.log(1 - load / count) + falling - (count - state) * mp.log(load)


@pytest.mark.parametrize(
    ("count", "arrivals", "mu"),
    [
        (177, 1.0, 1.0),  # C is subnormal: a few bits are left of it
        (175, 1.0, 1.0),
        (3834, 1917.0, 1.0),  # C (1 - r) underflows and C does not
        (3000, 1500.0, 1.0),
        (500, 100.0, 1.0),
        (10_000, 100.0, 1.1),
        (100_000, 99_000.0, 1.0),
        (2, 1e-160, 1.0),
        (1000, 999.999, 1.0),
        *((count, ratio * count, 1.0) for count in (10, 60, 150, 300) for ratio in (1e-12, 1e-5, 0.003, 0.1, 0.9)),
    ],
)
def test_state_probabilities_in_exact_arithmetic(count: int, arrivals: float, mu: float):
    solved = solve_queue(count, arrivals, mu).require()
    with mp.workdps(40):
        load = mp.mpf(arrivals) / mp.mpf(mu)
        for state in {0, 1, count // 2, round(arrivals / mu), count - 1, count}:
            log_p = exact_log_state(count, load, state)
            assert solved.probabilities[state] == pytest.approx(float(mp.exp(log_p)), rel=2e-12, abs=1e-300), state


@pytest.mark.parametrize("count", [1, 3, 8, 29, 300, 10_000])
@pytest.mark.parametrize("mu", [1.1, 0.3, 4.7, 1e-6])
@pytest.mark.parametrize("spare", [1e-14, 1e-12, 1e-9, 1e-5])
def test_waits_near_saturation_in_exact_arithmetic(count: int, mu: float, spare: float):
    """The rounding of c mu alone is 1e-4 of what the last spare 1e-12 of the capacity leaves."""
    arrivals = count * mu * (1 - spare)
    solved = solve_queue(count, arrivals, mu).require()
    with mp.workdps(40):
        wait, number = (exact(count, mp.mpf(arrivals), mp.mpf(mu)) for exact in (exact_wait, exact_number))
        tail = solved.probability_of_waiting * mp.exp(-(count * mp.mpf(mu) - mp.mpf(arrivals)) * wait)
    assert float(solved.mean_wait / wait) == pytest.approx(1, rel=1e-11)
    assert float(solved.mean_number / number) == pytest.approx(1, rel=1e-11)
    assert solved.waiting_longer(float(wait)) == pytest.approx(float(tail), rel=1e-11)
