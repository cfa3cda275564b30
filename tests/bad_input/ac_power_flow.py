"""Bad input for networks, power flows and their certificates."""

import numpy as np

from tests.bad_input.kinds import Bad, Kind, array, call, choice, instance, integer, other, real
from v2g_nb.data import load_case
from v2g_nb.data.power import CaseTables
from v2g_nb.power import PowerNetwork, admittance, newton_iterates, solve_power_flow
from v2g_nb.power.ac_certificates import power_flow_certificates

COLUMNS = {
    "bus": [1, 2, 3],
    "kind": ["slack", "pv", "pq"],
    "demand_mw": [0.0, 0.0, 50.0],
    "demand_mvar": [0.0, 0.0, 20.0],
    "shunt_mw": [0.0, 0.0, 0.0],
    "shunt_mvar": [0.0, 0.0, 5.0],
    "generation_mw": [0.0, 20.0, 0.0],
    "set_point_pu": [1.0, 1.01, 1.0],
    "from_bus": [1, 2],
    "to_bus": [2, 3],
    "resistance_pu": [0.01, 0.02],
    "reactance_pu": [0.1, 0.2],
    "charging_pu": [0.0, 0.1],
    "tap": [1.0, 0.98],
    "shift_deg": [0.0, 1.0],
    "rating_mva": [100.0, np.inf],
}
NETWORK = PowerNetwork(**COLUMNS)
FLOW = solve_power_flow(NETWORK)


def voltages(good: list[float]) -> Kind:
    """Voltages to be certified: NaN is allowed there."""
    return Kind(good, (Bad("shape", [1.0], ("[1.0]",)), Bad("shape", [good, good], (repr(good)[:20],))))


def free(name: str) -> Kind:
    return array(COLUMNS[name])


CALLS = [
    call(
        PowerNetwork,
        bus=array(COLUMNS["bus"]),
        kind=other(COLUMNS["kind"], "slack", ["slack", "pv"], ["pq", "pv", "pq"], ["slack", "pv", "load"], 7),
        **{name: free(name) for name in ("demand_mw", "demand_mvar", "shunt_mw", "shunt_mvar", "generation_mw")},
        set_point_pu=array(COLUMNS["set_point_pu"], low=0.0, open_low=True),
        from_bus=array(COLUMNS["from_bus"]),
        to_bus=array(COLUMNS["to_bus"]),
        **{name: free(name) for name in ("resistance_pu", "reactance_pu", "charging_pu", "shift_deg")},
        tap=array(COLUMNS["tap"], low=0.0, open_low=True),
        rating_mva=array(COLUMNS["rating_mva"], low=0.0, open_low=True, infinite=True),
        base_mva=real(100.0, low=0.0, open_low=True),
    ),
    call(NETWORK.place, bus=integer(2).also(9)),
    call(
        NETWORK.with_demand,
        added=other({3: 1 + 1j}, None, [1.0], {9: 1.0}, {3: "much"}, {3: float("nan")}),
    ),
    call(NETWORK.with_set_points, points=other({1: 1.0}, None, [1.0], {9: 1.0}, {3: 1.0}, {1: -1.0}, {1: "high"})),
    call(NETWORK.with_ratings, ratings=other({(1, 2): 50.0}, None, [1.0], {(1, 9): 1.0}, {(1, 2): 0.0}, {(2, 3): "x"})),
    call(FLOW.voltage, bus=integer(2).also(9)),
    call(admittance, network=instance(NETWORK)),
    call(newton_iterates, network=instance(NETWORK)),
    call(
        solve_power_flow,
        network=instance(NETWORK),
        tolerance=real(1e-11, low=0.0, open_low=True),
        max_iter=integer(20, low=1),
    ),
    call(
        power_flow_certificates,
        network=instance(NETWORK),
        magnitude_pu=voltages([1.0, 1.0, 1.0]),
        angle_deg=voltages([0.0, 0.0, 0.0]),
        tolerance=real(1e-9, low=0.0),
    ),
    call(load_case, name=choice("case9")),
    call(
        CaseTables,
        bus=other({"bus": [1]}, None, [1]),
        branch=other({"from_bus": [1]}, None, [1]),
        base_mva=real(100.0, low=0.0, open_low=True),
    ),
]
