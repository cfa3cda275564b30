"""Three levels: scenarios of the paper, switching points, limits that bind or cannot be kept."""

import math
import re
from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest

from v2g_nb.certificate import require
from v2g_nb.errors import Infeasible, NotAnEquilibrium, NotConverged
from v2g_nb.grid import (
    ASSUMPTIONS,
    Assumption,
    OperatorProblem,
    feasible_intervals,
    fleet_market,
    outcome,
    paper_market,
    repaired_market,
    solve_operator,
    station_flow,
    switching_points,
)
from v2g_nb.grid.certificates.levels import (
    backward_induction_certificates,
    limit_certificates,
    smaller_fail_certificate,
)
from v2g_nb.grid.response import largest_instrument

PROBLEM = OperatorProblem(repaired_market())


def test_scenarios_of_the_paper():
    blind, two_level = station_flow([40.0, 35.0]), outcome(PROBLEM, 0.0)
    assert blind.network.demand_mw[4:6].tolist() == [165.0, 125.0]
    assert blind.voltage(5) == pytest.approx(0.9254, abs=5e-5)
    assert two_level.loads_mw.tolist() == [55.0, 0.0]
    assert two_level.flow.voltage(5) == pytest.approx(0.9209, abs=5e-5)
    assert two_level.flow.voltage(5) < blind.voltage(5) < 0.93
    three = require(solve_operator(PROBLEM)).best
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
    assert switching_points(PROBLEM) == [1.5, 3.5]
    ((low, high),) = feasible_intervals(PROBLEM)
    assert (low, round(high, 2)) == (1.5, 4.3)
    scan = np.linspace(0, 8.5, 171)
    for level in scan[np.abs(scan - 1.5) > 1e-9]:
        assert (outcome(PROBLEM, float(level)).margin >= 0) == (low <= level <= high)


def test_feasible_incentives_are_no_half_line():
    """Past 3.5 both groups charge at bus 6, so that bisection over all incentives would mislead."""
    assert outcome(PROBLEM, 4.0).margin > 0 > outcome(PROBLEM, 5.0).margin
    assert outcome(PROBLEM, 4.0).loads_mw[0] == 0.0
    assert outcome(PROBLEM, 5.0).binding == "voltage at bus 6"


def test_prices_under_the_incentive():
    for level in np.linspace(0, 8, 9):
        assert outcome(PROBLEM, float(level)).prices == pytest.approx([5.5, 4.25 - level / 2])


def test_the_tie_rule_decides_whether_the_incentive_is_attained():
    strict = replace(PROBLEM, ties=0)
    assert not solve_operator(strict).attained
    assert solve_operator(PROBLEM).attained
    assert outcome(strict, 1.5).margin < 0 < outcome(strict, 1.5 + 1e-6).margin


def test_a_surcharge_does_the_same_and_earns():
    found = require(solve_operator(replace(PROBLEM, instrument="surcharge")))
    assert found.best.level == 1.5
    assert found.best.prices.tolist() == [6.25, 4.25]
    assert found.best.cost == -1.5 * 2.875
    assert found.best.margin > solve_operator(PROBLEM).best.margin
    assert found.best.welfare == pytest.approx(37.71875)  # it repels demand, where the incentive attracts it


def test_under_13_no_operator_is_needed():
    """With the paper's own numbers the groups divide by themselves and every voltage is fine."""
    found = require(solve_operator(OperatorProblem(paper_market())))
    assert found.best.level == 0.0
    assert found.best.loads_mw.tolist() == [32.5, 26.25]


def test_competition_breaks_the_limit():
    """At (2, 0), the equilibrium of the repaired market with sighted stations, bus 5 carries 90 MW."""
    assert station_flow([90.0, 0.0]).voltage(5) == pytest.approx(0.8930, abs=5e-5)


@pytest.mark.parametrize(("mw", "holds"), [(8.8, False), (8.9, True), (10.0, True), (11.1, True), (11.2, False)])
def test_window_of_megawatts_per_unit(mw, holds):
    """Blind case fixed at 40/35 MW: scenario 2 is worse than blind, and the incentive 1.5 mends it."""
    problem = replace(PROBLEM, mw_per_unit=mw)
    claims = [
        station_flow([40.0, 35.0]).voltage(5) < 0.93,
        outcome(problem, 0.0).flow.voltage(5) < station_flow([40.0, 35.0]).voltage(5),
        outcome(problem, 1.5).margin >= 0,
    ]
    assert all(claims) == holds


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
    ends = [0.0, *switching_points(problem), largest_instrument(problem)]
    pairs = [(low, 1) for low in ends[:-1]] + [(high, 0) for high in ends[1:]]
    flows = [outcome(problem, level, ties=ties).flow for level, ties in pairs]
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
        outcome(problem, 0.0)
    found = require(solve_operator(problem))
    assert found.best.level == 1.5
    assert found.best.flow.magnitude_pu.min() == pytest.approx(0.7966, abs=5e-5)
    assert found.num_iter == 3  # both ends of the first segment count, though no power flow was found there
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
        return outcome(problem, level, ties=1).margin >= 0
    except NotConverged:
        return False


@pytest.mark.parametrize("minimum_voltage", [0.7, 0.3], ids=["voltage binds", "the network's capacity binds"])
def test_the_answer_may_lie_between_no_power_flow_and_a_feasible_end(minimum_voltage):
    problem = replace(PROBLEM, instrument="surcharge", mw_per_unit=45.0, minimum_voltage=minimum_voltage)
    level = require(solve_operator(problem)).best.level
    assert 0.0 < level < switching_points(problem)[0]
    assert not keeps(problem, 0.0)
    assert not keeps(problem, level - 1e-9)
    assert keeps(problem, level)
    assert feasible_intervals(problem)[0][0] == level


def test_an_interval_may_end_where_the_network_cannot_carry_more():
    problem = replace(PROBLEM, mw_per_unit=30.0, minimum_voltage=0.3)
    ((low, high),) = feasible_intervals(problem)
    assert low == 0.0
    assert switching_points(problem)[-1] < high < largest_instrument(problem)
    assert keeps(problem, high)
    assert not keeps(problem, high + 1e-9)


def test_line_limits_at_the_given_ratings_do_not_bind():
    found = solve_operator(replace(PROBLEM, maximum_loading=1.0))
    assert found.best.level == 1.5
    assert found.best.flow.loading.max() == pytest.approx(0.66, abs=0.005)


def test_a_hot_day_takes_a_larger_incentive():
    """With line 5-4 rated at 85 MVA the voltage alone needs 1.5, the current needs both groups at bus 6."""
    problem = replace(PROBLEM, maximum_loading=1.0, ratings={(5, 4): 85.0})
    assert outcome(problem, 1.5).binding == "current of line 5-4"
    found = require(solve_operator(problem))
    assert found.best.level == 3.5
    assert found.best.loads_mw.tolist() == [0.0, 60.0]


@pytest.mark.parametrize("at_bus_5", [0.0, 32.5, 55.0])
def test_no_voltage_rises_with_the_load_at_bus_6(at_bus_5):
    """The hypothesis under which the cheapest incentive is a switching point; load at bus 5 only ever falls then."""
    profiles = [station_flow([at_bus_5, float(y)]).magnitude_pu for y in range(0, 91, 3)]
    assert np.all(np.diff(profiles, axis=0) < 1e-12)


def test_a_binding_voltage_may_lie_inside_a_segment():
    """A limit between the two ends of a segment is met at a crossing, found to 1e-9."""
    problem = replace(PROBLEM, instrument="surcharge", minimum_voltage=0.937)
    found = require(solve_operator(problem))
    assert found.best.level not in switching_points(problem)
    assert abs(found.best.margin) < 1e-9
    assert found.residual == 0.0
    assert solve_operator(replace(problem, ties=0)).attained  # no type is indifferent inside a segment


def test_outcomes_and_assumptions_can_be_compared_and_hashed():
    """Arrays cannot: an outcome is compared by identity, and an assumption keeps its set-points as a tuple."""
    made, again = outcome(PROBLEM, 1.5), outcome(PROBLEM, 1.5)
    assert made != again
    assert len({made, again, made}) == 2
    one, other = (Assumption("flat", points, 0.9) for points in (np.ones(3), (1.0, 1.0, 1.0)))
    assert one == other
    assert len({one, other}) == 1


@pytest.mark.parametrize("seed", [1, 2])
def test_a_fleet_of_200_types(seed):
    problem = OperatorProblem(fleet_market(200, np.random.default_rng(seed)))
    assert outcome(problem, 0.0).margin < 0
    found = require(solve_operator(problem))
    assert found.best.level in switching_points(problem)
    scan = np.linspace(0, found.best.level, 200)[:-1]
    assert all(outcome(problem, float(s)).margin < 0 for s in scan)


def test_switching_points_of_a_fleet_are_where_choices_change():
    problem = OperatorProblem(fleet_market(30, np.random.default_rng(4)))
    points = switching_points(problem)
    assert 25 < len(points) <= 30
    for point in points:
        assert outcome(problem, point, ties=1).station.sum() > outcome(problem, point, ties=0).station.sum()
    edges = [0.0, *points, largest_instrument(problem)]
    for low, high in pairwise(edges):
        inner = {tuple(outcome(problem, low + t * (high - low)).station) for t in (0.1, 0.5, 0.9)}
        assert len(inner) == 1


@pytest.mark.parametrize("block", ["prices", "bought", "station"])
@pytest.mark.parametrize("place", [0, 1])
def test_perturbed_lower_levels_lose_their_certificate(block, place):
    best = solve_operator(PROBLEM).best
    fields = {name: getattr(best, name).tolist() for name in ("prices", "station", "bought")}
    assert all(c.holds for c in backward_induction_certificates(PROBLEM.market, **fields, incentive=1.5, surcharge=0.0))
    if block == "station":
        if place == 0:  # EV1 is indifferent at 1.5 but for the amount it buys
            return
        values = [1 - fields["station"][place]]
    else:
        values = [fields[block][place] + step for step in (1e-4, -1e-4, math.nan)]
    for value in values:
        spoilt = fields | {block: [value if k == place else v for k, v in enumerate(fields[block])]}
        certificates = backward_induction_certificates(PROBLEM.market, **spoilt, incentive=1.5, surcharge=0.0)
        assert not all(c.holds for c in certificates)


@pytest.mark.parametrize("name", ["incentive", "surcharge"])
def test_a_wrong_instrument_loses_the_certificate(name):
    best = solve_operator(PROBLEM).best
    fields = {key: getattr(best, key).tolist() for key in ("prices", "station", "bought")}
    given = {"incentive": 1.5, "surcharge": 0.0}
    given[name] += 1e-3
    assert not all(c.holds for c in backward_induction_certificates(PROBLEM.market, **fields, **given))


def test_limits_and_witnesses_bite():
    limits = (0.93, 1.06, 1.0)
    assert all(c.holds for c in limit_certificates([0.93, 1.06], [1.0], limits))
    for voltages, loadings in ([0.93 - 1e-7], [0.5]), ([1.06 + 1e-7], [0.5]), ([1.0], [1 + 1e-7]), ([math.nan], [0.5]):
        assert not all(c.holds for c in limit_certificates(voltages, loadings, limits))
    good, bad = ([0.95], [0.5]), ([0.9], [0.5])
    assert smaller_fail_certificate([bad, bad], limits).holds
    assert not smaller_fail_certificate([bad, good], limits).holds


def test_a_larger_incentive_than_needed_is_no_solution():
    found = solve_operator(PROBLEM)
    flows = [outcome(PROBLEM, s).flow for s in (0.5, 1.5, 1.6)]
    witnesses = [(f.magnitude_pu.tolist(), f.loading.tolist()) for f in flows]
    wrong = replace(found, certificates=(smaller_fail_certificate(witnesses, (0.93, 1.06, math.inf)),))
    with pytest.raises(NotAnEquilibrium, match="smaller instruments"):
        require(wrong)


def test_the_station_certificate_scans_every_price():
    """A blind price that ignores the incentive is no best price once there is one."""
    found = backward_induction_certificates(repaired_market(), [5.5, 4.25], [0, 0], [2.25, 3.25], 1.5, 0.0)
    assert [c.holds for c in found] == [True, True, True, True, False, False]
