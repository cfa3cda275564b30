"""Who may be matched with whom: lists in order, outside options and quotas."""

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from v2g_nb import checks
from v2g_nb.arguments import Model
from v2g_nb.checks import FloatArray, IntArray
from v2g_nb.errors import InvalidInput

NO_LIMIT = 2.0**62  # places; a quota above it would not fit into an integer of 64 bits


@dataclass(frozen=True, eq=False)
class Market(Model):
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

    def _relations(self) -> None:
        """Check the lists against each other and bring them into one form."""
        names = ("proposer_lists", "receiver_lists")
        for name in names:
            value = getattr(self, name)
            single = isinstance(value, np.ndarray) and value.ndim == 0
            if not isinstance(value, (list, tuple, np.ndarray)) or single or len(value) == 0:
                raise checks.invalid(name, value, "a list with at least one list of numbers")
        n, m = self.num_proposers, self.num_receivers
        quotas = checks.array("quotas", self.quotas, shape=(m,), low=0, whole=True)
        found = [*map(_padded, names, (self.proposer_lists, self.receiver_lists), (m, n))]
        for name, value in zip(
            (*names, "quotas"), (*found, np.minimum(quotas, NO_LIMIT).astype(np.int64)), strict=True
        ):
            value.setflags(write=False)
            object.__setattr__(self, name, value)

    @property
    def num_proposers(self) -> int:
        """How many proposers there are."""
        return len(self.proposer_lists)

    @property
    def num_receivers(self) -> int:
        """How many receivers there are."""
        return len(self.receiver_lists)

    @cached_property
    def proposer_ranks(self) -> IntArray:
        """Each receiver's place in each proposer's list; the number of receivers where it is not listed."""
        return rank_table(self.proposer_lists, self.num_receivers)

    @cached_property
    def receiver_ranks(self) -> IntArray:
        """Each proposer's place in each receiver's list; the number of proposers where it is not listed."""
        return rank_table(self.receiver_lists, self.num_proposers)


def _padded(name: str, lists: Any, others: int) -> IntArray:
    """Return `lists` of numbers below `others` as one integer array filled up with -1, or raise."""
    if isinstance(lists, np.ndarray):
        table = checks.array(name, lists, shape=(None, None), low=-1, high=others - 1, whole=True).astype(np.int64)
        if np.any((table[:, :-1] < 0) & (table[:, 1:] >= 0)):
            raise InvalidInput(f"{name} = {checks.shown(lists)}: -1 may only fill up the end of a row")
    else:
        limits: dict[str, Any] = {"shape": (None,), "low": 0, "high": others - 1, "empty": True, "whole": True}
        rows = [checks.array(f"{name}[{place}]", row, **limits) for place, row in enumerate(lists)]
        table = np.full((len(rows), max(1, *map(len, rows))), -1, dtype=np.int64)
        for place, row in enumerate(rows):
            table[place, : len(row)] = row
    ordered = np.sort(table, axis=1)
    twice = np.argwhere((ordered[:, 1:] == ordered[:, :-1]) & (ordered[:, 1:] >= 0))
    if len(twice):
        row, column = twice[0]
        raise InvalidInput(f"{name}[{row}] names {ordered[row, column]} twice: an order names each at most once")
    return table


def rank_table(lists: IntArray, columns: int) -> IntArray:
    """Return each entry's place in each row of `lists` (padded with -1); `columns` where it is not listed."""
    table = np.full((len(lists), columns + 1), columns, dtype=np.int64)
    # One column more than needed: the padding -1 addresses it, and it is cut off again.
    np.put_along_axis(table, np.where(lists < 0, columns, lists), np.arange(lists.shape[1])[None, :], axis=1)
    return table[:, :columns]


def market_from_costs(
    proposer_costs: FloatArray,
    receiver_costs: FloatArray,
    quotas: ArrayLike,
    *,
    proposer_outside: FloatArray,
    receiver_outside: FloatArray,
) -> Market:
    """Return the market in which everybody prefers lower costs and accepts what is below its outside option.

    Equal costs are ordered by number, the smaller first: with ties a stable matching would depend
    on how they are broken, so the rule is part of the model.

    >>> market = market_from_costs(np.array([[2, 1], [1, 9]]), np.array([[1, 1], [5, 1]]), [1, 1],
    ...                            proposer_outside=np.array([5, 5]), receiver_outside=np.array([5, 5]))
    >>> market.proposer_lists.tolist(), market.receiver_lists.tolist()
    ([[1, 0], [0, -1]], [[0, 1], [1, -1]])
    """
    return Market(_ordered(proposer_costs, proposer_outside), _ordered(receiver_costs, receiver_outside), quotas)


def _ordered(costs: FloatArray, outside: FloatArray) -> IntArray:
    order = np.argsort(costs, axis=1, kind="stable")
    better = np.take_along_axis(costs, order, axis=1) < outside[:, None]
    return np.where(better, order, -1).astype(np.int64)
