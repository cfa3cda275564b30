"""The numbers behind the figures of *Games*, from closed forms and a second program."""

import itertools

import numpy as np
import pytest

from tests.notebooks.figures import column

DRIVERS = 12
STATIONS = 4


def test_potential_falls_to_a_place_nobody_leaves():
    move, values = column("tools/games", "fig-games-potential", "move", "potential")
    cost = np.cumsum(np.random.default_rng(1).uniform(1, 10, (STATIONS, DRIVERS)), axis=1)
    assert move.tolist() == list(range(len(values)))
    assert values[0] == pytest.approx(cost[0].sum())
    assert (np.diff(values) < 0).all()
    # every division of the drivers from which no move helps, and its potential
    stable = [
        sum(cost[s, :n].sum() for s, n in enumerate(counts))
        for counts in np.ndindex(*[DRIVERS + 1] * STATIONS)
        if sum(counts) == DRIVERS
        and all(
            cost[a, counts[a] - 1] <= cost[b, counts[b]]
            for a, b in itertools.permutations(range(STATIONS), 2)
            if counts[a] and counts[b] < DRIVERS
        )
    ]
    assert np.abs(np.array(stable) - values[-1]).min() < 1e-6


def test_staircase():
    first, second = column("tools/games", "fig-games-responses", "first", "second")
    x, y, stairs = 1.0, 1.0, [(1.0, 1.0)]
    for _ in range(5):
        x = -1 - y / 2
        stairs.append((x, y))
        y = -1 - x / 2
        stairs.append((x, y))
    assert np.column_stack([first, second]) == pytest.approx(np.array(stairs))
    assert abs(first[-1] + 2 / 3) < 0.01


def test_leader():
    """With price 12 - q - (1 - s) 4 - s (12 - q)/2 the best quantity is (12 - 4(1 - s) - 6 s)/(2 - s)."""
    share = column("tools/games", "fig-games-leader", "share of the answer")
    quantity, profit, best = column("tools/games", "fig-games-leader", "leader", "profit", "best")
    assert profit == pytest.approx(quantity * (12 - quantity - (1 - share) * 4 - share * (12 - quantity) / 2))
    assert best == pytest.approx((8 - 2 * share) / (2 - share), abs=0.006)


def test_tree():
    leaf, station, driver = column("tools/games", "fig-games-tree", "leaf", "station", "driver")
    pays = {name: (s, d) for name, s, d in zip(leaf, station, driver, strict=True)}
    # by hand: at the high price 2 > 1, she leaves; at the low one 3 > 2, she charges; 4 > 0
    assert max(("high, charge", "high, leave"), key=lambda n: pays[n][1]) == "high, leave"
    assert max(("low, charge", "low, leave"), key=lambda n: pays[n][1]) == "low, charge"
    assert pays["low, charge"][0] > pays["high, leave"][0]
