"""The certificates of a price notice what is wrong with it, in any unit."""

import math
from dataclasses import replace

import numpy as np
import pytest

from tests.leader.test_leader import crowd
from v2g_nb.leader import certificates as proofs
from v2g_nb.leader.followers import Followers, LeaderResult, demand
from v2g_nb.leader.stackelberg import capped_nash, price_taking, solve_leader


def at_price(followers: Followers, cost: float, price: float) -> LeaderResult:
    """What follows from any price."""
    bought = demand(followers, price)
    sales = float(bought.sum())
    return LeaderResult(price, bought, sales, price * sales - 0.5 * cost * sales**2, np.zeros(0), 0, ())


@pytest.mark.parametrize("kind", ["leader", "nash", "competitive"])
@pytest.mark.parametrize("block", ["price", "quantity", "profit"])
@pytest.mark.parametrize("how", ["up", "down", "nan"])
def test_mutations_break_a_certificate(kind: str, block: str, how: str):
    followers, cost, cap = crowd(np.random.default_rng(8), 5), 0.3, 2.5
    solved, checked = {
        "leader": lambda: (
            solve_leader(followers, cost),
            lambda r: proofs.leader_certificates(followers, cost, r, 0.0, math.inf),
        ),
        "nash": lambda: (
            capped_nash(followers, cost, price_cap=cap),
            lambda r: proofs.nash_certificates(followers, cost, r, cap),
        ),
        "competitive": lambda: (
            price_taking(followers, cost),
            lambda r: proofs.competitive_certificates(followers, cost, r),
        ),
    }[kind]()
    scale = {"price": solved.price, "quantity": followers.high.max(), "profit": solved.profit}[block]
    # 100 times the tolerance of the certificates, relative to the block's own size
    step = {"up": 1.0, "down": -1.0, "nan": math.nan}[how] * 100 * 10 * proofs.TOLERANCE * scale
    moved = step * (np.arange(5) == 2) if block == "quantity" else step
    assert checked(solved) == solved.certificates
    assert all(c.holds for c in solved.certificates)
    assert not all(c.holds for c in checked(replace(solved, **{block: getattr(solved, block) + moved})))


@pytest.mark.parametrize("size", [1.0, 1e-12])
def test_the_grid_certificate_notices_a_worse_price_whatever_the_size_of_the_profit(size: float):
    f = Followers([10.0 * size], [size], [0.0], [10.0 * size])
    for price, right in ((5.0, True), (5.5, False)):
        found = at_price(f, 0.0, price)
        assert proofs.leader_certificates(f, 0.0, found, 0.0, math.inf)[2].holds == right
        assert not proofs.profit_stated(0.0, replace(found, profit=1.01 * found.profit)).holds


@pytest.mark.parametrize("high", [10.0, 1e18])
@pytest.mark.parametrize("unit", [1.0, 1e-12])
def test_a_huge_limit_does_not_blunt_the_certificates(unit: float, high: float):
    f, cost = Followers([10.0], [1.0 / unit], [0.0], [high]), 0.5 * unit
    for price in (0.0, 10.0 / 3.0 * unit * (1 + 1e-7)):
        taken = proofs.competitive_certificates(f, cost, at_price(f, cost, price))
        assert [c.holds for c in taken] == [False, True, True]
    lower = at_price(f, cost, 5.0 * unit)  # what a higher price would earn is not nothing: five are sold
    assert not proofs.nash_certificates(f, cost, lower, math.inf)[0].holds
    assert not proofs.follower_regret(f, replace(lower, quantity=lower.quantity + 1e-6)).holds
