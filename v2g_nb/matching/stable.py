"""Stable matching of many proposers to few receivers with quotas and outside options on both sides.

Deferred acceptance (Gale and Shapley 1962): each proposer asks the receivers of its list from the
best down; a receiver holds the best it was asked by, up to its quota, and turns the others away,
also those it held before. Nobody is asked twice by the same proposer, so it ends after at most
(number of proposers) x (number of receivers) proposals.
"""

import math
from collections.abc import Generator
from dataclasses import dataclass
from decimal import Decimal
from heapq import heappush, heapreplace
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from v2g_nb import checks
from v2g_nb.certificate import Certificate
from v2g_nb.errors import InvalidInput
from v2g_nb.matching.certificates import rank_table
from v2g_nb.matching.certificates import stability_certificates as certificates_of

IntArray = NDArray[np.int64]
NO_LIMIT = 2.0**62  # places; a quota above it would not fit into an integer of 64 bits
MAX_ASSIGNMENTS = 2_000_000  # what stable_matchings lists one by one


@dataclass(frozen=True, eq=False)
class Market:
    """Who may be matched with whom, and what each side prefers.

    Proposers and receivers are numbered from 0. Whoever is not in a list is not acceptable: staying
    alone (the outside option) is better. Preferences are strict: a list is an order.

    Parameters
    ----------
    proposer_lists : sequence of sequences of int
        For each proposer, the receivers it accepts, best first; or an integer array, shape
        (proposers, any), each row filled up with -1.
    receiver_lists : sequence of sequences of int
        For each receiver, the proposers it accepts, best first; or such an array.
    quotas : array_like of int, shape (receivers,)
        How many proposers each receiver can hold; at least 0.

    Raises
    ------
    InvalidInput
        If a list names somebody unknown or anybody twice, or a quota is negative or not whole.

    Examples
    --------
    >>> market = Market([[0, 1], [0]], [[1, 0], [0, 1]], [1, 1])
    >>> market.proposer_lists
    array([[ 0,  1],
           [ 0, -1]])
    """

    proposer_lists: Any
    receiver_lists: Any
    quotas: Any

    def __post_init__(self) -> None:
        """Check the lists and bring them into one form."""
        counts = {}
        for name in ("proposer_lists", "receiver_lists"):
            value = getattr(self, name)
            if not isinstance(value, (list, tuple, np.ndarray)) or len(value) == 0:
                raise checks.invalid(name, value, "a list with at least one list of numbers")
            counts[name] = len(value)
        n, m = counts["proposer_lists"], counts["receiver_lists"]
        object.__setattr__(self, "proposer_lists", _padded("proposer_lists", self.proposer_lists, m, "receiver"))
        object.__setattr__(self, "receiver_lists", _padded("receiver_lists", self.receiver_lists, n, "proposer"))
        quotas = checks.array("quotas", self.quotas, shape=(m,), low=0, whole=True)
        object.__setattr__(self, "quotas", np.minimum(quotas, NO_LIMIT).astype(np.int64))

    @property
    def num_proposers(self) -> int:
        """How many proposers there are."""
        return len(self.proposer_lists)

    @property
    def num_receivers(self) -> int:
        """How many receivers there are."""
        return len(self.receiver_lists)


def _padded(name: str, lists: Any, others: int, kind: str) -> IntArray:
    """Return `lists` as one integer array filled up with -1, or raise."""
    if isinstance(lists, np.ndarray):
        if lists.ndim != 2 or lists.dtype.kind not in "iu":
            raise checks.invalid(name, lists, "a two-dimensional array of integers")
        table = lists.astype(np.int64)
        if np.any(table < -1) or np.any((table[:, :-1] < 0) & (table[:, 1:] >= 0)):
            raise InvalidInput(f"{name} = {checks.shown(lists)}: -1 may only fill up the end of a row")
    else:
        rows = []
        for place, row in enumerate(lists):
            try:
                array = np.asarray(row) if isinstance(row, (list, tuple, np.ndarray)) else np.array(None)
            except ValueError:  # ragged nesting
                array = np.array(None)
            if array.ndim != 1 or (array.size and array.dtype.kind not in "iu") or np.any(array < 0):
                raise checks.invalid(f"{name}[{place}]", row, f"a list of {kind} numbers from 0 to {others - 1}")
            rows.append(array.astype(np.int64))
        table = np.full((len(rows), max(1, *map(len, rows))), -1, dtype=np.int64)
        for place, array in enumerate(rows):
            table[place, : len(array)] = array
    unknown = np.argwhere(table >= others)
    if len(unknown):
        row, column = unknown[0]
        raise InvalidInput(
            f"{name}[{row}] names {kind} {table[row, column]}: there are {others}, numbered 0 to {others - 1}"
        )
    ordered = np.sort(table, axis=1)
    twice = np.argwhere((ordered[:, 1:] == ordered[:, :-1]) & (ordered[:, 1:] >= 0))
    if len(twice):
        row, column = twice[0]
        raise InvalidInput(f"{name}[{row}] names {kind} {ordered[row, column]} twice: an order names each at most once")
    return table


def market_from_costs(
    proposer_costs: Any, receiver_costs: Any, quotas: Any, *, proposer_outside: Any, receiver_outside: Any
) -> Market:
    """Return the market in which everybody prefers lower costs and accepts what is below its outside option.

    Equal costs are ordered by number, the smaller first: with ties a stable matching would depend
    on how they are broken, so the rule is part of the model.

    Parameters
    ----------
    proposer_costs : array_like, shape (proposers, receivers)
        What each proposer thinks of each receiver; the lower the better.
    receiver_costs : array_like, shape (receivers, proposers)
        What each receiver thinks of each proposer; the lower the better.
    quotas : array_like of int, shape (receivers,)
        How many proposers each receiver can hold.
    proposer_outside : array_like, shape (proposers,)
        Cost of staying alone; only a receiver that costs strictly less is acceptable.
    receiver_outside : array_like, shape (receivers,)
        Cost of an empty place; only a proposer that costs strictly less is acceptable.

    Returns
    -------
    Market

    Raises
    ------
    InvalidInput
        If shapes do not fit, a number is not finite, or a quota is negative or not whole.

    Examples
    --------
    >>> market = market_from_costs([[2, 1], [1, 9]], [[1, 1], [5, 1]], [1, 1],
    ...                            proposer_outside=[5, 5], receiver_outside=[5, 5])
    >>> market.proposer_lists.tolist(), market.receiver_lists.tolist()
    ([[1, 0], [0, -1]], [[0, 1], [1, -1]])
    """
    ours = checks.array("proposer_costs", proposer_costs, shape=(None, None))
    n, m = ours.shape
    theirs = checks.array("receiver_costs", receiver_costs, shape=(m, n))
    alone = checks.array("proposer_outside", proposer_outside, shape=(n,))
    empty = checks.array("receiver_outside", receiver_outside, shape=(m,))
    checks.array("quotas", quotas, shape=(m,), low=0, whole=True)
    return Market(_ordered(ours, alone), _ordered(theirs, empty), quotas)


def _ordered(costs: NDArray[np.float64], outside: NDArray[np.float64]) -> IntArray:
    order = np.argsort(costs, axis=1, kind="stable")
    better = np.take_along_axis(costs, order, axis=1) < outside[:, None]
    return np.where(better, order, -1).astype(np.int64)


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
class Matching:
    """A matching with the proof that it is stable.

    Parameters
    ----------
    partner : numpy.ndarray of int, shape (proposers,)
        The receiver of each proposer; -1 for the outside option.
    converged : bool
        Always true: deferred acceptance ends.
    num_iter : int
        Number of proposals made.
    residual : float
        Number of blocking pairs.
    certificates : tuple of Certificate
        Quotas, acceptability and blocking pairs, counted from the lists.
    """

    partner: IntArray
    converged: bool
    num_iter: int
    residual: float
    certificates: tuple[Certificate, ...]


def _steps(market: Market) -> Generator[tuple[int, int, bool, int], None, IntArray]:
    """Yield (proposer, receiver, accepted, evicted) and return the partners.

    A receiver's places are a heap of negated ranks: its root is the worst proposer held, so that a
    proposal costs the logarithm of the quota. Plain lists are read faster than arrays here.
    """
    n, m = market.num_proposers, market.num_receivers
    lists, orders, quotas = market.proposer_lists.tolist(), market.receiver_lists.tolist(), market.quotas.tolist()
    ranks = rank_table(market.receiver_lists, n).tolist()
    width = market.proposer_lists.shape[1]
    asked = [0] * n
    held: list[list[int]] = [[] for _ in range(m)]
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
    partner = np.full(n, -1, dtype=np.int64)
    for receiver, heap in enumerate(held):
        partner[[orders[receiver][-rank] for rank in heap]] = receiver
    return partner


def proposals(market: Market) -> Generator[Proposal, None, IntArray]:
    """Run deferred acceptance and yield every proposal; the generator's return value is the partners.

    Parameters
    ----------
    market : Market
        Lists and quotas.

    Yields
    ------
    Proposal
        Who asked whom, and what became of it.

    Returns
    -------
    numpy.ndarray of int, shape (proposers,)
        The receiver of each proposer, -1 for none; the value of ``yield from``.

    Raises
    ------
    InvalidInput
        If `market` is no Market (when the first item is asked for).

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
    checks.instance("market", market, Market)
    steps = _steps(market)
    while True:
        try:
            yield Proposal(*next(steps))
        except StopIteration as end:
            partner: IntArray = end.value
            return partner


def deferred_acceptance(market: Market, *, engine: str = "plain") -> Matching:
    """Return the stable matching that every proposer likes best among all stable ones.

    Parameters
    ----------
    market : Market
        Lists and quotas.
    engine : {"plain", "compiled"}
        Plain Python, or the same steps compiled by numba: some seconds on the first call ever, and
        worth it for many markets of some hundred thousand entries.

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
    checks.instance("market", market, Market)
    checks.choice("engine", engine, ("plain", "compiled"))
    partner, count = _compiled(market) if engine == "compiled" else _counted(market)
    proofs = certificates_of(market.proposer_lists, market.receiver_lists, market.quotas, partner)
    return Matching(partner, True, count, proofs[-1].value, proofs)


def _counted(market: Market) -> tuple[IntArray, int]:
    """Return the partners and the number of proposals, in plain Python."""
    steps = _steps(market)
    count = 0
    while True:
        try:
            next(steps)
        except StopIteration as end:
            partner: IntArray = end.value
            return partner, count
        count += 1


def _compiled(market: Market) -> tuple[IntArray, int]:
    """Return the same from the compiled steps; only here is numba needed."""
    from v2g_nb.matching.kernel import accept

    ranks = rank_table(market.receiver_lists, market.num_proposers)
    partner, count = accept(market.proposer_lists, ranks, market.receiver_lists, market.quotas)
    return partner, int(count)


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
    checks.instance("market", market, Market)
    n, m = market.num_proposers, market.num_receivers
    ours, theirs = rank_table(market.proposer_lists, m), rank_table(market.receiver_lists, n)
    mutual = (ours < m) & (n > theirs.T)
    options = [np.append(np.nonzero(row)[0], -1) for row in mutual]
    count = math.prod(len(o) for o in options)
    if count > MAX_ASSIGNMENTS:
        shown = f"{Decimal(count):.3g}"  # the largest float may be too small for it
        raise InvalidInput(f"market has {shown} assignments: must be at most {MAX_ASSIGNMENTS} to list them all")
    every = _all_choices(options)
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
    found: IntArray = every[stable].astype(np.int64)
    return found[np.lexsort(found.T[::-1])]


def _all_choices(options: list[IntArray]) -> IntArray:
    """Return every way to choose one number from each list, one a row, the last list changing fastest."""
    count = math.prod(map(len, options))
    every = np.empty((count, len(options)), dtype=np.int64)
    block = count
    for place, own in enumerate(options):
        block //= len(own)
        every[:, place] = np.tile(np.repeat(own, block), count // (block * len(own)))
    return every
