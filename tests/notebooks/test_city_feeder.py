"""The numbers behind the figures of the chapter on the feeder, against other code than the chapter's."""

import numpy as np
import pytest

from tests.notebooks.figures import column
from v2g_nb.city import ieee123, scenario
from v2g_nb.data import load_table

FEEDER = ieee123()
LEVELS = [10.0 * k for k in range(2, 21)]


def drop_on_the_way(name: str) -> float:
    """Return the drop of the squared voltage to a bus: shared impedance with every load, no tree walked twice."""
    tree = FEEDER.radial
    net = FEEDER.load_kvar - FEEDER.capacitor_kvar
    way = set()
    bus = FEEDER.bus(name)
    while tree.parent[bus] >= 0:
        way.add(int(tree.upward[bus]))
        bus = int(tree.parent[bus])
    total = 0.0
    for load in range(tree.num_buses):
        bus = load
        while tree.parent[bus] >= 0:
            line = int(tree.upward[bus])
            if line in way:
                r, x = tree.resistance[line], tree.reactance[line]
                total += 2 * (r * FEEDER.load_kw[load] + x * net[load]) / 1e3
            bus = int(tree.parent[bus])
    return total


def test_opendss_figure():
    names = load_table("ieee123_opendss")["bus"].tolist()
    ours, distance = column("city/feeder", "fig-opendss", "linear_pu", "distance_km")
    assert column("city/feeder", "fig-opendss", "opendss_pu") == pytest.approx(
        load_table("ieee123_opendss")["voltage_pu"]
    )
    for name in ("114", "83", "610", "151"):
        assert ours[names.index(name)] == pytest.approx(np.sqrt(1.03**2 - drop_on_the_way(name)))
    assert distance[names.index("150")] == 0.0
    assert distance[names.index("1")] == pytest.approx(0.4 * 0.3048)
    assert distance[names.index("7")] == pytest.approx(0.7 * 0.3048)


def test_load_figure():
    """Power adds up at every level, costs fall out of prices, and the stress case sheds."""
    percent, shed, grid = column("city/feeder", "fig-load", "load [% of today]", "shed_kw", "import_kw", every=130)
    voltage, price = column("city/feeder", "fig-load", "voltage_pu", "dlmp_usd_per_kwh", shape=(19, 130))
    assert percent.tolist() == LEVELS
    assert voltage[:, 0] == pytest.approx(1.03)
    assert ((voltage > 0.9) & (voltage < 1.1)).all()
    for k, level in enumerate(percent / 100):
        problem = scenario("base", level=level).market.grid
        # Merit order at the prices gives the outputs back, wherever a cost curve decides them.
        wish = (price[k][problem.generator_bus] - problem.cost_per_kwh) / problem.cost_slope
        sure = np.clip(wish, 0, problem.capacity_kw)
        assert grid[k] + sure.sum() + shed[k] == pytest.approx(3490 * level, abs=1e-2)
    assert shed[LEVELS.index(100.0)] < 1e-6
    assert shed[LEVELS.index(150.0)] > 50
    assert price[LEVELS.index(150.0)].max() == pytest.approx(38.53)
    assert (np.diff(price.max(axis=1)) > -1e-6).all()
