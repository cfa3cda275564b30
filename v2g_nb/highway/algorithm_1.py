"""The allocation algorithm exactly as the paper prints it, with the flaw that the chapter shows."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from v2g_nb import checks
from v2g_nb.matching.market import Market

IntArray = NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class PrintedResult:
    """What Algorithm 1 leaves behind; it carries no certificate, because it promises nothing.

    Parameters
    ----------
    partner : numpy.ndarray of int, shape (cars,)
        The station of each car; -1 for none.
    stuck : tuple of int
        Cars whose list was exhausted: the algorithm has no rule for them. Here they stay without.
    num_iter : int
        Applications made.
    """

    partner: IntArray
    stuck: tuple[int, ...]
    num_iter: int


def allocate_as_printed(market: Market) -> PrintedResult:
    """Run Algorithm 1 line by line.

    Its first test lets a car in while the station has room. The second is not an "else": it asks
    whether the station is full and the car is preferred to one that it holds. A car that has just
    taken the last place passes it whenever somebody there is worse, who is then turned away
    although nobody was over the quota.

    Parameters
    ----------
    market : Market
        Cars as proposers, stations as receivers.

    Returns
    -------
    PrintedResult

    Raises
    ------
    InvalidInput
        If `market` is no Market.

    Examples
    --------
    Two cars, one station with two places, which prefers the second car:

    >>> allocate_as_printed(Market([[0], [0]], [[1, 0]], [2])).partner
    array([-1,  0])

    References
    ----------
    Yoshihara and Namerikawa, Algorithm 1.
    """
    checks.instance("market", market, Market)
    lists = [[i for i in row if i >= 0] for row in market.proposer_lists.tolist()]
    orders = [{v: k for k, v in enumerate(row) if v >= 0} for row in market.receiver_lists.tolist()]
    held: list[list[int]] = [[] for _ in orders]
    stuck = []
    count = 0
    for first in range(len(lists)):
        car = first
        while True:
            if not lists[car]:
                stuck.append(car)
                break
            station = lists[car][0]
            order, inside, quota = orders[station], held[station], int(market.quotas[station])
            count += 1
            if car not in order:  # "not subject to scheduling": as good as excluded
                lists[car].remove(station)
                continue
            if len(inside) < quota:
                inside.append(car)
            worst = max(inside, key=order.__getitem__, default=car)
            if len(inside) == quota and order[car] < order[worst]:
                inside.remove(worst)
                if car not in inside:
                    inside.append(car)
                lists[worst].remove(station)
                car = worst
            elif car in inside:
                break
            else:
                lists[car].remove(station)
    partner = np.full(len(lists), -1, dtype=np.int64)
    for station, cars in enumerate(held):
        partner[cars] = station
    return PrintedResult(partner, tuple(sorted(stuck)), count)
