"""The numbers behind the figures of the chapter on roads, against other code than the chapter's."""

from itertools import pairwise

import numpy as np
import pytest
from scipy.sparse import csgraph, csr_array

from tests.notebooks.figures import column
from v2g_nb.city import Battery, feasible_trips, sioux_falls
from v2g_nb.networks import Demand, bpr, frank_wolfe, solve_assignment

CITY = sioux_falls()


def test_demand_figure():
    """Every fourth level again by the compiled loops, which share no code with the plain ones."""
    percent = column("city/roads", "fig-demand", "trips [% of today]", every=76)
    mean, anarchy = column("city/roads", "fig-demand", "mean_trip_min", "price_of_anarchy", every=76)
    load = column("city/roads", "fig-demand", "load_percent").reshape(20, 76)
    assert percent.tolist() == [10.0 * k for k in range(1, 21)]
    assert (np.diff(mean) > 0).all()
    assert (anarchy >= 1 - 1e-7).all()
    for k in (1, 5, 9, 17):
        trips = Demand(CITY.demand.origins, CITY.demand.destinations, CITY.demand.volumes * percent[k] / 100)
        user, best = (
            solve_assignment(CITY.network, trips, tol=1e-9, engine="compiled", objective=objective, progress=False)
            for objective in ("user", "system")
        )
        assert load[k] == pytest.approx(100 * user.flow / CITY.network.capacity, rel=1e-2)
        assert mean[k] == pytest.approx(user.total_cost / trips.volumes.sum(), rel=1e-5)
        assert anarchy[k] == pytest.approx(user.total_cost / best.total_cost, rel=1e-5)


def test_convergence_figure():
    """Both start from the same flows, whose gap other code finds; one ends far below the other."""
    slow, fast = column("city/roads", "fig-road-convergence", "frank_wolfe_gap", "gradient_projection_gap")
    flow = next(frank_wolfe(CITY.network, CITY.demand)).flow
    cost = bpr(CITY.network, flow)
    least = csgraph.dijkstra(csr_array((cost, (CITY.network.tails, CITY.network.heads))))
    paid = least[CITY.demand.origins, CITY.demand.destinations] @ CITY.demand.volumes
    assert [slow[0], fast[0]] == pytest.approx([1 - paid / (cost @ flow)] * 2)
    assert (np.diff(fast) < 0).all()
    assert fast[-1] < 1e-9
    assert 1e-3 < slow[-1] < 1e-2


def test_waiting_figure():
    visits = column("city/roads", "fig-waiting", "visits_per_h")
    kinked = 3.0 + np.where(visits > 90, 0.5 * (visits - 90), 0.0)
    assert column("city/roads", "fig-waiting", "kinked_min") == pytest.approx(kinked)
    above = 3.0 + 0.5 / 0.5 * np.log1p(np.exp(0.5 * (visits - 90)))
    assert column("city/roads", "fig-waiting", "smooth_min") == pytest.approx(above)
    assert column("city/roads", "fig-waiting", "soft_min") == pytest.approx(
        3.0 + 0.5 / 0.1 * np.log1p(np.exp(0.1 * (visits - 90)))
    )


def test_energy_of_all_trips():
    """(8): what stations buy and sell is what the batteries of all trips lack at their ends, for any flows."""
    rng = np.random.default_rng(4)
    net = used = lacking = 0.0
    for origin in (1, 3, 4, 5):
        for destination in (13, 18, 20, 21, 22):
            for trip in feasible_trips(CITY, CITY.routes(origin, destination), [2, 11, 12, 15], Battery()):
                cars = rng.uniform(0, 10)
                # What is left follows from the last stop alone: full after a charge, the floor of
                # 24 kWh or just enough after a sale.
                begin, left = trip.nodes[0], 60.0
                if trip.stops:
                    begin = trip.stops[-1].node
                    ahead = 2.2 * way(trip.nodes[trip.nodes.index(begin) :])
                    left = 60.0 if trip.stops[-1].kind == "+" else max(24.0, ahead)
                left -= 2.2 * way(trip.nodes[trip.nodes.index(begin) :])
                lacking += cars * (60.0 - left)
                used += cars * 2.2 * way(trip.nodes)
                net += cars * (trip.charged_kwh - trip.discharged_kwh)
    assert used - net == pytest.approx(lacking)


def way(nodes: tuple[int, ...]) -> float:
    return sum(float(CITY.length_km[CITY.link(a, b)]) for a, b in pairwise(nodes))
