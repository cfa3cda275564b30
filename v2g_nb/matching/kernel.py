"""Deferred acceptance over arrays, translated by numba: the steps of ``stable.py`` for large markets.

Importing this module imports numba; the first call ever compiles it (a few seconds), later ones
find the machine code in numba's cache.
"""

from heapq import heappush, heapreplace
from typing import Any

import numpy as np
from numba import njit


@njit(cache=True)
def accept(lists: Any, ranks: Any, orders: Any, quotas: Any) -> Any:
    """Return each proposer's partner and the number of proposals; lists are filled up with -1."""
    n, width = lists.shape
    held = [[np.int64(0) for _ in range(0)] for _ in quotas]  # heaps of negated ranks, the worst on top
    asked, partner, count = np.zeros(n, dtype=np.int64), np.full(n, -1), 0
    for first in range(n):
        proposer = first
        while asked[proposer] < width and lists[proposer, asked[proposer]] >= 0:
            receiver = lists[proposer, asked[proposer]]
            asked[proposer] += 1
            count += 1
            rank, heap = ranks[receiver, proposer], held[receiver]
            if rank == n or (len(heap) == quotas[receiver] and (len(heap) == 0 or -rank < heap[0])):
                continue
            partner[proposer] = receiver
            if len(heap) < quotas[receiver]:
                heappush(heap, -rank)
                break
            proposer = orders[receiver, -heapreplace(heap, -rank)]
            partner[proposer] = -1
    return partner, count
