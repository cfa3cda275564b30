"""Assignment from inside: certificates of spoilt results, marginal costs, interrupts and the bar of progress."""

from dataclasses import replace
from itertools import islice

import numpy as np
import pytest

from v2g_nb.city import sioux_falls
from v2g_nb.errors import NotAnEquilibrium
from v2g_nb.networks import AssignmentResult, Demand, RoadNetwork, bpr, solve_assignment
from v2g_nb.networks import assignment as solve
from v2g_nb.networks.assignment import marginal_cost_network
from v2g_nb.networks.certificates import wardrop_certificates
from v2g_nb.networks.plain import gradient_projection
from v2g_nb.networks.roads import PathFlows


def test_marginal_costs_are_the_derivative_of_the_total():
    roads = sioux_falls().network
    flow = np.linspace(1e3, 3e4, 76)
    step = 1e-2
    change = ((flow + step) * bpr(roads, flow + step) - (flow - step) * bpr(roads, flow - step)) / (2 * step)
    assert bpr(marginal_cost_network(roads), flow) == pytest.approx(change, rel=1e-6)


def test_link_flows_are_unique_only_where_costs_grow():
    """The theorem's hypothesis, then without it: two different equilibria on roads of constant cost."""
    growing = RoadNetwork(2, [0, 0], [1, 1], [10, 10], [2, 2], [1, 1], [1, 1])
    constant = replace(growing, b=[0.0, 0.0])
    trips = Demand([0], [1], [6.0])

    def holds(roads: RoadNetwork, first: float) -> bool:
        paths = PathFlows(np.array([0, 0]), np.array([0, 1, 2]), np.array([0, 1]), np.array([first, 6.0 - first]))
        cost = bpr(roads, paths.flow)
        claim = AssignmentResult(paths.flow, cost, np.array([cost.min()]), paths, 0.0, 0.0, True, 0, 0.0, ())
        return all(c.holds for c in wardrop_certificates(roads, trips, claim, 1e-9))

    assert [first for first in np.linspace(0, 6, 13) if holds(growing, first)] == [3.0]
    assert all(holds(constant, first) for first in np.linspace(0, 6, 13))


def test_nothing_paid_while_paths_cost_fails_the_gap():
    roads = RoadNetwork(2, [0], [1], [1.0], [2.0], [0.15], [4.0])
    paths = PathFlows(np.array([0]), np.array([0, 1]), np.array([0]), np.array([5.0]))
    claim = AssignmentResult(np.zeros(1), np.ones(1), np.ones(1), paths, 0.0, 0.0, True, 0, 0.0, ())
    proof = wardrop_certificates(roads, Demand([0], [1], [5.0]), claim, 1e-9)
    assert (proof[-1].name, proof[-1].value) == ("relative gap", 5.0)
    assert not proof[-1].holds


def test_an_interrupt_returns_what_was_reached(monkeypatch: pytest.MonkeyPatch):
    city = sioux_falls()

    def interrupted(*arguments):
        yield from islice(gradient_projection(city.network, city.demand), 3)
        raise KeyboardInterrupt

    monkeypatch.setattr(solve, "gradient_projection", interrupted)
    result = solve_assignment(city.network, city.demand)
    assert not result.converged
    assert result.num_iter == 2
    assert 1e-4 < result.residual < 0.1
    with pytest.raises(NotAnEquilibrium, match="did not converge"):
        result.require()


def test_progress_is_shown_by_default_only_where_loops_are_compiled(monkeypatch, capsys):
    city = sioux_falls()
    result = solve_assignment(city.network, city.demand, max_iter=2, progress=True)
    assert "relative gap" in capsys.readouterr().err
    assert (result.num_iter, result.converged) == (2, False)
    monkeypatch.setattr(solve, "COMPILED_FROM", 1)
    solve_assignment(city.network, city.demand, max_iter=1, engine="plain")
    assert capsys.readouterr().err == ""
    solve_assignment(city.network, city.demand, max_iter=1)
    assert "relative gap" in capsys.readouterr().err
    solve_assignment(city.network, city.demand, max_iter=1, progress=False)
    assert capsys.readouterr().err == ""


RESULT = solve_assignment(sioux_falls().network, sioux_falls().demand, tol=1e-8)


def certify(**changed) -> dict[str, bool]:
    """Return what holds of the result with some of its fields, or of those of its paths, changed."""
    city = sioux_falls()
    of_paths = {name.removeprefix("path_"): value for name, value in changed.items() if name.startswith("path_")}
    others = {name: value for name, value in changed.items() if not name.startswith("path_")}
    spoilt = replace(RESULT, **others, paths=replace(RESULT.paths, **of_paths))
    return {c.name: c.holds for c in wardrop_certificates(city.network, city.demand, spoilt, 1e-8)}


@pytest.mark.parametrize("block", ["flow", "cost", "least_cost", "path_flow"])
@pytest.mark.parametrize("factor", [1.0 + 1e-7, np.nan])
def test_a_perturbed_block_fails_a_certificate(block: str, factor: float):
    assert all(certify().values())
    values = np.array(RESULT.paths.flow if block == "path_flow" else getattr(RESULT, block))
    values[np.argmax(values)] *= factor
    assert not all(certify(**{block: values}).values())


def test_broken_paths_fail_a_certificate():
    links = RESULT.paths.links.copy()
    links[3] = (links[3] + 1) % 76
    assert not certify(path_links=links)["paths that do not lead from origin to destination"]
    assert not certify(path_flow=RESULT.paths.flow - 1e3 * (np.arange(len(RESULT.paths.flow)) == 5))[
        "negative path flow, relative"
    ]
