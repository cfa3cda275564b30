"""Whether a many-to-one matching is stable, counted pair by pair from the lists alone."""

import numpy as np

from v2g_nb.certificate import Certificate
from v2g_nb.checks import IntArray
from v2g_nb.matching.market import Market


def blocking_pairs(market: Market, partner: IntArray) -> IntArray:
    """Return the pairs (proposer, receiver) that would rather have each other, one a row.

    A proposer would rather have what stands before its partner in its list, or anything listed
    when it is alone. A receiver would rather have any listed proposer while a place is free, and
    otherwise any that stands before the worst it holds.
    """
    n, m = market.num_proposers, market.num_receivers
    matched = np.nonzero(partner >= 0)[0]
    own = np.full(n, m)
    own[matched] = market.proposer_ranks[matched, partner[matched]]
    held = np.bincount(partner[matched], minlength=m)
    worst = np.full(m, -1)
    np.maximum.at(worst, partner[matched], market.receiver_ranks[partner[matched], matched])
    limit = np.where(held < market.quotas, n, worst)  # a listed proposer has a rank below n
    wanted = market.proposer_ranks < own[:, None]
    taken = limit[None, :] > market.receiver_ranks.T
    return np.argwhere(wanted & taken & (market.quotas > 0)).astype(np.int64)


def stability_certificates(market: Market, partner: IntArray) -> tuple[Certificate, ...]:
    """Return the three conditions of stability: quotas kept, nobody forced, no pair that blocks."""
    n, m = market.num_proposers, market.num_receivers
    matched = np.nonzero(partner >= 0)[0]
    excess = np.maximum(np.bincount(partner[matched], minlength=m) - market.quotas, 0).sum()
    places = (market.proposer_ranks[matched, partner[matched]], market.receiver_ranks[partner[matched], matched])
    unlisted = (places[0] == m) | (places[1] == n)
    return (
        Certificate("places held above a quota", float(excess), 0.0),
        Certificate("partners that were not listed", float(unlisted.sum()), 0.0),
        Certificate("blocking pairs", float(len(blocking_pairs(market, partner))), 0.0),
    )
