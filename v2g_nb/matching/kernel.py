"""Deferred acceptance over arrays, translated by numba: the steps of ``matching.py`` for large markets.

Importing this module imports numba; the first call ever compiles it (a few seconds), later ones
find the machine code in numba's cache.
"""

from typing import Any

import numpy as np
from numba import njit


@njit(cache=True)
def sift_up(heap: Any, k: int) -> None:
    """Restore the heap, largest rank on top, after its last entry `k` was added."""
    while k > 0 and heap[(k - 1) // 2] < heap[k]:
        heap[k], heap[(k - 1) // 2] = heap[(k - 1) // 2], heap[k]
        k = (k - 1) // 2


@njit(cache=True)
def sift_down(heap: Any, size: int) -> None:
    """Restore the heap after its top was replaced."""
    k = 0
    while 2 * k + 1 < size:
        child = 2 * k + 1
        if child + 1 < size and heap[child + 1] > heap[child]:
            child += 1
        if heap[child] <= heap[k]:
            break
        heap[child], heap[k] = heap[k], heap[child]
        k = child


@njit(cache=True)
def accept(lists: Any, ranks: Any, orders: Any, quotas: Any) -> Any:
    """Return each proposer's partner and the number of proposals; lists are filled up with -1."""
    n, width = lists.shape
    heaps = np.zeros((len(quotas), max(1, min(n, quotas.max()))), dtype=np.int64)  # ranks held
    size, asked = np.zeros(len(quotas), dtype=np.int64), np.zeros(n, dtype=np.int64)
    partner, count = np.full(n, -1), 0
    for first in range(n):
        proposer = first
        while asked[proposer] < width and lists[proposer, asked[proposer]] >= 0:
            receiver = lists[proposer, asked[proposer]]
            asked[proposer] += 1
            count += 1
            rank, held, heap = ranks[receiver, proposer], size[receiver], heaps[receiver]
            if rank == n or (held == quotas[receiver] and (held == 0 or rank > heap[0])):
                continue
            partner[proposer] = receiver
            if held < quotas[receiver]:
                heap[held] = rank
                size[receiver] += 1
                sift_up(heap, held)
                break
            proposer = orders[receiver, heap[0]]  # who is turned away asks next
            partner[proposer] = -1
            heap[0] = rank
            sift_down(heap, held)
    return partner, count
