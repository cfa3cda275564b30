"""What the figures of the operator's chapter show, computed again from the closed forms."""

import numpy as np
from numpy.testing import assert_allclose

from tests.notebooks.figures import column
from v2g_nb.grid import fleet_market, station_flow


def follow(instrument, size):
    """Return prices and loads [MW] of the repaired market, by hand."""
    p = (5.5, 4.25 - size / 2) if instrument == "incentive" else (5.5 + size / 2, 4.25)
    loads = [0.0, 0.0]
    for near, far in ((10, 8), (12, 9)):
        moves = far - p[1] >= near - p[0] - 1e-9
        loads[int(moves)] += 10 * ((far - p[1]) if moves else (near - p[0])) / 2
    return p, loads


def test_three_scenarios():
    assert column("grid/operator", "fig-three-scenarios", "bus").tolist() == [4, 5, 6, 7, 8, 9]
    shown = column("grid/operator", "fig-three-scenarios", "blind_pu", "two_levels_pu", "three_levels_pu")
    for voltages, loads in zip(shown, ([40, 35], [55, 0], [32.5, 22.5]), strict=True):
        assert_allclose(voltages, station_flow(loads).magnitude_pu[3:], atol=1e-8)
    assert shown[1][1] < shown[0][1] < 0.93 < shown[2].min()


def test_instrument():
    kind = column("grid/operator", "fig-instrument", "instrument", shape=(42, 9))
    size, bus, voltage = column("grid/operator", "fig-instrument", "size", "bus", "voltage_pu", shape=(42, 9))
    prices = column("grid/operator", "fig-instrument", "cs1_price", "cs2_price", shape=(42, 9))
    loads = column("grid/operator", "fig-instrument", "cs1_mw", "cs2_mw", shape=(42, 9))
    for k in range(42):
        assert bus[k].tolist() == list(range(1, 10))
        asked, drawn = follow(kind[k, 0], size[k, 0])
        assert_allclose([p[k, 0] for p in prices], asked, atol=1e-8)
        assert_allclose([load[k, 0] for load in loads], drawn, atol=1e-7)
        assert_allclose(voltage[k], station_flow(drawn).magnitude_pu, atol=1e-8)


def test_prices_over_the_incentive():
    size, first, second = column("grid/operator", "fig-incentive-prices", "incentive", "cs1_price", "cs2_price")
    assert_allclose(size, np.arange(9) / 2)
    assert_allclose(first, 5.5, atol=1e-9)
    assert_allclose(second, 4.25 - size / 2, atol=1e-9)


def test_fleet():
    sizes, two, many = column("grid/operator", "fig-fleet", "incentive", "two_groups_pu", "types_200_pu")
    worth = fleet_market(200, np.random.default_rng(1)).intercept
    p1 = worth[:, 0].mean() / 2
    for k in range(0, len(sizes), 5):
        assert_allclose(two[k], station_flow(follow("incentive", sizes[k])[1]).magnitude_pu.min(), atol=1e-8)
        p2 = (worth[:, 1].mean() - sizes[k]) / 2
        moves = worth[:, 1] - p2 >= worth[:, 0] - p1 - 1e-9
        loads = [0.05 * (worth[~moves, 0] - p1).sum(), 0.05 * (worth[moves, 1] - p2).sum()]
        assert_allclose(many[k], station_flow(loads).magnitude_pu.min(), atol=1e-8)
