"""Equations (6)-(10) and (13): amounts, choices, blind prices, and the claim that (13) contradicts."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import minimize_scalar

from v2g_nb.grid import ChargingMarket, blind_price, choices, fleet_market, paper_market

REPAIRED = paper_market(repaired=True)
PRICE = st.floats(0.0, 13.0)


@settings(max_examples=50, deadline=None, derandomize=True)
@given(first=PRICE, second=PRICE)
def test_amounts_maximise_the_payoff(first, second):
    market = paper_market()
    made = choices(market, [first, second])
    bought, payoff = made.amount, made.surplus
    tried = np.linspace(0, 8, 801)
    for i in range(2):
        for j, price in enumerate((first, second)):
            values = (market.intercept[i, j] - price) * tried - tried**2
            assert payoff[i, j] >= values.max() - 1e-12
            assert payoff[i, j] == pytest.approx((market.intercept[i, j] - price) * bought[i, j] - bought[i, j] ** 2)


def test_equations_6_to_8_for_gross_satisfaction():
    """(6) and (7) hold for a1 x - a2 x^2 up to a1 / (2 a2); net of the bill (6) fails beyond the best amount."""
    a1, a2, price = 12.0, 1.0, 5.5
    x = np.linspace(0, a1 / (2 * a2), 101)
    gross = a1 * x - a2 * x**2
    assert np.all(np.diff(gross) >= 0)
    assert np.all(np.diff(gross, 2) <= 1e-12)
    net = gross - price * x
    assert np.any(np.diff(net) < 0)
    assert np.all(np.diff([choices(paper_market(), [p, p]).amount[1, 0] for p in (1.0, 2.0, 3.0)]) < 0)


def test_equation_9_saturates_sooner_with_a_larger_a2():
    best = [choices(ChargingMarket([[12.0, 9.0]], [a2], [1.0]), [0.0, 0.0]).amount[0, 0] for a2 in (0.5, 1.0, 2.0)]
    assert best == [12.0, 6.0, 3.0]


@settings(max_examples=200, deadline=None, derandomize=True)
@given(second=st.floats(0.0, 9.9), dearer=st.floats(1e-6, 3.0))
def test_no_dearer_station_keeps_both_groups_of_13(second, dearer):
    """EV1 values both stations alike, so it leaves any station that is dearer: the paper's claim cannot hold."""
    assert choices(paper_market(), [second + dearer, second], ties=0).station[0] == 1


def test_the_claim_holds_once_ev1_prefers_the_first_station():
    """The hypothesis that breaks the claim is the equal intercept: with 8 instead of 10 it holds."""
    prices = [blind_price(REPAIRED, 0), blind_price(REPAIRED, 1)]
    assert prices == [5.5, 4.25]
    made = choices(REPAIRED, prices)
    assert made.station.tolist() == [0, 0]
    assert made.loads.tolist() == [5.5, 0.0]
    assert made.profit.tolist() == [30.25, 0.0]
    assert made.value == 45.875


def test_a_blind_station_that_would_price_a_type_out_is_refused():
    """Without the hypothesis on intercepts the closed form is wrong: the best price may serve one type only."""
    with pytest.raises(ValueError, match="at least half the largest"):
        ChargingMarket([[2.0, 2.0], [12.0, 9.0]], [1.0, 1.0], [1.0, 1.0])
    prices = np.linspace(0, 12, 1201)
    earned = prices * (np.maximum(2 - prices, 0) + np.maximum(12 - prices, 0)) / 2
    assert prices[np.argmax(earned)] == pytest.approx(6.0)  # not (2 + 12) / 4 = 3.5


@pytest.mark.parametrize("station", [0, 1])
@pytest.mark.parametrize(
    ("market", "incentive"), [(paper_market(), 0.0), (fleet_market(200, np.random.default_rng(7)), 1.0)]
)
def test_blind_prices_earn_the_most(market, incentive, station):
    best = minimize_scalar(
        lambda p: -(p + incentive) * float(market.weight @ np.maximum(market.intercept[:, station] - p, 0) / 2),
        bounds=(0, 12),
        method="bounded",
        options={"xatol": 1e-10},
    )
    assert blind_price(market, station, incentive=incentive) == pytest.approx(best.x, abs=1e-6)


def test_blind_prices_of_13():
    assert [blind_price(paper_market(), station) for station in (0, 1)] == [5.5, 4.75]


@settings(max_examples=50, deadline=None, derandomize=True)
@given(first=PRICE, second=PRICE, ties=st.integers(0, 1))
def test_welfare_is_what_players_get(first, second, ties):
    """Payments cancel: value of energy = surplus of all types + profits."""
    made = choices(REPAIRED, [first, second], ties=ties)
    taken = made.surplus[np.arange(2), made.station].sum()
    assert made.value == pytest.approx(taken + made.profit.sum())
