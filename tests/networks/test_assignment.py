"""Roads in equilibrium: by hand, against other methods, and what fails when a hypothesis goes."""

import time
from itertools import islice
from pathlib import Path

import cvxpy as cp
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from benchmarks.large_network import write_tntp
from v2g_nb.city import sioux_falls
from v2g_nb.errors import Infeasible, InvalidInput
from v2g_nb.networks import (
    Demand,
    RoadNetwork,
    beckmann,
    bpr,
    cheapest_tree,
    frank_wolfe,
    gradient_projection,
    path_links,
    read_tntp_network,
    read_tntp_trips,
    solve_assignment,
)

ENGINES = ("plain", "compiled")
SIOUX_BECKMANN = 42.31335287107440e5  # the collection's own solution, to all its digits


def line_roads(*rows: tuple[int, int, float, float], nodes: int, first_through: int = 0) -> RoadNetwork:
    """Roads whose time is a + b v: (tail, head, a, b) with a above 0, or (tail, head, 0, b) as b v."""
    tails, heads, fixed, slope = zip(*rows, strict=True)
    # t0 (1 + B v) with t0 = slope, B huge would lose digits; so the fixed part is a fixed cost.
    ones = np.ones(len(rows))
    free = np.array(slope) * 1e-9
    return RoadNetwork(nodes, tails, heads, free, ones, 1e9 * (np.array(slope) > 0), ones, fixed, first_through)


BRAESS = (((0, 1, 0.0, 10.0), (0, 2, 50.0, 1.0), (1, 3, 50.0, 1.0), (2, 3, 0.0, 10.0)), (1, 2, 10.0, 1.0))


@pytest.mark.parametrize("engine", ENGINES)
def test_braess_paradox_by_hand(engine: str):
    """Six drivers: 83 minutes without the middle road, 92 with it."""
    four, fifth = BRAESS
    trips = Demand([0], [3], [6.0])
    without = solve_assignment(line_roads(*four, nodes=4), trips, tol=1e-12, engine=engine).require()
    assert without.least_cost == pytest.approx([83.0])
    assert without.flow == pytest.approx([3, 3, 3, 3], abs=1e-6)
    with_it = solve_assignment(line_roads(*four, fifth, nodes=4), trips, tol=1e-12, engine=engine).require()
    assert with_it.least_cost == pytest.approx([92.0])
    assert with_it.flow == pytest.approx([4, 2, 2, 4, 2], abs=1e-6)


@pytest.mark.parametrize("engine", ENGINES)
def test_sioux_falls_beckmann_to_twelve_digits(engine: str):
    city = sioux_falls()
    result = solve_assignment(city.network, city.demand, tol=1e-11, engine=engine).require()
    assert abs(result.beckmann - SIOUX_BECKMANN) <= 1e-12 * SIOUX_BECKMANN
    assert result.residual <= 1e-11


def test_frank_wolfe_falls_and_bounds_the_same_value():
    """Beckmann's function falls each step, and convexity bounds it from below by the gap."""
    city = sioux_falls()
    iterates = list(islice(frank_wolfe(city.network, city.demand), 60))
    values = np.array([beckmann(city.network, k.flow) for k in iterates])
    assert (np.diff(values) <= 1e-6).all()
    costs = np.array([bpr(city.network, k.flow) @ k.flow for k in iterates])
    gaps = np.array([k.gap for k in iterates])
    assert (values - gaps * costs <= SIOUX_BECKMANN * (1 + 1e-12)).all()
    assert values[-1] > SIOUX_BECKMANN  # sixty steps are not enough for what the other method does in eight
    assert 1e-3 < gaps[-1] < 1e-2


def test_gradient_projection_iterates_end_where_the_solver_does():
    city = sioux_falls()
    iterates = list(islice(gradient_projection(city.network, city.demand), 6))
    assert [k.gap for k in iterates] == sorted((k.gap for k in iterates), reverse=True)
    last = iterates[-1]
    assert last.paths.link_flow(76) == pytest.approx(last.flow)
    links, flow = last.paths.of_row(0)[0]
    assert (flow, city.network.tails[links[0]]) == (pytest.approx(100.0), 0)


def test_three_methods_agree_with_a_convex_solver():
    """The same flows from cvxpy on a small network with several pairs."""
    roads = RoadNetwork(
        4, [0, 0, 1, 1, 2, 2], [1, 2, 2, 3, 3, 1], [4, 6, 2, 7, 3, 2], [3, 2, 2, 2, 3, 2], [0.15] * 6, [4] * 6
    )
    trips = Demand([0, 0, 1], [3, 2, 3], [6.0, 2.0, 3.0])
    flows = cp.Variable((6, 3), nonneg=True)
    total = cp.sum(flows, axis=1)
    balance = []
    for k in range(3):
        for node in range(4):
            net = (node == trips.origins[k]) * trips.volumes[k] - (node == trips.destinations[k]) * trips.volumes[k]
            out = cp.sum(flows[np.flatnonzero(roads.tails == node), k])
            balance.append(out - cp.sum(flows[np.flatnonzero(roads.heads == node), k]) == net)
    grown = roads.free_flow_time * roads.b / 5 / roads.capacity**4
    cp.Problem(cp.Minimize(roads.free_flow_time @ total + grown @ cp.power(total, 5)), balance).solve(solver="CLARABEL")
    for engine in ENGINES:
        assert solve_assignment(roads, trips, tol=1e-12, engine=engine).flow == pytest.approx(total.value, abs=1e-3)


def test_flows_agree_with_aequilibrae_as_recorded():
    """Its gap of 1e-6 bounds how far its Beckmann function may lie above ours; flows agree to a thousandth."""
    file = Path(__file__).parents[1] / "networks" / "files" / "aequilibrae_sioux_falls.csv"
    lines = [line.split(",") for line in file.read_text().splitlines() if not line.startswith(("#", "from"))]
    city = sioux_falls()
    ours = solve_assignment(city.network, city.demand, tol=1e-10)
    theirs = np.array([float(line[2]) for line in lines])
    ends = np.array([[int(line[0]) - 1, int(line[1]) - 1] for line in lines])
    assert (ends == np.column_stack([city.network.tails, city.network.heads])).all()
    assert 0 <= beckmann(city.network, theirs) - ours.beckmann <= 1e-6 * ours.total_cost
    assert theirs == pytest.approx(ours.flow, rel=1e-3)


def random_case(seed: int, power: float) -> tuple[RoadNetwork, Demand]:
    """Return a small network with free roads, constant costs, exact ties and empty rows in it."""
    rng = np.random.default_rng(seed)
    nodes, links = 8, 30
    ring = np.arange(nodes)
    tails = np.append(ring, rng.integers(0, nodes, links - nodes))
    heads = np.append((ring + 1) % nodes, rng.integers(0, nodes, links - nodes))
    roads = RoadNetwork(
        nodes,
        tails,
        heads,
        rng.choice([0.0, 1.0, 5.0], links),
        rng.uniform(1, 5, links),
        rng.choice([0.0, 0.15, 2.0], links),
        np.full(links, power),
        rng.choice([0.0, 0.5], links),
    )
    trips = Demand(rng.integers(0, nodes, 12), rng.integers(0, nodes, 12), rng.choice([0.0, 1.0, 20.0], 12))
    return roads, trips


@settings(max_examples=25, deadline=None)
@given(seed=st.integers(0, 10**6), power=st.sampled_from([0.0, 0.5, 1.0, 2.5, 4.0]))
def test_random_networks_hold_their_certificates(seed: int, power: float):
    results = [solve_assignment(*random_case(seed, power), tol=1e-8, engine=engine) for engine in ENGINES]
    for result in results:
        # In about one case of 200 shifting drivers pair by pair slows down; the result says so.
        assert result.converged == all(c.holds for c in result.certificates)
        assert result.residual < 1e-5
    assert results[0].beckmann == pytest.approx(results[1].beckmann, rel=1e-6, abs=1e-9)


def test_nearly_all_random_networks_converge():
    """Counted where every seed is fixed: 2 of 100 cases at powers 1 and 4 do not reach 1e-8 in 1000 rounds."""
    cases = [(seed, power) for seed in range(50, 100) for power in (1.0, 4.0)]
    slow = [case for case in cases if not solve_assignment(*random_case(*case), tol=1e-8, engine="compiled").converged]
    assert slow == [(86, 4.0), (87, 4.0)]


@pytest.mark.parametrize("engine", ENGINES)
def test_zones_are_passed_through_only_if_they_may_be(engine: str):
    """0 -> 1 -> 2 is cheap, 0 -> 3 -> 2 dear; node 1 is a zone in the first case."""
    rows = ((0, 1, 1.0, 0.0), (1, 2, 1.0, 0.0), (0, 3, 5.0, 0.0), (3, 2, 5.0, 0.0))
    trips = Demand([0, 0], [2, 1], [1.0, 2.0])
    closed = solve_assignment(line_roads(*rows, nodes=4, first_through=3), trips, engine=engine)
    assert closed.require().flow.tolist() == [2.0, 0.0, 1.0, 1.0]
    assert solve_assignment(line_roads(*rows, nodes=4), trips, engine=engine).flow.tolist() == [3.0, 1.0, 0.0, 0.0]


@pytest.mark.parametrize("engine", ENGINES)
def test_intrazonal_and_empty_rows_use_no_road(engine: str):
    roads = line_roads((0, 1, 2.0, 1.0), (1, 0, 2.0, 1.0), nodes=2)
    trips = Demand([0, 0, 1], [0, 1, 0], [5.0, 3.0, 0.0])
    result = solve_assignment(roads, trips, engine=engine).require()
    assert (trips.intrazonal, trips.rows.tolist(), result.flow.tolist()) == (5.0, [1], [3.0, 0.0])
    idle = solve_assignment(roads, Demand([0], [0], [5.0]), engine=engine).require()
    assert (idle.total_cost, idle.converged, idle.flow.tolist()) == (0.0, True, [0.0, 0.0])


@pytest.mark.parametrize("engine", ENGINES)
def test_a_pair_without_a_path_is_named(engine: str):
    roads = line_roads((0, 1, 1.0, 0.0), (2, 1, 1.0, 0.0), nodes=3)
    with pytest.raises(Infeasible, match="row 1: 7 trips from node 0 to node 2"):
        solve_assignment(roads, Demand([0, 0], [1, 2], [1.0, 7.0]), engine=engine)
    with pytest.raises(InvalidInput, match=r"demand.destinations\[0\] = 9"):
        solve_assignment(roads, Demand([0], [9], [1.0]), engine=engine)
    with pytest.raises(Infeasible, match="destination = 2"):
        path_links(roads, cheapest_tree(roads, [1.0, 1.0], 0)[1], 0, 2)


@pytest.mark.parametrize("engine", ENGINES)
def test_free_roads_are_in_equilibrium(engine: str):
    roads = RoadNetwork(3, [0, 1], [1, 2], [0, 0], [2, 2], [0.15, 0.15], [4, 4])
    result = solve_assignment(roads, Demand([0], [2], [5.0]), engine=engine).require()
    assert (result.flow.tolist(), result.total_cost) == ([5.0, 5.0], 0.0)


# What overflows: the cost, with powers 4 and 400; the sum of the volumes; only the cost times the flow.
TOO_MANY = [([1e80], 4.0), ([50.0], 400.0), ([1.5e308, 1.5e308], 0.0), ([1e62], 4.0)]


@pytest.mark.parametrize("engine", [*ENGINES, "frank_wolfe"])
@pytest.mark.parametrize(("volumes", "power"), TOO_MANY)
def test_trips_whose_costs_would_overflow_are_refused(engine: str, volumes: list[float], power: float):
    roads = RoadNetwork(2, [0, 0], [1, 1], [10, 15], [2, 2], [0.15, 0.15], [power, power])
    trips = Demand([0] * len(volumes), [1] * len(volumes), volumes)
    with pytest.raises(InvalidInput, match=r"demand.volumes = .* infinite cost"):
        next(frank_wolfe(roads, trips)) if engine == "frank_wolfe" else solve_assignment(roads, trips, engine=engine)


def test_a_node_number_that_no_integer_holds_is_named():
    for ends in (([0], [1e300]), ([1e300], [0])):
        with pytest.raises(InvalidInput, match=r"(origins|destinations)\[0\] = 1e\+300"):
            Demand(*ends, [0.0])
    assert Demand([0], [2**53], [1.0]).destinations.tolist() == [2**53]


def test_a_network_of_the_largest_size_from_files(tmp_path):
    """933 nodes, 2 950 links, 143 000 rows: relative gap 1e-8, well within ten minutes."""
    pytest.importorskip("numba")
    files = write_tntp(tmp_path)
    roads, trips = read_tntp_network(files[0]), read_tntp_trips(files[1])
    assert (roads.num_nodes, roads.num_links, len(trips.volumes)) == (933, 2950, 143_000)
    begin = time.monotonic()
    result = solve_assignment(roads, trips, tol=1e-8, progress=False).require()
    assert result.residual <= 1e-8
    assert time.monotonic() - begin < 600
