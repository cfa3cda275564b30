"""Bad input for roads in equilibrium."""

import numpy as np

from tests.bad_input.kinds import Kind, array, call, choice, instance, integer, other, real
from v2g_nb import networks as assignment
from v2g_nb.networks import Demand, RoadNetwork, certificates
from v2g_nb.networks import roads as road_network
from v2g_nb.networks.paths import PathFlows

ROADS = RoadNetwork(2, [0, 0], [1, 1], [10, 15], [2, 2], [1, 1], [1, 1])
TRIPS = Demand([0], [1], [6.0])
NETWORK, DEMAND = instance(ROADS), instance(TRIPS)
LINKS = array([4.0, 2.0], low=0).also([1.0], [1.0, 2.0, 3.0])
NODE = array([0, 0], low=0).also([0.5, 0.0], [2, 0])
POSITIVE = array([2.0, 2.0], low=0, open_low=True).also([1.0])
WAYS = PathFlows(np.array([0, 0]), np.array([0, 1, 2]), np.array([0, 1]), np.array([4.0, 2.0]))


def claim(good: object) -> Kind:
    """An array of which every number may be claimed: a NaN makes its certificate fail."""
    return other(good, "seven", [None] * 2, [0.5] * 3, np.full((2, 2, 2), 0.1))


CALLS = [
    call(
        RoadNetwork,
        num_nodes=integer(2, low=1),
        tails=NODE,
        heads=other([1, 1], "seven", [None], [[1, 1]], [2, 1], [0.5, 1], []),
        free_flow_time=LINKS,
        capacity=POSITIVE,
        b=LINKS,
        power=LINKS,
        fixed_cost=LINKS,
        first_through=integer(0, low=0, high=2),
    ),
    call(
        Demand,
        origins=array([0, 0], low=0).also([0.5, 0.0]),
        destinations=array([1, 1], low=0).also([0.5, 0.0]),
        volumes=LINKS,
    ),
    call(road_network.bpr, network=NETWORK, flow=LINKS),
    call(road_network.beckmann, network=NETWORK, flow=LINKS),
    call(road_network.marginal_cost_network, network=NETWORK),
    call(assignment.cheapest_tree, network=NETWORK, cost=LINKS, origin=integer(0, low=0, high=1)),
    call(
        assignment.path_links,
        network=NETWORK,
        via=other([-1, 0], "seven", [None] * 2, [-1], [-1.5, 0.0], [-1, 2]),
        origin=integer(0, low=0, high=1),
        destination=integer(1, low=0, high=1),
    ),
    call(assignment.frank_wolfe, network=NETWORK, demand=DEMAND),
    call(assignment.gradient_projection, network=NETWORK, demand=DEMAND),
    call(
        assignment.solve_assignment,
        network=NETWORK,
        demand=DEMAND,
        gap=real(1e-8, low=0, open_low=True, high=1),
        max_iter=integer(100, low=1),
        objective=choice("user"),
        engine=choice("plain"),
        progress=other(False, "yes", 1),
    ),
    call(
        certificates.wardrop_certificates,
        network=NETWORK,
        demand=DEMAND,
        flow=claim([4.0, 2.0]),
        cost=claim([30.0, 30.0]),
        rows=other([0], "seven", [None], [[0]], [0.5], [7], [-1]),
        least_cost=claim([30.0]),
        paths=other(WAYS, 7, None, "seven"),
        gap=real(1e-9, low=0),
    ),
]
