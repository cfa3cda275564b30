"""The simulation against hand-made cases, against ciw on the same customers, and against theory."""

import ciw
import numpy as np
import pytest

from v2g_nb.errors import InvalidInput
from v2g_nb.queueing import simulate_waits, solve_queue


def test_three_customers_by_hand():
    assert simulate_waits(1, [0, 1, 5], [3, 1, 1]).tolist() == [0, 2, 0]
    assert simulate_waits(2, [0, 1, 2], [3, 5, 1]).tolist() == [0, 0, 1]


def test_same_customers_same_waits_as_ciw():
    """Both see the same arrivals and services; ciw is the independent discrete-event engine."""
    rng = np.random.default_rng(3)
    gaps, services = rng.exponential(1 / 6.5, 400), rng.exponential(1 / 1.1, 400)
    network = ciw.create_network(
        arrival_distributions=[ciw.dists.Sequential([*gaps.tolist(), 1e9])],
        service_distributions=[ciw.dists.Sequential(services.tolist())],
        number_of_servers=[8],
    )
    simulation = ciw.Simulation(network)
    simulation.simulate_until_max_customers(400, method="Finish")
    records = sorted(simulation.get_all_records(), key=lambda record: record.arrival_date)
    # ciw hands out services in the order in which they begin, which first come, first served keeps
    waits = [record.waiting_time for record in records[:400]]
    assert simulate_waits(8, np.cumsum(gaps), services) == pytest.approx(waits, abs=1e-9)


def test_long_run_mean_is_erlangs():
    """Thirty independent runs: the exact mean lies within four standard errors."""
    station = solve_queue(8, 6.5, 1.1)
    means = []
    for rng in (np.random.default_rng(seed) for seed in range(30)):
        arrivals = np.cumsum(rng.exponential(1 / 6.5, 12_000))
        means.append(simulate_waits(8, arrivals, rng.exponential(1 / 1.1, 12_000))[2_000:].mean())
    error = np.std(means, ddof=1) / np.sqrt(30)
    assert error < 0.1 * station.mean_wait
    assert abs(np.mean(means) - station.mean_wait) < 4 * error


def test_arrivals_in_order():
    with pytest.raises(InvalidInput, match="arrival_times"):
        simulate_waits(1, [1.0, 0.5], [1.0, 1.0])


def time_and_area(arrivals: np.ndarray, leaves: np.ndarray, end: float) -> tuple[float, float]:
    """Return the sum of whole times in the station, and the area under the number present until `end`."""
    return float(np.sum(leaves - arrivals)), float(np.sum(np.clip(leaves, None, end) - np.clip(arrivals, None, end)))


def test_littles_law_on_a_cycle_needs_an_empty_end():
    """Theorem 2 of *Waiting lines*: exact on a cycle, and wrong as soon as somebody is still there."""
    rng = np.random.default_rng(4)
    arrivals, services = np.cumsum(rng.exponential(1 / 6.5, 300)), rng.exponential(1 / 1.1, 300)
    leaves = arrivals + simulate_waits(8, arrivals, services) + services
    whole, area = time_and_area(arrivals, leaves, leaves.max())
    assert whole == pytest.approx(area, rel=1e-12)
    whole, area = time_and_area(arrivals, leaves, arrivals[-1])  # cars are still there
    assert whole > area * (1 + 1e-3)


def test_erlang_c_needs_arrivals_one_by_one():
    """Pairs at the same rates: what drivers meet is no longer what the clock sees."""
    shares = []
    for rng in (np.random.default_rng(seed) for seed in range(20)):
        pairs = np.cumsum(rng.exponential(2 / 6.5, 4_000))
        waits = simulate_waits(8, np.repeat(pairs, 2), rng.exponential(1 / 1.1, 8_000))
        shares.append(np.mean(waits[1_000:] > 0))
    error = np.std(shares, ddof=1) / np.sqrt(len(shares))
    assert np.mean(shares) - 5 * error > solve_queue(8, 6.5, 1.1).probability_of_waiting


def test_the_sandwich_needs_exponential_service():
    """One charger with equal charging times holds fewer cars than r/(1-r), the bound behind g <= c mu x/(1+x)."""
    numbers = []
    for rng in (np.random.default_rng(seed) for seed in range(20)):
        arrivals = np.cumsum(rng.exponential(1 / 0.8, 20_000))
        stays = simulate_waits(1, arrivals, np.ones(20_000)) + 1.0
        numbers.append(0.8 * stays[1_000:].mean())  # Little's law
    error = np.std(numbers, ddof=1) / np.sqrt(len(numbers))
    assert np.mean(numbers) + 5 * error < 0.8 / (1 - 0.8)
    assert abs(np.mean(numbers) - (0.8 + 0.8**2 / (2 * 0.2))) < 4 * error  # Pollaczek-Khinchine
