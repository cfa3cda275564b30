"""Stable matching of many proposers to few receivers with quotas and outside options on both sides.

Deferred acceptance (Gale and Shapley 1962): each proposer asks the receivers of its list from the
best down; a receiver holds the best it was asked by, up to its quota, and turns the others away,
also those it held before. Nobody is asked twice by the same proposer, so it ends after at most
(number of proposers) x (number of receivers) proposals.
"""

import itertools
import math
from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal
from heapq import heappush, heapreplace
from typing import Annotated, Literal, NamedTuple

import numpy as np

from v2g_nb.certificate import Certificate, Result
from v2g_nb.checks import Array, IntArray
from v2g_nb.errors import InvalidInput
from v2g_nb.matching.certificates import stability_certificates
from v2g_nb.matching.market import Market

MAX_ASSIGNMENTS = 2_000_000  # what stable_matchings lists one by one


class Proposal(NamedTuple):
    """One step of deferred acceptance.

    Parameters
    ----------
    proposer, receiver : int
        Who asked whom.
    accepted : bool
        Whether the receiver holds the proposer now.
    evicted : int
        Whom it turned away instead; -1 if nobody.
    """

    proposer: int
    receiver: int
    accepted: bool
    evicted: int


@dataclass(frozen=True, eq=False)
class Matching(Result):
    """A matching and whether it is stable.

    Parameters
    ----------
    partner : numpy.ndarray of int, shape (proposers,)
        The receiver of each proposer; -1 for the outside option.
    num_iter : int
        Number of proposals made.
    certificates : tuple of Certificate
        Quotas, acceptability and blocking pairs, counted from the lists.
    """

    partner: IntArray
    num_iter: int
    certificates: tuple[Certificate, ...]


def _steps(market: Market) -> Iterator[tuple[int, int, bool, int]]:
    """Yield (proposer, receiver, accepted, evicted).

    A receiver's places are a heap of negated ranks: its root is the worst proposer held, so that a
    proposal costs the logarithm of the quota. Plain lists are read faster than arrays here.
    """
    n, width = market.proposer_lists.shape
    lists, orders, quotas = market.proposer_lists.tolist(), market.receiver_lists.tolist(), market.quotas.tolist()
    ranks = market.receiver_ranks.tolist()
    asked = [0] * n
    held: list[list[int]] = [[] for _ in orders]
    for first in range(n):
        proposer = first
        while asked[proposer] < width:
            receiver = lists[proposer][asked[proposer]]
            if receiver < 0:
                break
            asked[proposer] += 1
            rank = ranks[receiver][proposer]
            heap = held[receiver]
            if rank == n or (len(heap) == quotas[receiver] and (not heap or -rank < heap[0])):
                yield proposer, receiver, False, -1
            elif len(heap) < quotas[receiver]:
                heappush(heap, -rank)
                yield proposer, receiver, True, -1
                break
            else:
                evicted = orders[receiver][-heapreplace(heap, -rank)]
                yield proposer, receiver, True, evicted
                proposer = evicted


def proposals(market: Market) -> Iterator[Proposal]:
    """Return every proposal of deferred acceptance, one at a time.

    Parameters
    ----------
    market : Market
        Lists and quotas.

    Returns
    -------
    iterator of Proposal
        Who asked whom, and what became of it.

    Raises
    ------
    InvalidInput
        If `market` is no Market.

    Examples
    --------
    >>> for step in proposals(Market([[0, 1], [0]], [[1, 0], [0, 1]], [1, 1])):
    ...     print(step)
    Proposal(proposer=0, receiver=0, accepted=True, evicted=-1)
    Proposal(proposer=1, receiver=0, accepted=True, evicted=0)
    Proposal(proposer=0, receiver=1, accepted=True, evicted=-1)

    References
    ----------
    D. Gale and L. S. Shapley, College admissions and the stability of marriage, 1962.
    """
    return map(Proposal._make, _steps(market))


def deferred_acceptance(market: Market, *, engine: Literal["plain", "compiled"] = "plain") -> Matching:
    """Return the stable matching that every proposer likes best among all stable ones.

    Parameters
    ----------
    market : Market
        Lists and quotas.
    engine : {"plain", "compiled"}
        Plain Python, or the same steps compiled by numba: some seconds on the first call ever, and
        worth it for many markets of some hundred thousand entries. Without numba both are plain.

    Returns
    -------
    Matching
        The same from both engines.

    Raises
    ------
    InvalidInput
        If `market` is no Market, or there is no such engine.

    Examples
    --------
    >>> result = deferred_acceptance(Market([[0, 1], [0]], [[1, 0], [0, 1]], [1, 1]))
    >>> result.partner, result.num_iter
    (array([1, 0]), 3)

    References
    ----------
    D. Gale and L. S. Shapley, College admissions and the stability of marriage, 1962.
    """
    partner, count = _compiled(market) if engine == "compiled" else _counted(market)
    return Matching(partner, count, stability_certificates(market, partner))


def _counted(market: Market) -> tuple[IntArray, int]:
    """Return the partners and the number of proposals, in plain Python."""
    partner, count = np.full(market.num_proposers, -1, dtype=np.int64), 0
    for proposer, receiver, accepted, evicted in _steps(market):
        count += 1
        if accepted:
            partner[proposer] = receiver
            if evicted >= 0:
                partner[evicted] = -1
    return partner, count


def _compiled(market: Market) -> tuple[IntArray, int]:
    """Return the same from the compiled steps; only here is numba needed."""
    try:
        from v2g_nb.matching.kernel import accept
    except ImportError:
        return _counted(market)
    partner, count = accept(market.proposer_lists, market.receiver_ranks, market.receiver_lists, market.quotas)
    return partner, int(count)


def check_matching(
    market: Market, partner: Annotated[IntArray, Array("market.num_proposers", low=-1, index=True)]
) -> Matching:
    """Return a matching of one's own with the three conditions of stability, whether they hold or not.

    Parameters
    ----------
    market : Market
        Lists and quotas.
    partner : array_like of int, shape (proposers,)
        The receiver of each proposer; -1 for the outside option.

    Returns
    -------
    Matching
        With `num_iter` 0: nobody proposed.

    Raises
    ------
    InvalidInput
        If `market` is no Market, or an entry of `partner` is no receiver's number and not -1.

    Examples
    --------
    >>> market = Market([[0, 1], [0]], [[1, 0], [0, 1]], [1, 1])
    >>> [c.value for c in check_matching(market, [0, -1]).certificates]
    [0.0, 0.0, 1.0]
    """
    if partner.max() >= market.num_receivers:
        right = f"at most {market.num_receivers - 1}, the number of the last receiver"
        raise InvalidInput(f"partner[{partner.argmax()}] = {partner.max()}: must be {right}")
    return Matching(partner, 0, stability_certificates(market, partner))


def stable_matchings(market: Market) -> IntArray:
    """Return every stable matching of a small market, found by trying all assignments.

    Parameters
    ----------
    market : Market
        Lists and quotas; at most two million assignments are tried.

    Returns
    -------
    numpy.ndarray of int, shape (matchings, proposers)
        One matching a row: the receiver of each proposer, -1 for none.

    Raises
    ------
    InvalidInput
        If `market` is no Market, or has too many assignments to list.

    Examples
    --------
    Two who each prefer the other's favourite: both matchings are stable.

    >>> stable_matchings(Market([[0, 1], [1, 0]], [[1, 0], [0, 1]], [1, 1]))
    array([[0, 1],
           [1, 0]])
    """
    n, m = market.num_proposers, market.num_receivers
    ours, theirs = market.proposer_ranks, market.receiver_ranks
    mutual = (ours < m) & (n > theirs.T)
    options = [np.append(np.nonzero(row)[0], -1).tolist() for row in mutual]
    count = math.prod(map(len, options))
    if count > MAX_ASSIGNMENTS:
        shown = f"{Decimal(count):.3g}"  # the largest float may be too small for it
        raise InvalidInput(f"market has {shown} assignments: must be at most {MAX_ASSIGNMENTS} to list them all")
    chosen = itertools.chain.from_iterable(itertools.product(*options))
    every = np.fromiter(chosen, dtype=np.int64, count=count * n).reshape(count, n)
    held = np.stack([(every == r).sum(axis=1) for r in range(m)], axis=1)
    keep = (held <= market.quotas).all(axis=1)
    every, held = every[keep], held[keep]
    own = np.where(every >= 0, ours[np.arange(n), every], m)  # rank of the partner, m when alone
    stable = np.ones(len(every), dtype=bool)
    for r in range(m):
        worst = np.where(every == r, theirs[r], -1).max(axis=1)
        limit = np.where(held[:, r] < market.quotas[r], n, np.where(market.quotas[r] > 0, worst, -1))
        for v in np.nonzero(mutual[:, r])[0]:
            stable &= ~((ours[v, r] < own[:, v]) & (theirs[r, v] < limit))
    found: IntArray = every[stable]
    return found[np.lexsort(found.T[::-1])]
