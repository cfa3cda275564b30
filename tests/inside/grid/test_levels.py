"""Certificates of the three levels fail for every spoilt number."""

import math
from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pytest

from v2g_nb.errors import NotAnEquilibrium
from v2g_nb.grid import OperatorProblem, choices, paper_market, respond, solve_operator
from v2g_nb.grid.certificates.levels import (
    backward_induction_certificates,
    limit_certificates,
    smaller_fail_certificate,
)

PROBLEM = OperatorProblem(paper_market(repaired=True))


def flow(voltages: list[float], loadings: list[float]) -> SimpleNamespace:
    return SimpleNamespace(magnitude_pu=voltages, loading=loadings)


@pytest.mark.parametrize("block", ["prices", "bought", "station"])
@pytest.mark.parametrize("place", [0, 1])
def test_perturbed_lower_levels_lose_their_certificate(block, place):
    best = solve_operator(PROBLEM).best
    fields = {name: getattr(best, name).tolist() for name in ("prices", "station", "bought")}
    assert all(c.holds for c in backward_induction_certificates(PROBLEM.market, best, incentive=1.5, surcharge=0.0))
    if block == "station":
        if place == 0:  # EV1 is indifferent at 1.5 but for the amount it buys
            return
        values = [1 - fields["station"][place]]
    else:
        values = [fields[block][place] + step for step in (1e-4, -1e-4, math.nan)]
    for value in values:
        spoilt = replace(best, **{block: np.array([value if k == place else v for k, v in enumerate(fields[block])])})
        certificates = backward_induction_certificates(PROBLEM.market, spoilt, incentive=1.5, surcharge=0.0)
        assert not all(c.holds for c in certificates)


@pytest.mark.parametrize("name", ["incentive", "surcharge"])
def test_a_wrong_instrument_loses_the_certificate(name):
    best = solve_operator(PROBLEM).best
    given = {"incentive": 1.5, "surcharge": 0.0}
    given[name] += 1e-3
    assert not all(c.holds for c in backward_induction_certificates(PROBLEM.market, best, **given))


def test_limits_and_witnesses_bite():
    limits = replace(PROBLEM, maximum_loading=1.0)
    assert all(c.holds for c in limit_certificates(limits, flow([0.93, 1.06], [1.0])))
    for voltages, loadings in ([0.93 - 1e-7], [0.5]), ([1.06 + 1e-7], [0.5]), ([1.0], [1 + 1e-7]), ([math.nan], [0.5]):
        assert not all(c.holds for c in limit_certificates(limits, flow(voltages, loadings)))
    good, bad = flow([0.95], [0.5]), flow([0.9], [0.5])
    assert smaller_fail_certificate(limits, [bad, None]).holds
    assert not smaller_fail_certificate(limits, [bad, good]).holds


def test_a_larger_incentive_than_needed_is_no_solution():
    found = solve_operator(PROBLEM)
    flows = [respond(PROBLEM, s).flow for s in (0.5, 1.5, 1.6)]
    wrong = replace(found, certificates=(smaller_fail_certificate(PROBLEM, flows),))
    with pytest.raises(NotAnEquilibrium, match="smaller instruments"):
        wrong.require()


def test_the_station_certificate_scans_every_price():
    """A blind price that ignores the incentive is no best price once there is one."""
    blind = choices(PROBLEM.market, [5.5, 4.25])
    found = backward_induction_certificates(PROBLEM.market, blind, incentive=1.5, surcharge=0.0)
    assert [c.holds for c in found] == [True, True, True, True, False, False]
