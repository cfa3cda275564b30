"""Blocking pairs, and markets from costs: what the highway and the synthesis use from the inside."""

import numpy as np
import pytest

from tests.matching.test_matching import blocks_by_definition, small_market
from v2g_nb.errors import InvalidInput
from v2g_nb.matching.certificates import blocking_pairs
from v2g_nb.matching.market import Market, market_from_costs
from v2g_nb.matching.stable import deferred_acceptance


def test_ties_reach_neither_engine():
    """A list that names somebody twice is refused; equal costs become an order, by number, before either begins."""
    with pytest.raises(InvalidInput, match="twice"):
        Market([[0, 0]], [[0]], [1])
    rng = np.random.default_rng(3)
    ours, theirs = rng.integers(0, 3, (60, 5)), rng.integers(0, 3, (5, 60))
    market = market_from_costs(
        ours, theirs, [9] * 5, proposer_outside=np.full(60, 2.5), receiver_outside=np.full(5, 1.5)
    )
    plain, compiled = (deferred_acceptance(market, engine=name) for name in ("plain", "compiled"))
    assert compiled.partner.tolist() == plain.partner.tolist()
    assert blocks_by_definition(market, compiled.partner) == []


def test_costs_make_lists_with_ties_by_number():
    market = market_from_costs(
        np.array([[1.0, 1.0, 9.0], [3.0, 2.0, 2.0]]),
        np.array([[0.0, 0.0], [4.0, 0.0], [0.0, 5.0]]),
        [1, 1, 1],
        proposer_outside=np.array([9.0, 5.0]),
        receiver_outside=np.array([1.0, 4.0, 6.0]),
    )
    assert market.proposer_lists.tolist() == [[0, 1, -1], [1, 2, 0]]  # 9 is not below 9
    assert market.receiver_lists.tolist() == [[0, 1], [1, -1], [0, 1]]


def test_blocking_pairs_are_those_of_the_definition():
    rng = np.random.default_rng(5)
    seen = 0
    for seed in range(150):
        market = small_market(seed)
        # any matching that respects lists and quotas, stable or not
        partner = np.full(market.num_proposers, -1)
        for v in rng.permutation(market.num_proposers):
            wishes = [r for r in market.proposer_lists[v] if r >= 0 and v in market.receiver_lists[r]]
            free = [r for r in wishes if (partner == r).sum() < market.quotas[r]]
            if free and rng.random() < 0.8:
                partner[v] = rng.choice(free)
        found = blocking_pairs(market, partner)
        assert sorted(map(tuple, found.tolist())) == sorted(blocks_by_definition(market, partner))
        seen += len(found)
    assert seen > 50
