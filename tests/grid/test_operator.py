"""Three levels: scenarios of the paper, switching points, limits that bind or cannot be kept."""

import re
from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest

from v2g_nb.errors import Infeasible, NotConverged
from v2g_nb.grid import (
    ASSUMPTIONS,
    Assumption,
    OperatorProblem,
    feasible_intervals,
    fleet_market,
    paper_market,
    respond,
    solve_operator,
    station_flow,
)

PROBLEM = OperatorProblem(paper_market(repaired=True))


def test_scenarios_of_the_paper():
    blind, two_level = station_flow([40.0, 35.0]), respond(PROBLEM, 0.0)
    assert blind.network.demand_mw[4:6].tolist() == [165.0, 125.0]
    assert blind.voltage(5) == pytest.approx(0.9254, abs=5e-5)
    assert two_level.loads_mw.tolist() == [55.0, 0.0]
    assert two_level.flow.voltage(5) == pytest.approx(0.9209, abs=5e-5)
    assert two_level.flow.voltage(5) < blind.voltage(5) < 0.93
    three = solve_operator(PROBLEM).require().best
    assert three.level == 1.5
    assert three.loads_mw.tolist() == [32.5, 22.5]
    assert three.prices.tolist() == [5.5, 3.5]
    assert three.flow.magnitude_pu.min() == pytest.approx(0.9331, abs=5e-5)
    assert (two_level.welfare, three.welfare) == (45.875, 41.375)
    assert three.cost == 1.5 * 2.25


def test_the_limit_decides_whether_the_blind_case_is_safe():
    """The paper says 0.925 in one sentence and 0.93 in the next: the blind case is between the two."""
    assert 0.925 < station_flow([40.0, 35.0]).voltage(5) < 0.93


def test_only_one_of_the_assumptions_gives_a_blind_violation():
    below = [a.name for a in ASSUMPTIONS if station_flow([40.0, 35.0], a).voltage(5) < 0.93]
    assert below == ["set-points 1.0, power factor 0.90"]
    voltages = [station_flow([40.0, 35.0], a).voltage(5) for a in ASSUMPTIONS]
    assert voltages == pytest.approx([0.9885, 0.9702, 0.9654, 0.9497, 0.9304, 0.9333, 0.9254], abs=5e-5)


def test_switching_points_and_intervals():
    assert PROBLEM.switching_points == [1.5, 3.5]
    ((low, high),) = feasible_intervals(PROBLEM)
    assert (low, round(high, 2)) == (1.5, 4.3)
    scan = np.linspace(0, 8.5, 171)
    for level in scan[np.abs(scan - 1.5) > 1e-9]:
        assert (respond(PROBLEM, float(level)).margin >= 0) == (low <= level <= high)


def test_prices_under_the_incentive():
    for level in np.linspace(0, 8, 9):
        assert respond(PROBLEM, float(level)).prices == pytest.approx([5.5, 4.25 - level / 2])


def test_the_tie_rule_decides_whether_the_incentive_is_attained():
    strict = replace(PROBLEM, ties=0)
    assert not solve_operator(strict).attained
    assert solve_operator(PROBLEM).attained
    assert respond(strict, 1.5).margin < 0 < respond(strict, 1.5 + 1e-6).margin


def test_a_surcharge_does_the_same_and_earns():
    found = solve_operator(replace(PROBLEM, instrument="surcharge")).require()
    assert found.best.level == 1.5
    assert found.best.prices.tolist() == [6.25, 4.25]
    assert found.best.cost == -1.5 * 2.875
    assert found.best.margin > solve_operator(PROBLEM).best.margin
    assert found.best.welfare == pytest.approx(37.71875)  # it repels demand, where the incentive attracts it


def test_under_13_no_operator_is_needed():
    """With the paper's own numbers the groups divide by themselves and every voltage is fine."""
    found = solve_operator(OperatorProblem(paper_market())).require()
    assert found.best.level == 0.0
    assert found.best.loads_mw.tolist() == [32.5, 26.25]


def test_competition_breaks_the_limit():
    """At (2, 0), the equilibrium of the repaired market with sighted stations, bus 5 carries 90 MW."""
    assert station_flow([90.0, 0.0]).voltage(5) == pytest.approx(0.8930, abs=5e-5)


def test_an_infeasible_limit_names_bus_and_best_voltage():
    with pytest.raises(Infeasible, match=r"minimum_voltage = 0.99: cannot be kept.*bus 6 at 0.9332 pu"):
        solve_operator(replace(PROBLEM, minimum_voltage=0.99))
    with pytest.raises(Infeasible, match=r"maximum_voltage = 0.97: cannot be kept.*bus \d"):
        solve_operator(replace(PROBLEM, maximum_voltage=0.97))
    with pytest.raises(Infeasible, match=r"maximum_loading = 0.3: cannot be kept.*line \d-\d"):
        solve_operator(replace(PROBLEM, maximum_loading=0.3))
    both = replace(PROBLEM, minimum_voltage=0.94, maximum_voltage=0.97)  # generators hold 1.0, further off
    with pytest.raises(Infeasible, match=r"maximum_voltage = 0.97: cannot be kept.*at 1.0000 pu"):
        solve_operator(both)


@pytest.mark.parametrize(
    ("limit", "side"), [("minimum_voltage", 1), ("maximum_voltage", -1), ("maximum_loading", -1)], ids=str
)
def test_no_rounding_hides_how_a_limit_is_missed(limit, side):
    """The limit is missed by 1e-7, which four decimals would not show."""
    problem = replace(PROBLEM, minimum_voltage=0.0)
    ends = [0.0, *problem.switching_points, problem.largest_instrument]
    pairs = [(low, 1) for low in ends[:-1]] + [(high, 0) for high in ends[1:]]
    flows = [respond(problem, level, ties=ties).flow for level, ties in pairs]
    best = {
        "minimum_voltage": max(f.magnitude_pu.min() for f in flows),
        "maximum_voltage": min(f.magnitude_pu.max() for f in flows),
        "maximum_loading": min(f.loading.max() for f in flows),
    }[limit]
    missed = float(best) + side * 1e-7
    with pytest.raises(Infeasible, match=f"{limit} = ") as caught:
        solve_operator(replace(problem, **{limit: missed}))
    told = re.fullmatch(rf"{limit} = (\S+): cannot be kept.* at (\S+) (?:pu|of its rating)", str(caught.value))
    assert told is not None
    assert float(told[1]) == missed
    assert (float(told[1]) - float(told[2])) * side > 0


def test_where_the_network_cannot_carry_the_loads_another_instrument_may_do():
    problem = replace(PROBLEM, mw_per_unit=45.0, minimum_voltage=0.6)
    with pytest.raises(NotConverged):
        respond(problem, 0.0)
    found = solve_operator(problem).require()
    assert found.best.level == 1.5
    assert found.best.flow.magnitude_pu.min() == pytest.approx(0.7966, abs=5e-5)
    assert found.num_flows == 3  # both ends of the first segment count, though no power flow was found there
    assert "of 60 tried" in found.certificates[-1].name
    assert feasible_intervals(problem) == [(1.5, 3.5)]


def test_a_limit_out_of_reach_is_named_even_where_some_loads_cannot_be_carried():
    problem = replace(PROBLEM, mw_per_unit=50.0)
    with pytest.raises(Infeasible, match=r"minimum_voltage = 0.93: cannot be kept.*1.5, leaves.*bus 5 at 0.7616 pu"):
        solve_operator(problem)
    assert feasible_intervals(problem) == []


def test_no_power_flow_at_any_instrument():
    problem = replace(PROBLEM, mw_per_unit=400.0)
    with pytest.raises(NotConverged, match="mw_per_unit = 400: no power flow"):
        solve_operator(problem)
    assert feasible_intervals(problem) == []


def keeps(problem, level):
    try:
        return respond(problem, level, ties=1).margin >= 0
    except NotConverged:
        return False


@pytest.mark.parametrize("minimum_voltage", [0.7, 0.3], ids=["voltage binds", "the network's capacity binds"])
def test_the_answer_may_lie_between_no_power_flow_and_a_feasible_end(minimum_voltage):
    problem = replace(PROBLEM, instrument="surcharge", mw_per_unit=45.0, minimum_voltage=minimum_voltage)
    level = solve_operator(problem).require().best.level
    assert 0.0 < level < problem.switching_points[0]
    assert not keeps(problem, 0.0)
    assert not keeps(problem, level - 1e-9)
    assert keeps(problem, level)
    assert feasible_intervals(problem)[0][0] == level


def test_an_interval_may_end_where_the_network_cannot_carry_more():
    problem = replace(PROBLEM, mw_per_unit=30.0, minimum_voltage=0.3)
    ((low, high),) = feasible_intervals(problem)
    assert low == 0.0
    assert problem.switching_points[-1] < high < problem.largest_instrument
    assert keeps(problem, high)
    assert not keeps(problem, high + 1e-9)


def test_line_limits_at_the_given_ratings_do_not_bind():
    found = solve_operator(replace(PROBLEM, maximum_loading=1.0))
    assert found.best.level == 1.5
    assert found.best.flow.loading.max() == pytest.approx(0.66, abs=0.005)


def test_a_binding_voltage_may_lie_inside_a_segment():
    """A limit between the two ends of a segment is met at a crossing, found to 1e-9."""
    problem = replace(PROBLEM, instrument="surcharge", minimum_voltage=0.937)
    found = solve_operator(problem).require()
    assert found.best.level not in problem.switching_points
    assert abs(found.best.margin) < 1e-9
    assert found.best.margin >= 0.0
    assert solve_operator(replace(problem, ties=0)).attained  # no type is indifferent inside a segment


def test_responses_and_assumptions_can_be_compared_and_hashed():
    """Arrays cannot: a response is compared by identity, and an assumption keeps its set-points as a tuple."""
    made, again = respond(PROBLEM, 1.5), respond(PROBLEM, 1.5)
    assert made != again
    assert len({made, again, made}) == 2
    one, other = (Assumption("flat", points, 0.9) for points in (np.ones(3), (1.0, 1.0, 1.0)))
    assert one == other
    assert len({one, other}) == 1


@pytest.mark.parametrize("seed", [1, 2])
def test_a_fleet_of_200_types(seed):
    problem = OperatorProblem(fleet_market(200, np.random.default_rng(seed)))
    assert respond(problem, 0.0).margin < 0
    found = solve_operator(problem).require()
    assert found.best.level in problem.switching_points
    scan = np.linspace(0, found.best.level, 200)[:-1]
    assert all(respond(problem, float(s)).margin < 0 for s in scan)


def test_switching_points_of_a_fleet_are_where_choices_change():
    problem = OperatorProblem(fleet_market(30, np.random.default_rng(4)))
    points = problem.switching_points
    assert 25 < len(points) <= 30
    for point in points:
        assert respond(problem, point, ties=1).station.sum() > respond(problem, point, ties=0).station.sum()
    edges = [0.0, *points, problem.largest_instrument]
    for low, high in pairwise(edges):
        inner = {tuple(respond(problem, low + t * (high - low)).station) for t in (0.1, 0.5, 0.9)}
        assert len(inner) == 1
