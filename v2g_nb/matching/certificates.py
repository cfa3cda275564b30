"""Whether a many-to-one matching is stable, counted pair by pair from the lists alone."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from v2g_nb.certificate import Certificate

IntArray = NDArray[np.int64]
Array = NDArray[Any]


def rank_table(lists: IntArray, columns: int) -> IntArray:
    """Return each entry's place in each row of `lists` (padded with -1); `columns` where it is not listed."""
    table = np.full((len(lists), columns + 1), columns, dtype=np.int64)
    # One column more than needed: the padding -1 addresses it, and it is cut off again.
    np.put_along_axis(table, np.where(lists < 0, columns, lists), np.arange(lists.shape[1])[None, :], axis=1)
    return table[:, :columns]


def blocking_pairs(proposer_lists: IntArray, receiver_lists: IntArray, quotas: IntArray, partner: IntArray) -> IntArray:
    """Return the pairs (proposer, receiver) that would rather have each other, one a row.

    A proposer would rather have what stands before its partner in its list, or anything listed
    when it is alone. A receiver would rather have any listed proposer while a place is free, and
    otherwise any that stands before the worst it holds.
    """
    n, m = len(proposer_lists), len(receiver_lists)
    return _blocking(rank_table(proposer_lists, m), rank_table(receiver_lists, n), quotas, partner)


def _blocking(by_proposer: IntArray, by_receiver: IntArray, quotas: IntArray, partner: IntArray) -> IntArray:
    """Return the same from each side's ranks of the other."""
    n, m = by_proposer.shape
    matched = np.nonzero(partner >= 0)[0]
    own = np.full(n, m)
    own[matched] = by_proposer[matched, partner[matched]]
    held = np.bincount(partner[matched], minlength=m)
    worst = np.full(m, -1)
    np.maximum.at(worst, partner[matched], by_receiver[partner[matched], matched])
    limit = np.where(held < quotas, n, worst)  # a listed proposer has a rank below n
    wanted = by_proposer < own[:, None]
    taken = limit[None, :] > by_receiver.T
    return np.argwhere(wanted & taken & (quotas > 0)).astype(np.int64)


def stability_certificates(
    proposer_lists: IntArray, receiver_lists: IntArray, quotas: IntArray, partner: Array
) -> tuple[Certificate, ...]:
    """Return the three conditions of stability: quotas kept, nobody forced, no pair that blocks.

    An entry of `partner` that is no receiver's number (NaN, a fraction, out of range) makes all
    three not a number, so that none holds.
    """
    n, m = len(proposer_lists), len(receiver_lists)
    given = np.asarray(partner, dtype=np.float64)
    names = ("places held above a quota", "partners that were not listed", "blocking pairs")
    if given.shape != (n,) or not np.all((given >= -1) & (given < m) & (given == np.floor(given))):
        return tuple(Certificate(name, float("nan"), 0.0) for name in names)
    whole = given.astype(np.int64)
    matched = np.nonzero(whole >= 0)[0]
    excess = np.maximum(np.bincount(whole[matched], minlength=m) - quotas, 0).sum()
    by_proposer, by_receiver = rank_table(proposer_lists, m), rank_table(receiver_lists, n)
    unlisted = (by_proposer[matched, whole[matched]] == m) | (by_receiver[whole[matched], matched] == n)
    pairs = _blocking(by_proposer, by_receiver, quotas, whole)
    counts = (excess, unlisted.sum(), len(pairs))
    return tuple(Certificate(name, float(count), 0.0) for name, count in zip(names, counts, strict=True))
