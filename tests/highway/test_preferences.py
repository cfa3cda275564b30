"""Preferences, the charging market, who is left without, and Algorithm 1 as printed."""

import numpy as np
import pytest

from v2g_nb.highway import (
    Cars,
    Weights,
    allocate_as_printed,
    charging_market,
    draw_cars,
    reachable_quotas,
    tomei,
    wait_table,
)
from v2g_nb.matching import Market, check_matching, deferred_acceptance


def test_rows_of_26_as_printed_put_cars_that_cannot_come_first():
    soc = np.array([[0.2, 0.1], [0.05, -0.05], [-0.01, -0.2]])
    weights = Weights()
    printed, mended = weights.station_costs(soc, as_printed=True), weights.station_costs(soc)
    assert printed[0].tolist() == [weights.may, weights.must, weights.must]  # the third never gets there
    assert mended[0, 2] == weights.cannot
    assert mended[0].argmin() == 1


def test_26_as_printed_is_the_same_where_everybody_reaches_every_station():
    soc = np.array([[0.3, 0.2], [0.5, 0.4]])
    printed, mended = Weights().station_costs(soc, as_printed=True), Weights().station_costs(soc)
    np.testing.assert_allclose(mended - soc.T, printed)


def test_equation_24_by_hand():
    cost = Weights().car_costs([[0.2, 0.1], [0.05, -0.05]], [2.0, 3.0])
    np.testing.assert_allclose(cost, [[10 * 0.2 + 2 + 1, 10 * 0.1 + 3 + 1], [0.5 + 2 + 1, 100.0]])


def test_table_1_consumption_hardly_moves_the_preference():
    """At 0.05 %/min the charge decides only where waits differ by less than 0.1 min; at 0.5 %/min by 1 min."""
    for rate, minutes in ((0.0005, 0.097875), (0.005, 0.97875)):
        road = tomei(consumption_per_min=rate)
        soc = road.arrival_soc(Cars([1], [0.0], [40.0], [0.5]))
        cost = Weights().car_costs(soc, [0.0, 0.0])
        apart = float(cost[0, 0] - cost[0, 1])
        at = road.position_min[road.station_nodes]
        assert apart == pytest.approx(10 * rate * (at[1] - at[0]))
        assert apart == pytest.approx(minutes, rel=1e-6)


def chain_market(seed: int, *, must_fit: bool = True):
    """Cars on the book's road, quotas that they can fill; `must_fit` is Assumption 3."""
    rng = np.random.default_rng(seed)
    road = tomei()
    cars = draw_cars(road, rng, soc_range=(0.12, 0.35))
    soc = road.arrival_soc(cars)[: rng.integers(4, 12)]
    quotas = reachable_quotas(wait_table(road.chargers, 1.1, [12, 9], len(soc)), soc > 0).quota
    if not must_fit:
        quotas = np.array([0, len(soc)])
    return soc, quotas, charging_market(soc, [1.0, 1.0], quotas)


@pytest.mark.parametrize("seed", range(100))
def test_nobody_is_left_without(seed: int):
    """Assumption 2 (each reaches one station), 3 (those who must fit), fillable quotas, strict priority."""
    soc, quotas, market = chain_market(seed)
    assert ((soc > 0).any(axis=1)).all()  # Assumption 2
    must = ((soc[:, 0] > 0) & (soc[:, 1] <= 0)).sum()
    assert must <= quotas[0]  # Assumption 3, which fillable quotas imply
    assert all(soc[v, i] > 0 for v, row in enumerate(market.proposer_lists) for i in row if i >= 0)
    result = deferred_acceptance(market)
    assert (result.partner >= 0).all()
    assert (soc[np.arange(len(soc)), result.partner] > 0).all()


def test_without_assumption_3_somebody_is_left():
    left = [chain_market(seed, must_fit=False) for seed in range(60)]
    stranded = [(deferred_acceptance(m).partner < 0).sum() for soc, _, m in left if (soc[:, 1] <= 0).any()]
    assert stranded
    assert min(stranded) >= 1


# ---- Algorithm 1


def test_algorithm_1_turns_a_car_away_from_a_station_with_room():
    market = Market([[0], [0]], [[1, 0]], [2])
    printed = allocate_as_printed(market)
    assert printed.tolist() == [-1, 0]
    assert deferred_acceptance(market).partner.tolist() == [0, 0]
    broken = check_matching(market, printed).certificates
    assert broken[-1].value == 1


def test_algorithm_1_is_right_where_cars_come_in_the_stations_order():
    """Then the newcomer is never preferred to one inside, and the flawed line never fires."""
    market = Market([[0], [0], [0]], [[0, 1, 2]], [2])
    assert allocate_as_printed(market).tolist() == deferred_acceptance(market).partner.tolist() == [0, 0, -1]


def test_algorithm_1_is_unstable_on_most_days_and_never_exceeds_a_quota():
    markets = [chain_market(seed)[2] for seed in range(50)]
    proofs = [check_matching(market, allocate_as_printed(market)).certificates for market in markets]
    assert sum(not all(c.holds for c in found) for found in proofs) > 25
    assert all(found[0].holds for found in proofs)


def test_proposals_grow_at_most_like_n_times_m():
    """The paper's claim "iterations increase exponentially" is false."""
    for n in (10, 40, 160, 640):
        m = 5
        market = Market([list(range(m))] * n, [list(range(n))[::-1]] * m, [n // m] * m)
        count = deferred_acceptance(market).num_iter
        assert count <= n * m
        assert count >= n * m / 2
