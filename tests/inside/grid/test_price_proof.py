"""The mixed prices are an equilibrium: exact polynomials, the theorem's hypotheses, and a second route by scan."""

from fractions import Fraction
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from scipy.optimize import brentq, fsolve

from v2g_nb.errors import Infeasible
from v2g_nb.grid import MixedPricesResult, mixed_prices
from v2g_nb.grid.certificates.polynomials import Polynomial, positive_on, roots_within
from v2g_nb.grid.certificates.prices import Game, price_proof, price_scan

REFUSED = [(5.0, 12.0, 9.0), (10.0, 12.0, 5.0), (10.0, 15.0, 9.0)]


def claim(shared: float, loyal: tuple, lowest: tuple, profit: tuple) -> MixedPricesResult:
    """Return a mixed equilibrium as somebody may claim it."""
    return MixedPricesResult(shared, loyal, lowest, profit, 1, 0.0, ())


def jumps(low, shared, b1, b2):
    """The two continuity conditions, as the chapter writes them."""
    (x, y), d = low, b1 - b2
    u1, u2 = (y + d) * (b2 - y) / 2, x * (shared - x) / 2
    return (
        2 * u2 / ((y + d) * (shared - y - d)) - (2 * u2 / y - (shared - y)) / (b2 - y),
        2 * u1 / ((x + d) * (b2 - x)) - (2 * u1 / x - (b1 - x)) / (shared - x),
    )


def solved(shared: float, b1: float, b2: float) -> tuple[tuple[float, float], tuple[float, float], bool]:
    """Return lowest prices, profits, and whether the equations are solved; nothing else is asked of them."""
    low, _, _, _ = fsolve(jumps, np.array([0.6, 0.36]) * (b1 - b2), (shared, b1, b2), full_output=True, xtol=1e-13)
    x, y = map(float, low)
    profit = (y + b1 - b2) * (b2 - y) / 2, x * (shared - x) / 2
    return (x, y), profit, bool(np.max(np.abs(jumps(low, shared, b1, b2))) < 1e-11)


def hypotheses(shared: float, b1: float, b2: float, low: tuple[float, float]) -> bool:
    """What the theorem asks, for intercepts b2 <= shared <= b1."""
    (x, y), d = low, b1 - b2
    return 0 < y < x < y + d <= shared / 2 and x <= (b2 - d) / 2


@given(st.lists(st.integers(-6, 6), min_size=1, max_size=5), st.integers(-7, 0), st.integers(1, 7))
@settings(max_examples=150, deadline=None)
def test_sturm_counts_the_roots_that_were_put_in(roots: list[int], low: int, high: int):
    polynomial = Polynomial.of(1)
    for root in roots:
        polynomial = polynomial * Polynomial.of(-root, 1)
    ends = low - Fraction(1, 2), high + Fraction(1, 2)  # no root is a half
    assert roots_within(polynomial, *ends) == len({r for r in roots if low <= r <= high})


def test_positive_on_an_interval():
    touching = Polynomial.of(1, -2, 1)  # (x - 1)^2
    assert not positive_on(touching, 0, 2)
    assert not positive_on(touching, 0, 1)
    assert not positive_on(touching, 1, 2)
    assert positive_on(touching + Fraction(1, 10**30), 0, 2)  # where a float could not tell
    assert positive_on(Polynomial.of(3), -1, 1)
    assert not positive_on(Polynomial.of(0), -1, 1)
    assert not positive_on(Polynomial.of(0, 1), -1, 1)


def test_polynomials_are_exact():
    p = Polynomial.of(0.1, 1)
    assert (p * p - p * p).coefficients == ()
    assert p(Fraction(1, 3)) == Fraction(0.1) + Fraction(1, 3)
    assert (2 - p)(5) == 2 - p(5)
    assert (p * p).derivative() == 2 * p
    assert (p * p * p) % (p * p) == Polynomial.of()


def test_every_certificate_of_the_papers_numbers_holds():
    found = mixed_prices()
    proof = price_proof(found)
    assert len(proof) == 7
    assert [c.value for c in proof[:6]] == [0.0] * 6
    assert all(c.holds for c in proof)
    assert proof == found.certificates[:7]


def test_the_expected_profit_is_the_integral_over_the_rivals_prices():
    """Each ratio of polynomials against the profit summed over the rival's prices with what vehicles then do."""
    found = mixed_prices()
    game = Game(
        Fraction(10),
        (Fraction(12), Fraction(9)),
        tuple(map(Fraction, found.lowest)),  # type: ignore[arg-type]
        tuple(map(Fraction, found.profit)),  # type: ignore[arg-type]
    )
    for station in (0, 1):
        rival = np.linspace(found.lowest[1 - station], found.lowest[1 - station] + 3, 200_001)
        mass = np.diff(found.cdf(1 - station, rival))
        asked = (rival[1:] + rival[:-1]) / 2
        ends = game.intervals(station)
        assert ends[0][0] == 0
        assert ends[-1][1] == (12 if station == 0 else 10)
        assert all(left[1] == right[0] for left, right in pairwise(ends))
        for a, b in ends:
            price = float(a + b) / 2
            ev1 = max(10 - price, 0.0) / 2 * (price < asked)
            worth, tolerated = (12, 3) if station == 0 else (9, -3)
            ev2 = max(worth - price, 0.0) / 2 * (price < asked + tolerated)
            summed = price * float(mass @ (ev1 + ev2))
            assert float(game.earned(station, (a + b) / 2).at((a + b) / 2)) == pytest.approx(summed, abs=1e-3)


@pytest.mark.parametrize(
    "lowest", [(1.0, 1.5), (1.8, -0.1), (4.5, 1.0)], ids=["wrong order", "below zero", "no common prices"]
)
def test_lowest_prices_in_no_order_are_refused(lowest: tuple[float, float]):
    assert not any(c.holds for c in price_proof(claim(10.0, (12.0, 9.0), lowest, (16.0, 7.0))))


@given(st.floats(0.05, 6.0), st.floats(0.0, 1.0))
@settings(max_examples=20, deadline=None)
def test_the_theorem(taste: float, where: float):
    """b2 <= a <= b1: proved exactly if the hypotheses hold, and not without them."""
    b2 = 10 - taste * where
    low, profit, good = solved(10.0, b2 + taste, b2)
    assume(good and abs(low[1] + taste - 5) > 1e-3 and abs(low[0] - (b2 - taste) / 2) > 1e-3)
    proved = all(c.holds for c in price_proof(claim(10.0, (b2 + taste, b2), low, profit)))
    assert proved == hypotheses(10.0, b2 + taste, b2, low)


@pytest.mark.parametrize("intercepts", REFUSED)
def test_without_the_hypotheses_the_proof_fails(intercepts: tuple[float, float, float]):
    """A wide difference of tastes or a weak shared group: the equations are solved, but L2 + d is above a/2."""
    shared, b1, b2 = intercepts
    low, profit, good = solved(shared, b1, b2)
    assert good
    assert 0 < low[1] < low[0] < low[1] + b1 - b2
    assert low[1] + b1 - b2 > shared / 2
    proof = price_proof(claim(shared, (b1, b2), low, profit))
    assert proof[6].holds  # exact lowest prices exist
    assert not (proof[0].holds and proof[3].holds)  # but what belongs to them is no distribution
    with pytest.raises(Infeasible, match=r"no atomless equilibrium.*its distribution falls"):
        mixed_prices(shared, b1, b2)


@pytest.mark.parametrize("intercepts", [(10.0, 12.0, 9.0), (10.0, 13.5, 13.4), (10.0, 9.6, 6.2), *REFUSED])
def test_proof_and_scan_agree(intercepts: tuple[float, float, float]):
    shared, b1, b2 = intercepts
    low, profit, _ = solved(*intercepts)
    draft = claim(shared, (b1, b2), low, profit)
    assert all(c.holds for c in price_scan(draft)) == all(c.holds for c in price_proof(draft))


def curves(y: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return L1 as a function of L2 along the first and the second continuity condition."""
    k = y * (10 - y) * (y + 3) * (7 - y) / (21 - 5 * y)
    by_first = 5 - np.sqrt(25 - k)

    def second(x: float, y: float) -> float:
        return x * (12 - x) * (x + 3) * (9 - x) / (27 - 4 * x) - (y + 3) * (9 - y)

    return by_first, np.array([brentq(second, 1e-9, 3.0, args=(v,)) for v in y])


def test_there_is_one_pair_of_lowest_prices():
    """Both curves rise, the first by a larger percentage, so that they cross once; there L2 < L1 < L2 + 3."""
    y = np.linspace(1e-3, 1.5, 400)
    first, second = curves(y)
    assert first[-1] > 3 > second[-1]
    assert (np.diff(np.log(first)) > np.diff(np.log(y))).all()
    assert (np.diff(np.log(second)) > 0).all()
    assert (np.diff(np.log(second)) < np.diff(np.log(y))).all()
    assert np.sum(np.diff(np.sign(first - second)) != 0) == 1
    assert (first > y).all()
    low2 = brentq(lambda v: np.subtract(*(c[0] for c in curves(np.array([v])))), 0.5, 1.3, xtol=1e-14)
    assert mixed_prices().lowest == pytest.approx((curves(np.array([low2]))[0][0], low2), abs=1e-12)


def test_outside_the_theorems_region_there_are_other_pairs():
    """Without L2 <= 2 the two conditions have further solutions, and they belong to no equilibrium."""
    x, y = fsolve(jumps, (0.885, 7.773), (10.0, 12.0, 9.0), xtol=1e-13)
    assert np.max(np.abs(jumps((x, y), 10.0, 12.0, 9.0))) < 1e-10
    assert y > 2
    profit = (y + 3) * (9 - y) / 2, x * (10 - x) / 2
    assert not any(c.holds for c in price_proof(claim(10.0, (12.0, 9.0), (x, y), profit)))
