"""Our equilibrium of a reduced instance against the one that PATH found, as recorded; live where it is installed."""

import json

import numpy as np
import pytest

from tools.peers.call import PeerAbsent
from tools.record_path import BUSES, TABLE, TARGET, reduced_city, table
from tools.record_path import record as record_path
from v2g_nb.certificate import require
from v2g_nb.city import solve_city, solve_city_mcp

REFERENCE = json.loads(TARGET.read_text())


@pytest.mark.parametrize("solve", [solve_city, solve_city_mcp])
def test_both_routes_find_what_path_found(solve):
    result = require(solve(reduced_city()))
    recorded = [REFERENCE["dlmp_usd_per_kwh"][bus] for bus in BUSES]
    np.testing.assert_allclose(result.dlmp, recorded, atol=1e-6)
    np.testing.assert_allclose(result.link_flow, REFERENCE["link_flow_veh_per_h"], atol=1e-3)
    paid = result.od_cost[np.isfinite(result.od_cost)]
    np.testing.assert_allclose(paid, REFERENCE["od_cost_usd"], atol=1e-5)


def test_the_record_says_where_it_is_from_and_is_not_trivial():
    assert set(REFERENCE) >= {"date", "peer", "status", "unknowns", "natural_residual"}
    assert 500 < REFERENCE["unknowns"] <= 1000  # what the demonstration licence allows
    assert REFERENCE["natural_residual"] < 1e-4
    prices = np.array(list(REFERENCE["dlmp_usd_per_kwh"].values()))
    assert prices.max() - prices.min() > 0.005  # the tight line separates prices
    assert require(solve_city(reduced_city())).discharged_kwh > 100.0


def test_the_chapter_shows_what_was_recorded():
    assert TABLE.read_text(encoding="utf-8") == table(REFERENCE)


def test_path_still_finds_it():
    try:
        found = record_path()
    except PeerAbsent as reason:
        pytest.skip(str(reason))
    except RuntimeError as reason:
        pytest.skip(f"PATH does not run here: {str(reason).strip().splitlines()[-1]}")
    ours = solve_city(reduced_city()).dlmp
    np.testing.assert_allclose(list(found["dlmp_usd_per_kwh"].values()), ours, atol=1e-6)
