"""Certificates of power flows and dispatches bite, and decide about what Clarabel leaves open."""

import math
from dataclasses import asdict, replace
from types import SimpleNamespace

import numpy as np
import pytest

from tests.power.test_ac_power_flow import two_buses
from tests.power.test_lindistflow import LOAD, PROBLEM, REACTIVE, SMALL
from v2g_nb.errors import NotAnEquilibrium, NotConverged
from v2g_nb.grid import nine_bus
from v2g_nb.power import dispatch, lindistflow, solve_dispatch, solve_power_flow
from v2g_nb.power.certificates import dispatch_certificates, flow_certificates, power_flow_certificates

FLOW = lindistflow(SMALL, LOAD, REACTIVE)
TIGHT = replace(PROBLEM, lowest_pu=0.985)
DISPATCH = solve_dispatch(TIGHT)
BLOCKS = [k for k in asdict(DISPATCH) if k not in ("cost", "num_iter", "certificates")]


def test_a_negative_magnitude_does_not_pass_for_half_a_turn():
    network = two_buses(50 + 20j)
    flow = solve_power_flow(network)
    flipped = [1.0, -flow.voltage(2)], [0.0, flow.angle_deg[1] + 180.0]
    assert [c.holds for c in power_flow_certificates(network, *flipped)] == [True, True, False]
    assert not power_flow_certificates(two_buses(0j), [1.0, 0.0], [0.0, 0.0])[2].holds


@pytest.mark.parametrize("block", ["magnitude_pu", "angle_deg"])
@pytest.mark.parametrize("bus", range(9))
def test_perturbed_voltages_lose_their_certificate(block: str, bus: int):
    flow = solve_power_flow(nine_bus())
    columns = {"magnitude_pu": flow.magnitude_pu.tolist(), "angle_deg": flow.angle_deg.tolist()}
    assert all(c.holds for c in power_flow_certificates(flow.network, **columns))
    step = 1e-7 if block == "magnitude_pu" else math.degrees(1e-7)
    for value in (columns[block][bus] + step, math.nan):
        spoilt = columns | {block: [value if k == bus else v for k, v in enumerate(columns[block])]}
        assert not all(c.holds for c in power_flow_certificates(flow.network, **spoilt))
    with pytest.raises(NotAnEquilibrium):
        replace(flow, certificates=power_flow_certificates(flow.network, **spoilt)).require()


def test_a_flat_start_misses_a_small_power():
    assert not power_flow_certificates(two_buses(1e-6 + 0j), [1.0, 1.0], [0.0, 0.0])[0].holds


def test_a_negative_voltage_does_not_pass_for_its_opposite():
    assert all(c.holds for c in flow_certificates(SMALL, (LOAD, REACTIVE), FLOW, 1.0))
    flipped = replace(FLOW, voltage_pu=-FLOW.voltage_pu)
    assert not flow_certificates(SMALL, (LOAD, REACTIVE), flipped, 1.0)[2].holds


@pytest.mark.parametrize("block", ["active_kw", "reactive_kvar", "voltage_pu"])
@pytest.mark.parametrize("change", [1e-7, np.nan])
def test_a_perturbed_flow_fails_a_certificate(block: str, change: float):
    spoilt = getattr(FLOW, block).copy()
    spoilt[1] += change * (1.0 if block == "voltage_pu" else 1e3)
    made = flow_certificates(SMALL, (LOAD, REACTIVE), replace(FLOW, **{block: spoilt}), 1.0)
    assert not all(c.holds for c in made)


@pytest.mark.parametrize("block", BLOCKS)
@pytest.mark.parametrize("change", [1e-4, -1e-4, np.nan])
def test_a_perturbed_dispatch_fails_a_certificate(block: str, change: float):
    """By 100 times the tolerance, per unit for powers (a unit is 1 000 kW) and squared voltages' multipliers."""
    assert all(c.holds for c in dispatch_certificates(TIGHT, DISPATCH))
    scale = 1e3 if block.endswith(("_kw", "_kvar", "voltage_price")) else 1.0
    spoilt = np.array(getattr(DISPATCH, block))
    spoilt.flat[-1] += change * scale
    changed = spoilt if spoilt.ndim else float(spoilt)
    assert not all(c.holds for c in dispatch_certificates(TIGHT, replace(DISPATCH, **{block: changed})))


@pytest.mark.parametrize("spoilt", [0.0, 1e-3, np.nan, 1e40])
def test_a_weak_status_is_no_optimum(monkeypatch, spoilt: float):
    """An iterate called InsufficientProgress is returned only where the certificates show that it is the optimum."""
    whole = dispatch._interior_point

    def stopped(program, regularisation):
        answer = whole(program, regularisation)
        x = np.array(answer.x) * (1.0 + spoilt)
        return SimpleNamespace(status="InsufficientProgress", x=x, z=answer.z, iterations=4)

    monkeypatch.setattr(dispatch, "_interior_point", stopped)
    if spoilt == 0.0:
        assert solve_dispatch(PROBLEM).require().cost == pytest.approx(60.0)
        return
    with pytest.raises(NotConverged, match="InsufficientProgress"):
        solve_dispatch(PROBLEM)
