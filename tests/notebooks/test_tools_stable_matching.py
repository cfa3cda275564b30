"""The numbers behind the figures of the chapter on stable matching."""

import numpy as np
import pytest
from scipy.stats import t as student

from tests.notebooks.figures import column


def count_proposals(lists: list[list[int]], orders: list[list[int]], quota: int) -> int:
    """Deferred acceptance by plain lists, as short as it goes."""
    held: list[list[int]] = [[] for _ in orders]
    left, free, count = [list(row) for row in lists], list(range(len(lists))), 0
    while free:
        v = free.pop()
        while left[v]:
            s = left[v].pop(0)
            count += 1
            held[s] = sorted([*held[s], v], key=orders[s].index)
            if len(held[s]) > quota:
                v = held[s].pop()
            else:
                break
    return count


def test_number_of_proposals():
    cars, bound = column("tools/stable-matching", "fig-proposals", "cars", "bound")
    crowded, random, half = column("tools/stable-matching", "fig-proposals", "crowded", "random", "random_half_width")
    assert (bound == 5 * cars).all()
    assert (random - half > cars).all()
    assert (random + half < crowded).all()
    for place, n in enumerate(cars[:5].astype(int)):
        lists, orders = [list(range(5))] * n, [list(range(n))[::-1]] * 5
        assert count_proposals(lists, orders, n // 5) == crowded[place]
        counts = []
        for k in range(20):
            rng = np.random.default_rng([3, n, k])
            lists, orders = rng.random((n, 5)).argsort(axis=1).tolist(), rng.random((5, n)).argsort(axis=1).tolist()
            counts.append(count_proposals(lists, orders, n // 5))
        assert random[place] == pytest.approx(np.mean(counts))
        low, high = student.interval(0.95, 19, np.mean(counts), np.std(counts, ddof=1) / np.sqrt(20))
        assert [random[place] - half[place], random[place] + half[place]] == pytest.approx([low, high])


def test_step_by_step():
    made = column("tools/stable-matching", "fig-step-by-step", "proposals made", shape=(-1, 6))
    car, station, asks = column("tools/stable-matching", "fig-step-by-step", "car", "station", "asks", shape=(-1, 6))
    assert (made == np.arange(len(made))[:, None]).all()
    assert (car == np.arange(6)).all()
    assert (station[0] == -1).all()
    assert ((asks >= 0).sum(axis=1) == [0] + [1] * (len(asks) - 1)).all()
    for s in range(3):
        counts = (station == s).sum(axis=1)
        assert (np.diff(counts) >= 0).all()  # once taken, a place stays taken
        assert counts.max() <= 2
    assert (station[-1] >= 0).all()
    # nobody asks the same station twice
    pairs = [(v, asks[k, v]) for k in range(1, len(asks)) for v in range(6) if asks[k, v] >= 0]
    assert len(set(pairs)) == len(pairs)
