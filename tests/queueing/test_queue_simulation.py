"""The simulation against hand-made cases, and against ciw on the same customers."""

import ciw
import numpy as np
import pytest

from v2g_nb.queueing import simulate_waits


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
