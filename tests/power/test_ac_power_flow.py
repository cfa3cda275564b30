"""Newton's power flow against closed forms and the published base case."""

import math
from itertools import islice, pairwise

import numpy as np
import pytest

from tests.bad_input.power import COLUMNS
from v2g_nb.errors import InvalidInput, NotConverged
from v2g_nb.grid import nine_bus
from v2g_nb.power import PowerNetwork, newton_iterates, solve_power_flow


def two_buses(load: complex, **changes) -> PowerNetwork:
    columns = {
        "bus": [1, 2],
        "kind": ["slack", "pq"],
        "demand_mw": [0.0, load.real],
        "demand_mvar": [0.0, load.imag],
        **{name: [0.0, 0.0] for name in ("shunt_mw", "shunt_mvar", "generation_mw")},
        "set_point_pu": [1.0, 1.0],
        "from_bus": [1],
        "to_bus": [2],
        **{name: [0.0] for name in ("resistance_pu", "charging_pu", "shift_deg")},
        "reactance_pu": [0.1],
        "tap": [1.0],
        "rating_mva": [100.0],
    }
    return PowerNetwork(**(columns | changes))


def test_base_case_as_published():
    """Anderson and Fouad's base case, to the four digits that are printed everywhere."""
    published = [1.0400, 1.0250, 1.0250, 1.0258, 0.9956, 1.0127, 1.0258, 1.0159, 1.0324]
    flow = solve_power_flow(nine_bus()).require()
    assert flow.magnitude_pu.round(4).tolist() == published
    assert flow.generation_mw.round(1).tolist()[:3] == [71.6, 163.0, 85.0]
    assert flow.generation_mvar.round(1).tolist()[:3] == [27.0, 6.7, -10.9]
    assert round(flow.losses_mw, 2) == 4.64


@pytest.mark.parametrize("load", [0j, 50 + 20j, 120 - 40j, 200 + 10j])
def test_two_buses_in_closed_form(load: complex):
    """A lossless line: V^2 solves a quadratic, sin(angle) = P X / V."""
    p, q, x = load.real / 100, load.imag / 100, 0.1
    half = 1 - 2 * q * x
    squared = (half + math.sqrt(half**2 - 4 * x**2 * (p**2 + q**2))) / 2
    flow = solve_power_flow(two_buses(load), tol=1e-13).require()
    assert flow.voltage(2) == pytest.approx(math.sqrt(squared), abs=1e-12)
    assert math.sin(math.radians(-flow.angle_deg[1])) == pytest.approx(p * x / math.sqrt(squared), abs=1e-12)
    current = abs(load) / 100 / math.sqrt(squared)
    assert flow.current_pu[0] == pytest.approx(current, abs=1e-12)
    assert flow.loading[0] == pytest.approx(current, abs=1e-12)
    assert flow.losses_mw == pytest.approx(0.0, abs=1e-9)


def test_a_phase_shifter_only_turns_the_angles_behind_it():
    plain, turned = solve_power_flow(two_buses(50 + 20j)), solve_power_flow(two_buses(50 + 20j, shift_deg=[7.0]))
    assert turned.angle_deg[1] == pytest.approx(plain.angle_deg[1] - 7.0, abs=1e-9)
    assert turned.voltage(2) == pytest.approx(plain.voltage(2), abs=1e-12)


def test_a_large_phase_shift_leaves_the_high_voltage():
    """Started at angle 0 behind a shift of 150 degrees, Newton's method ends at a magnitude of -.2588."""
    flow = solve_power_flow(two_buses(50 + 0j, reactance_pu=[0.5], shift_deg=[150.0])).require()
    assert flow.voltage(2) == pytest.approx(math.cos(math.radians(15)), abs=1e-10)
    assert flow.angle_deg[1] == pytest.approx(-165.0, abs=1e-8)


@pytest.mark.parametrize("seed", range(40))
def test_random_pairs_of_buses_end_at_the_high_voltage(seed: int):
    """|V|^2 + z S* = V1 V* has two roots in |V|: found is the larger, whatever the shift, up to 99 % of the limit."""
    rng = np.random.default_rng(seed)
    x, shift = rng.uniform(0.01, 1.0), rng.uniform(-720.0, 720.0)
    z = complex(x * rng.uniform(0.0, 1.0), x)
    load = complex(rng.normal(), rng.normal())
    load *= rng.uniform(0.0, 0.99) / (2 * (abs(z * load) + (z.conjugate() * load).real))  # 0.99 of the limit
    network = two_buses(100 * load, resistance_pu=[z.real], reactance_pu=[x], shift_deg=[shift])
    flow = solve_power_flow(network).require()
    half = 0.5 - (z.conjugate() * load).real
    squared = half + math.sqrt(half**2 - abs(z * load) ** 2)
    assert flow.voltage(2) == pytest.approx(math.sqrt(squared), rel=1e-8)
    assert abs(flow.angle_deg[1]) <= 180.0


@pytest.mark.parametrize("seed", range(20))
def test_no_magnitude_is_negative_in_meshes_with_phase_shifters(seed: int):
    rng = np.random.default_rng(seed)
    n = int(rng.integers(3, 8))
    start, end = [int(rng.integers(0, k)) for k in range(1, n)] + [0], [*range(1, n), n - 1]
    columns = {name: np.zeros(n) for name in ("shunt_mw", "shunt_mvar", "generation_mw")}
    columns |= {"demand_mw": rng.normal(0, 40, n), "demand_mvar": rng.normal(0, 20, n), "set_point_pu": np.ones(n)}
    ends = {"from_bus": start, "to_bus": end, "tap": np.ones(n), "rating_mva": np.full(n, 100.0)}
    ends |= {"resistance_pu": np.zeros(n), "charging_pu": np.zeros(n), "reactance_pu": rng.uniform(0.01, 0.3, n)}
    ends["shift_deg"] = rng.choice([0.0, 30.0, 150.0, 180.0], n)
    network = PowerNetwork(bus=range(n), kind=["slack"] + ["pq"] * (n - 1), **columns, **ends)
    try:
        flow = solve_power_flow(network).require()
    except NotConverged:
        return
    assert flow.magnitude_pu.min() > 0.0
    assert np.abs(flow.angle_deg).max() <= 180.0


@pytest.mark.parametrize("scale", [1e-12, 1e-9, 1e-6, 1.0, 1e3, 1e6])
def test_the_unit_of_power_changes_no_voltage(scale: float):
    """The same line in units of other bases: 1e-11 pu is coarse for small powers, out of reach for large ones."""
    plain = solve_power_flow(two_buses(50 + 20j, resistance_pu=[0.01])).require()
    parts = {"resistance_pu": [0.01 / scale], "reactance_pu": [0.1 / scale]}
    scaled = solve_power_flow(two_buses(50 * scale + 20j * scale, **parts)).require()
    assert scaled.voltage(2) == pytest.approx(plain.voltage(2), rel=1e-12)


def test_a_small_power_is_balanced_as_well_as_a_large_one():
    """At a flat start 1 W is missed by less than 1e-8 pu, and by all of it."""
    flow = solve_power_flow(two_buses(1e-6 + 0j)).require()
    assert -math.radians(flow.angle_deg[1]) == pytest.approx(1e-9, rel=1e-6)


def test_ordinary_tolerances_stay_as_they_are():
    assert {c.tolerance for c in solve_power_flow(nine_bus()).certificates} == {1e-9}


def test_a_tap_scales_the_voltage_without_load():
    assert solve_power_flow(two_buses(0j, tap=[0.95])).voltage(2) == pytest.approx(1 / 0.95, abs=1e-12)


def test_newton_converges_quadratically():
    residuals = [step.residual for step in islice(newton_iterates(nine_bus()), 5)]
    assert residuals[-1] < 1e-11
    for earlier, later in pairwise(residuals[1:4]):
        assert later < 10 * earlier**2


@pytest.mark.parametrize(("bus", "load"), [(5, 1000.0), (8, 900.0), (6, 5000.0)])
def test_a_hopeless_loading_is_a_named_error(bus: int, load: float):
    with pytest.raises(NotConverged, match=r"network: no power flow was found.*at bus \d"):
        solve_power_flow(nine_bus().with_demand({bus: load}))


def test_added_demand_may_be_any_number_of_numpy():
    for kind in (np.int64, np.float32, np.complex64):
        assert nine_bus().with_demand({5: kind(5)}).demand_mw.sum() == pytest.approx(nine_bus().demand_mw.sum() + 5)
    with pytest.raises(InvalidInput, match=r"added\[5\]"):
        nine_bus().with_demand({5: np.True_})


def test_a_branch_may_lose_its_rating():
    ends = (int(nine_bus().from_bus[0]), int(nine_bus().to_bus[0]))
    assert nine_bus().with_ratings({ends: np.inf}).rating_mva[0] == np.inf
    with pytest.raises(InvalidInput, match="ratings"):
        nine_bus().with_ratings({ends: np.nan})


def test_a_bus_number_is_one_that_can_be_counted():
    with pytest.raises(InvalidInput, match=r"bus\[1\] = 1e\+300"):
        two_buses(1 + 0j, bus=[1, 1e300])


def test_just_short_of_the_limit_there_is_a_power_flow_and_just_beyond_none():
    """A lossless line of reactance X carries at most 1/(2X) of active power at unity power factor."""
    assert solve_power_flow(two_buses(499.9 + 0j)).require()
    with pytest.raises(NotConverged):
        solve_power_flow(two_buses(500.1 + 0j))


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"from_bus": [1, 1], "to_bus": [2, 2]}, "bus 3 is isolated"),
        ({"kind": ["slack", "slack", "pq"]}, "exactly one bus must be 'slack'"),
        ({"resistance_pu": [0.0, 0.02], "reactance_pu": [0.0, 0.2]}, "branch 1-2.*must not be zero"),
        ({"to_bus": [2, 2]}, "must end at another bus"),
        ({"bus": [1, 2, 2]}, "bus 2 must stand only once"),
    ],
)
def test_networks_that_are_none(changes: dict, words: str):
    with pytest.raises(InvalidInput, match=words):
        PowerNetwork(**(COLUMNS | changes))
