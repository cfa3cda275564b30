"""The leader's exact pricing: against closed forms, a fine grid, and with each hypothesis dropped."""

import math
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from v2g_nb.errors import Infeasible
from v2g_nb.leader import Followers, capped_nash, demand, price_taking, profit, solve_leader

# nu = 60 once and 20 four times, theta = 1, b = (10, 10, 0): demand nu / 10 - p
TWO_PEAKS = Followers([6.0, *[2.0] * 4], [1.0] * 5, [0.0] * 5, [60.0, *[20.0] * 4])


def crowd(rng: np.random.Generator, n: int, *, must_buy: bool = False) -> Followers:
    intercept = rng.uniform(1.0, 20.0, n)
    slope = rng.uniform(0.2, 5.0, n)
    high = rng.uniform(0.1, 15.0, n)
    low = rng.uniform(0.0, 0.5, n) * high if must_buy else np.zeros(n)
    return Followers(intercept, slope, low, high)


def wide(intercept, slope) -> Followers:
    return Followers(intercept, slope, np.zeros(len(intercept)), np.asarray(intercept) + 1.0)


@pytest.mark.parametrize("seed", range(200))
def test_exact_price_is_that_of_a_fine_grid(seed: int):
    rng = np.random.default_rng(seed)
    must_buy = seed % 3 == 0
    followers = crowd(rng, int(rng.integers(1, 12)), must_buy=must_buy)
    cost = float(rng.uniform(0.0, 1.0))
    cap = float(rng.uniform(1.0, 30.0)) if must_buy or seed % 3 == 1 else math.inf
    result = solve_leader(followers, cost, price_cap=cap)
    top = cap if must_buy else min(cap, followers.breakpoints[-1])
    grid = np.linspace(0.0, top, 20_001)
    for _ in range(3):  # a finer grid between the neighbours of the best price
        earned = profit(followers, cost, grid)
        best, at = earned.max(), int(earned.argmax())
        assert result.profit >= best - 1e-9
        price = grid[at]
        grid = np.linspace(grid[max(at - 1, 0)], grid[min(at + 1, 20_000)], 20_001)
    assert result.profit == pytest.approx(best, rel=1e-9, abs=1e-9)
    assert result.price == pytest.approx(price, rel=1e-4)
    assert all(c.holds for c in result.certificates), result.certificates
    np.testing.assert_allclose(result.quantity, demand(followers, result.price), atol=1e-12)


@given(
    intercept=st.lists(st.floats(5.0, 10.0), min_size=1, max_size=6),
    slope=st.floats(0.5, 2.0),
    cost=st.floats(0.0, 2.0),
)
@settings(max_examples=60, deadline=None)
def test_closed_form_without_bounds(intercept: list[float], slope: float, cost: float):
    """p* = A(1+aB)/(B(2+aB)), S* = A/(2+aB), Q* = A^2/(2B(2+aB)) where everybody buys at p*."""
    A, B = sum(intercept), slope * len(intercept)
    price = A * (1 + cost * B) / (B * (2 + cost * B))
    result = solve_leader(wide(intercept, [slope] * len(intercept)), cost)
    if min(intercept) / slope > price:  # the hypothesis: nobody stops buying
        assert result.profit >= A**2 / (2 * B * (2 + cost * B)) * (1 - 1e-12)
    if len(result.peaks) == 1 and min(intercept) / slope > price:
        assert result.price == pytest.approx(price, rel=1e-12)
        assert result.sales == pytest.approx(A / (2 + cost * B), rel=1e-12)
        assert result.profit == pytest.approx(A**2 / (2 * B * (2 + cost * B)), rel=1e-12)


def test_closed_form_fails_where_a_follower_stops_buying():
    followers = wide([10.0, 1.0], [1.0, 1.0])
    closed = 11.0 / (2 * 2.0)
    assert demand(followers, closed)[1] == 0.0
    assert solve_leader(followers, 0.0).price == pytest.approx(5.0)
    assert solve_leader(followers, 0.0).profit == pytest.approx(25.0)


def test_two_peaks():
    """The book's example: at the second peak four of five get nothing, and it is only a little lower."""
    result = solve_leader(TWO_PEAKS, 0.03)
    assert len(result.peaks) == 2
    left, right = result.peaks
    assert left == pytest.approx(14 * (1 + 0.15) / (5 * (2 + 0.15)))
    assert right == pytest.approx(6 * 1.03 / 2.03)
    assert result.price == pytest.approx(left)
    assert result.profit == pytest.approx(14**2 / (2 * 5 * 2.15))
    assert profit(TWO_PEAKS, 0.03, right) == pytest.approx(6**2 / (2 * 2.03))
    np.testing.assert_allclose(demand(TWO_PEAKS, right)[1:], 0.0)


@pytest.mark.parametrize("seed", range(100))
def test_peaks_are_those_of_a_grid(seed: int):
    rng = np.random.default_rng(1000 + seed)
    followers = crowd(rng, 4)
    result = solve_leader(followers, 0.05)
    for peak in result.peaks:
        near = np.array([peak * (1 - 1e-5), peak, peak * (1 + 1e-5)])
        low, at, high = profit(followers, 0.05, near)
        assert at >= low
        assert at >= high
    assert result.price in result.peaks or np.abs(result.peaks - result.price).min() < 1e-12
    assert len(result.peaks) <= result.num_pieces <= 2 * 4 + 1  # pieces between at most 2n breakpoints


def test_peaks_beyond_the_first_are_common_enough_to_matter():
    several = sum(len(solve_leader(crowd(np.random.default_rng(s), 4), 0.05).peaks) > 1 for s in range(200))
    assert several > 20


def test_must_buy_without_cap_is_refused():
    with pytest.raises(Infeasible, match=r"price_cap = inf while low sums to 1"):
        solve_leader(Followers([5.0], [1.0], [1.0], [4.0]), 0.1)
    with pytest.raises(Infeasible, match="price_cap"):
        capped_nash(Followers([5.0], [1.0], [1.0], [4.0]), 0.1)


def test_a_cap_makes_it_solvable():
    result = solve_leader(Followers([5.0], [1.0], [1.0], [4.0]), 0.1, price_cap=100.0)
    assert result.price == 100.0
    assert result.sales == 1.0


def test_nobody_can_buy():
    result = solve_leader(Followers([5.0], [1.0], [0.0], [0.0]), 0.1)
    assert result.sales == 0.0
    assert all(c.holds for c in result.certificates)


@pytest.mark.parametrize("seed", range(50))
def test_leader_earns_at_least_what_both_other_equilibria_give(seed: int):
    """With the same cap: the leader could commit to the other's price, and the followers would answer the same."""
    rng = np.random.default_rng(seed)
    followers, cost = crowd(rng, 8), float(rng.uniform(0.01, 1.0))
    cap = float(rng.uniform(0.5, 10.0))
    nash, competitive = capped_nash(followers, cost, price_cap=cap), price_taking(followers, cost)
    leader = solve_leader(followers, cost, price_cap=cap)
    assert leader.profit >= nash.profit - 1e-9
    free = solve_leader(followers, cost)
    assert free.profit >= competitive.profit - 1e-9
    for outcome in (nash, competitive, free, leader):
        assert all(c.holds for c in outcome.certificates), outcome


def test_leader_can_earn_less_than_nash_under_another_cap():
    """The hypothesis "same cap" is needed: a leader held to a lower price than the other game."""
    followers = wide([10.0], [1.0])
    assert solve_leader(followers, 0.0, price_cap=1.0).profit < capped_nash(followers, 0.0, price_cap=4.0).profit


def test_nash_without_cap_sells_nothing():
    nash = capped_nash(crowd(np.random.default_rng(5), 6), 0.2)
    assert nash.sales == pytest.approx(0.0, abs=1e-12)
    assert nash.profit == pytest.approx(0.0, abs=1e-12)


def test_no_price_at_which_something_is_sold_is_a_simultaneous_equilibrium():
    """Given the quantities a higher price earns more, so without a cap only sales of zero are left."""
    followers = crowd(np.random.default_rng(6), 5)
    choke = followers.breakpoints[-1]
    for price in np.linspace(0.0, choke * 0.999, 50):
        sales = demand(followers, price).sum()
        assert sales > 0
        stay, raise_it = (p * sales - 0.1 * sales**2 for p in (price, price * 1.01 + 1e-6))
        assert raise_it > stay
    must = Followers([5.0], [1.0], [1.0], [4.0])  # E_min = 0 dropped: under a cap there is one with sales
    assert capped_nash(must, 0.1, price_cap=50.0).sales == 1.0


@given(z=st.floats(0.01, 5.0))
@settings(max_examples=40, deadline=None)
def test_ratio_to_price_taking(z: float):
    """Q_S / Q_C = 1 + 1/(z(2+z)) with z = aB, without bounds."""
    followers = wide([4.0, 4.0], [0.5, 0.5])
    ratio = solve_leader(followers, z).profit / price_taking(followers, z).profit
    assert ratio == pytest.approx(1 + 1 / (z * (2 + z)), rel=1e-9)


def test_ratio_changes_when_bounds_bind():
    followers = Followers([4.0, 4.0], [0.5, 0.5], [0.0, 0.0], [1.0, 1.0])
    ratio = solve_leader(followers, 0.5).profit / price_taking(followers, 0.5).profit
    assert abs(ratio - (1 + 1 / (0.5 * 2.5))) > 0.1


def test_many_followers():
    solve_leader(crowd(np.random.default_rng(3), 20_000), 0.03).require()


def test_results_are_frozen():
    with pytest.raises(AttributeError):
        solve_leader(TWO_PEAKS, 0.03).price = 1.0
    assert replace(solve_leader(TWO_PEAKS, 0.03), price=1.0).price == 1.0


@pytest.mark.parametrize(
    ("followers", "limits", "price"),
    [
        (Followers([0.0], [1.0], [0.0], [5.0]), {}, 0.0),
        (Followers([10.0], [1.0], [0.0], [10.0]), {"price_floor": 10.0}, 10.0),
        (Followers([10.0], [1.0], [0.0], [10.0]), {"price_cap": 0.0}, 0.0),
    ],
)
def test_floor_and_top_at_one_breakpoint(followers: Followers, limits: dict[str, float], price: float):
    result = solve_leader(followers, 0.5, **limits)
    assert (result.price, result.peaks.tolist(), result.num_pieces) == (price, [price], 1)
    assert all(c.holds for c in result.certificates), result.certificates


def test_breakpoints_that_coincide_make_no_peak():
    """One follower leaves its most where the other stops: the profit rises there, up to 5.5."""
    followers = Followers([22.0, 5.0], [2.0, 1.0], [0.0, 0.0], [12.0, 5.0])
    assert profit(followers, 0.0, 5.001) > profit(followers, 0.0, 5.0)
    result = solve_leader(followers, 0.0)
    assert result.peaks.tolist() == [5.5]
    assert result.num_pieces == 2  # pieces with a length: up to 5 and up to 11


def test_breakpoints_that_coincide_but_for_rounding_make_no_peak():
    followers = Followers([2.4, 3.0], [0.6, 0.1], [0.0, 0.0], [1.7, 2.6])
    first, last = followers.breakpoints[1:3]
    assert 0.0 < last - first < 2e-15  # (3 - 2.6) / 0.1 and 2.4 / 0.6
    assert solve_leader(followers, 0.0).peaks == pytest.approx([15.0])


@pytest.mark.parametrize("unit", [1.0, 1e-9, 1e-10, 1e-12])
@pytest.mark.parametrize("seed", range(30))
def test_certificates_hold_in_any_unit_of_price(unit: float, seed: int):
    f = crowd(np.random.default_rng(seed), 6)
    for cost in (0.0, 0.3):
        result = solve_leader(Followers(f.intercept, f.slope / unit, f.low, f.high), cost * unit)
        assert all(c.holds for c in result.certificates), result.certificates


@pytest.mark.parametrize("high", [1e9, 1e14, 1e18, 1e300])
@pytest.mark.parametrize("must_buy", [False, True])
@pytest.mark.parametrize("seed", range(10))
def test_a_limit_that_nobody_reaches_changes_nothing(seed: int, must_buy: bool, high: float):
    drawn = crowd(np.random.default_rng(seed), 6, must_buy=must_buy)
    at_zero = np.maximum(drawn.intercept, drawn.low)  # nobody buys more, whatever the price
    near = Followers(drawn.intercept, drawn.slope, drawn.low, at_zero)
    far = Followers(drawn.intercept, drawn.slope, drawn.low, np.full(6, high))
    cap = 50.0 if must_buy else math.inf
    for kind in (
        lambda f: solve_leader(f, 0.5, price_cap=cap),
        lambda f: price_taking(f, 0.5),
        lambda f: capped_nash(f, 0.5, price_cap=cap),
    ):
        known, found = kind(near), kind(far)
        assert (found.price, found.profit, found.num_pieces) == (known.price, known.profit, known.num_pieces)
        assert all(c.holds for c in found.certificates), found.certificates


@pytest.mark.parametrize("unit", [1.0, 1e-12])
def test_price_taking_with_a_huge_limit(unit: float):
    """p = a (10 - p): 10 / 3 at a = 1 / 2; the limit of 1e18 swallowed the 10."""
    result = price_taking(Followers([10.0], [1.0 / unit], [0.0], [1e18]), 0.5 * unit)
    assert result.price == pytest.approx(10.0 / 3.0 * unit, rel=1e-15)
