"""Bad input for roads in equilibrium and their files."""

from pathlib import Path

from tests.bad_input.kinds import also, call, integer, other
from v2g_nb import networks
from v2g_nb.networks import Demand, RoadNetwork

FILES = Path(__file__).parents[1] / "networks" / "files"
ROADS = RoadNetwork(2, [0, 0], [1, 1], [10, 15], [2, 2], [1, 1], [1, 1])
TRIPS = Demand([0], [1], [6.0])
LINKS = also([4.0, 2.0], [1.0], [1.0, 2.0, 3.0])
NODE = integer(0, low=0, high=1)

CALLS = [
    call(
        RoadNetwork,
        num_nodes=2,
        tails=also([0, 0], [2, 0]),
        heads=also([1, 1], [2, 1]),
        free_flow_time=LINKS,
        capacity=LINKS,
        b=LINKS,
        power=LINKS,
        fixed_cost=LINKS,
        first_through=integer(0, low=0, high=2),
    ),
    call(Demand, origins=[0, 0], destinations=[1, 1], volumes=LINKS),
    call(networks.bpr, network=ROADS, flow=LINKS),
    call(networks.beckmann, network=ROADS, flow=LINKS),
    call(networks.cheapest_tree, network=ROADS, cost=LINKS, origin=NODE),
    call(
        networks.path_links,
        network=ROADS,
        via=also([-1, 0], [None] * 2, [-1], [-1, 2]),
        origin=NODE,
        destination=integer(1, low=0, high=1),
    ),
    call(networks.frank_wolfe, network=ROADS, demand=TRIPS),
    call(networks.gradient_projection, network=ROADS, demand=TRIPS),
    call(
        networks.solve_assignment,
        network=ROADS,
        demand=TRIPS,
        tol=1e-8,
        max_iter=100,
        objective="user",
        engine="plain",
        progress=False,
    ),
    call(networks.read_tntp_trips, path=other(str(FILES / "three_trips.tntp"), 7, None, "", "missing.tntp")),
    call(
        networks.read_tntp_network,
        path=other(FILES / "three_net.tntp", 7, None, "", "missing.tntp"),
        toll_factor=1.0,
        distance_factor=1.0,
    ),
]
