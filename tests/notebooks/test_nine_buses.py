"""What the figures of the chapter on the nine buses show, against the branch-by-branch certificate."""

import numpy as np
from numpy.testing import assert_allclose

from tests.notebooks.figures import column
from v2g_nb.grid import station_flow
from v2g_nb.power.certificates import power_flow_certificates


def test_newton_steps():
    loads = column("grid/nine-buses", "fig-newton-steps", "vehicles at bus 5 [MW]", shape=(4, 7, 9))
    steps, buses = column("grid/nine-buses", "fig-newton-steps", "Newton step", "bus", shape=(4, 7, 9))
    voltages, mismatches = column("grid/nine-buses", "fig-newton-steps", "voltage_pu", "mismatch_pu", shape=(4, 7, 9))
    assert steps[0, :, 0].tolist() == list(range(7))
    assert buses[0, 0].tolist() == list(range(1, 10))
    assert_allclose(mismatches[:, 0, 4], (loads[:, 0, 0] + 125) / 100 - 0.0, atol=0.3)  # flat start: about the demand
    assert np.all(mismatches[:, 6] == 0)  # six steps are enough at every load shown
    for k, load in enumerate(loads[:, 0, 0]):
        flow = station_flow([load, 35])
        assert all(c.holds for c in power_flow_certificates(flow.network, voltages[k, 6], flow.angle_deg, 1e-8))


def test_load_margin():
    loads, voltages = column("grid/nine-buses", "fig-load-margin", "load_mw", "voltage_pu")
    assert np.all(np.diff(voltages) < 0)
    for load, voltage in zip(loads, voltages, strict=True):
        flow = station_flow([load, 35])
        profile = np.where(flow.network.bus == 5, voltage, flow.magnitude_pu).tolist()
        assert all(c.holds for c in power_flow_certificates(flow.network, profile, flow.angle_deg, 1e-7))


def test_scenario_one():
    assert column("grid/nine-buses", "fig-scenario-one", "bus").tolist() == list(range(1, 10))
    profile = column("grid/nine-buses", "fig-scenario-one", "voltage_pu").tolist()
    flow = station_flow([40, 35])
    assert all(c.holds for c in power_flow_certificates(flow.network, profile, flow.angle_deg, 1e-8))
    assert np.flatnonzero(np.array(profile) < 0.93).tolist() == [4]
