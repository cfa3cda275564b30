"""Price competition: cycle, mixed equilibrium in closed form, sequential play, cooperation."""

import math
from itertools import pairwise

import numpy as np
import pytest

from v2g_nb.certificate import require
from v2g_nb.errors import Infeasible, InvalidInput
from v2g_nb.games import lemke_howson, pure_equilibria
from v2g_nb.grid import ChargingMarket, PriceGrid, choices, cooperate, mixed_prices, paper_market, take_turns


@pytest.mark.parametrize("ties", [0, 1])
@pytest.mark.parametrize("steps", [2, 5])
def test_the_price_grid_is_the_market_in_whole_numbers(steps, ties):
    market = paper_market()
    game = PriceGrid(market, steps, 12, ties=ties)
    for i in range(0, len(game.prices), 3):
        for j in range(0, len(game.prices), 4):
            earned = choices(market, [game.prices[i], game.prices[j]], ties=ties).profit * game.scale
            assert earned == pytest.approx([game.row_payoff[i, j], game.column_payoff[i, j]], abs=1e-9)


@pytest.mark.parametrize("steps", [2, 5, 10])
@pytest.mark.parametrize("ties", [0, 1])
def test_13_has_no_pure_equilibrium_but_a_cycle(steps, ties):
    game = PriceGrid(paper_market(), steps, 12, ties=ties)
    assert pure_equilibria(game.row_payoff, game.column_payoff) == []
    path = list(game.edgeworth_cycle(5 * steps))
    around = path[path.index(path[-1]) : -1]
    assert len(around) > 4
    firsts = [game.prices[i] for i, _ in around]
    assert max(firsts) - min(firsts) > 1.0
    for before, after in pairwise(around):  # each step is a best reply of the one who moves
        if before[0] == after[0]:
            assert game.column_payoff[after] == game.column_payoff[after[0]].max()
        else:
            assert game.row_payoff[after] == game.row_payoff[:, after[1]].max()


def test_the_repaired_market_has_a_pure_equilibrium_in_simultaneous_play():
    """(2, 0): the first station just keeps both groups, the second can give nothing away."""
    game = PriceGrid(paper_market(repaired=True), 10, 12)
    pairs = [(game.prices[i], game.prices[j]) for i, j in pure_equilibria(game.row_payoff, game.column_payoff)]
    assert (2.0, 0.0) in pairs


def test_mixed_equilibrium_in_closed_form():
    found = mixed_prices().require()
    low1, low2 = found.lowest
    u1, u2 = (low2 + 3) * (9 - low2) / 2, low1 * (10 - low1) / 2
    assert found.profit == pytest.approx((u1, u2), abs=1e-12)
    for q in np.linspace(low1, low2 + 3, 7):
        assert 1 - found.cdf(0, q) == pytest.approx(2 * u2 / (q * (10 - q)), abs=1e-9)
        assert 1 - found.cdf(1, q) == pytest.approx((2 * u1 / q - (12 - q)) / (10 - q), abs=1e-9)
    for q in np.linspace(low2, low1, 7):
        assert 1 - found.cdf(0, q + 3) == pytest.approx((2 * u2 / q - (10 - q)) / (9 - q), abs=1e-9)
        assert 1 - found.cdf(1, q) == pytest.approx(2 * u1 / ((q + 3) * (9 - q)), abs=1e-9)
    assert found.lowest == pytest.approx((1.81061, 1.07512), abs=1e-5)


def test_mixed_equilibrium_against_exact_grids():
    """On ever finer grids, exact Lemke-Howson profits approach the continuous ones."""
    found = mixed_prices()
    gaps = []
    for steps in (2, 5, 10):
        game = PriceGrid(paper_market(), steps, 6)
        exact = require(lemke_howson(game.row_payoff, game.column_payoff))
        values = np.array([float(exact.row_value), float(exact.column_value)]) / game.scale
        gaps.append(np.abs(values - found.profit).max())
    assert gaps[0] > gaps[1] > gaps[2]
    assert gaps[2] < 0.35
    cdf = np.cumsum(exact.row_mix)
    assert np.abs(cdf - found.cdf(0, game.prices)).max() < 0.12


@pytest.mark.parametrize("unit", [1e-90, 1e-6, 3.7, 1e4, 1e90])
def test_the_certificates_do_not_depend_on_the_unit_of_money(unit):
    one, other = mixed_prices(), mixed_prices(10 * unit, 12 * unit, 9 * unit).require()
    assert other.lowest == pytest.approx([unit * v for v in one.lowest], rel=1e-9)
    assert other.profit == pytest.approx([unit * unit * v for v in one.profit], rel=1e-9)
    assert [str(c) for c in other.certificates] == [str(c) for c in one.certificates]


@pytest.mark.parametrize("shared", [1e-200, 1e200])
def test_money_that_would_vanish_or_overflow_is_refused(shared):
    with pytest.raises(InvalidInput, match=r"shared = .*\[1e-100, 1e\+100\]"):
        mixed_prices(shared, 1.2 * shared, 0.9 * shared)


def test_an_absurd_taste_is_infeasible_without_a_warning():
    with pytest.raises(Infeasible, match="no atomless equilibrium"):
        mixed_prices(10.0, 1e300, 9.0)


@pytest.mark.parametrize(
    ("leader", "price"), [(0, 3 + (15 - math.sqrt(141)) / 2), (1, 8 - math.sqrt(37))], ids=["first", "second"]
)
def test_sequential_play_in_closed_form(leader, price):
    played = take_turns(paper_market(), leader).require()
    assert played.prices[leader] == pytest.approx(price, abs=1e-9)
    expected = price if leader == 0 else price + 3  # the follower matches, or keeps the loyal group at the border
    assert played.prices[1 - leader] == pytest.approx(expected, abs=1e-9)


def test_sequential_play_is_better_for_the_follower():
    """Moving second pays: each station earns more as follower than as leader, or the same."""
    first, second = take_turns(paper_market(), 0), take_turns(paper_market(), 1)
    assert second.profit[0] > first.profit[0]
    assert first.profit[1] > second.profit[1]


def test_sequential_closed_form_needs_the_taste():
    """Without loyal vehicles the follower takes everything at any price, and the leader is left with nothing."""
    played = take_turns(ChargingMarket([[10.0, 10.0], [10.0, 10.0]], [1.0, 1.0], [1.0, 1.0]), 0)
    assert played.profit[0] == pytest.approx(0.0, abs=1e-9)


@pytest.mark.parametrize(
    ("market", "prices", "joint"), [(paper_market(), (6, 5), 30.5), (paper_market(repaired=True), None, 30.25)]
)
def test_cooperation_beats_a_scan_of_all_prices(market, prices, joint):
    found = cooperate(market)
    if prices:
        assert found == prices

    def earned(prices) -> float:
        return max(choices(market, prices, ties=t).profit.sum() for t in (0, 1))

    assert earned(found) == pytest.approx(joint)
    tried = np.linspace(0, 12, 49)
    assert earned(found) >= max(earned([p, q]) for p in tried for q in tried) - 1e-9


def test_knowing_the_rivals_price_is_not_cooperation():
    """Sequential play reveals a price; joint profit stays below what cooperation earns."""
    for leader in (0, 1):
        assert sum(take_turns(paper_market(), leader).profit) < 30.5 - 1.0
