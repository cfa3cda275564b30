"""What cars think of stations and stations of cars, as costs, and the market that this makes."""

import itertools
import math
from dataclasses import dataclass
from typing import Annotated

import numpy as np
from numpy.typing import ArrayLike

from v2g_nb.arguments import Model, checks_arguments
from v2g_nb.checks import Array, FloatArray, IntArray, Number
from v2g_nb.errors import InvalidInput
from v2g_nb.matching.market import Market, market_from_costs

# minus infinity stands for "cannot get there"
ArrivalSoc = Annotated[FloatArray, Array("cars stations", high=1, infinite=True)]
WaitMin = Annotated[FloatArray, Array("stations", low=0)]


@dataclass(frozen=True)
class Weights(Model):
    """Weights of the preferences; the values of Table 1, and ours where it has none.

    Costs are the lower the better.

    Parameters
    ----------
    soc, wait, other : float
        omega_1, omega_2, omega_3: weight of the charge on arrival (a share), of the wait (in
        minutes; at least 0), and a constant.
    unreachable : float
        omega_4: cost of a station that the car cannot reach.
    alone : float
        omega_v: cost of not charging; below `unreachable`. The paper gives no value.
    must, cannot, may : float
        chi_1, chi_2, chi_3: cost of a car that would not reach the next station, of one that does
        not reach this one, and of any other.
    only : float
        Cost of a car that can use no other station; between `must` and `may`. Ours.
    empty : float
        chi_i: cost of an empty place; between `may` and `cannot`. The paper gives no value.

    Raises
    ------
    InvalidInput
        If a field is not finite, `wait` is negative, `alone` is not below `unreachable`, or `must`,
        `only`, `may`, `empty`, `cannot` do not rise by at least 1 each.

    Examples
    --------
    >>> Weights().alone
    50.0
    """

    soc: float = 10.0
    wait: Annotated[float, Number(low=0)] = 1.0
    other: float = 1.0
    unreachable: float = 100.0
    alone: float = 50.0
    must: float = 1.0
    cannot: float = 100.0
    may: float = 10.0
    only: float = 5.0
    empty: float = 50.0

    def _relations(self) -> None:
        """Check the order of the weights."""
        if not self.alone < self.unreachable:
            raise InvalidInput(f"alone = {self.alone}: must be below unreachable = {self.unreachable}")
        # within a class the charge on arrival (0 to 1) breaks ties, so classes lie at least 1 apart
        for first, second in itertools.pairwise(("must", "only", "may", "empty", "cannot")):
            low, high = getattr(self, first), getattr(self, second)
            if high < low + 1.0:
                raise InvalidInput(f"{second} = {high}: must be at least 1 above {first} = {low}")

    @property
    def longest_wait(self) -> float:
        """The wait [min] at which a car that arrives with a full battery would as soon stay alone.

        Below it every car would rather charge, by (24) against the outside option. It is infinite if
        waits do not count, and below 0 if such a car never charges.
        """
        rest = self.alone - self.other - max(self.soc, 0.0)
        return rest / self.wait if self.wait > 0 else math.inf if rest > 0 else -1.0

    @checks_arguments
    def car_costs(self, arrival_soc: ArrivalSoc, wait_min: WaitMin) -> FloatArray:
        """Return what each car thinks of each station.

        Parameters
        ----------
        arrival_soc : array_like, shape (cars, stations)
            Charge with which each car would arrive; at most 0 or minus infinity where it cannot.
        wait_min : array_like, shape (stations,)
            Mean wait at each station [min].

        Returns
        -------
        numpy.ndarray, shape (cars, stations)

        Raises
        ------
        InvalidInput
            If an argument is of the wrong kind or shape.

        Examples
        --------
        >>> Weights().car_costs([[0.2, 0.1], [0.05, -0.05]], [2.0, 2.0])
        array([[  5. ,   4. ],
               [  3.5, 100. ]])

        References
        ----------
        Yoshihara and Namerikawa, equation (24).
        """
        reached = arrival_soc > 0
        cost = self.soc * np.where(reached, arrival_soc, 0.0) + self.wait * wait_min + self.other
        return np.where(reached, cost, self.unreachable)

    @checks_arguments
    def station_costs(self, arrival_soc: ArrivalSoc, *, as_printed: bool = False) -> FloatArray:
        """Return what each station thinks of each car.

        1. A car that does not reach the station is not acceptable (`cannot`).
        2. A car that would not reach the next station comes first (`must`).
        3. Then a car that can use no other station (`only`): without this rule it could lose its place
           to one that has a choice.
        4. Then all others (`may`); the last station has no next one.

        Within a class the emptier battery comes first.

        Parameters
        ----------
        arrival_soc : array_like, shape (cars, stations)
            Charge with which each car would arrive at each station, in driving order.
        as_printed : bool
            Whether to test the rows in the order that the paper prints, and without rule 3 and the
            tie-break: a car that does not even reach this station does not reach the next either, so
            it meets the first row and comes first.

        Returns
        -------
        numpy.ndarray, shape (stations, cars)

        Raises
        ------
        InvalidInput
            If an argument is of the wrong kind or shape.

        Examples
        --------
        >>> Weights().station_costs([[0.2, 0.1], [0.05, -0.05]])
        array([[ 10.2 ,   1.05],
               [ 10.1 , 100.  ]])

        References
        ----------
        Yoshihara and Namerikawa, equation (26).
        """
        ahead = np.column_stack([arrival_soc[:, 1:], np.full(len(arrival_soc), np.inf)])  # charge at the next station
        if as_printed:
            return np.where(ahead < 0, self.must, np.where(arrival_soc < 0, self.cannot, self.may)).T
        here = arrival_soc > 0
        single = here & (here.sum(axis=1) == 1)[:, None]
        rank = np.where(ahead <= 0, self.must, np.where(single, self.only, self.may))
        return np.where(here, rank + np.clip(np.where(here, arrival_soc, 0.0), 0.0, 1.0), self.cannot).T


TABLE_1 = Weights()


def charging_market(
    arrival_soc: ArrivalSoc,
    wait_min: WaitMin,
    quotas: Annotated[ArrayLike, Array("stations", low=0, whole=True)],
    *,
    weights: Weights = TABLE_1,
) -> Market:
    """Return the matching market of cars and stations with outside options on both sides.

    Parameters
    ----------
    arrival_soc : array_like, shape (cars, stations)
        Charge with which each car would arrive at each station, in driving order.
    wait_min : array_like, shape (stations,)
        Mean wait at each station [min].
    quotas : array_like of int, shape (stations,)
        f*: cars allowed to each station.
    weights : Weights, optional
        Table 1 by default.

    Returns
    -------
    Market
        Proposers are the cars, receivers the stations.

    Raises
    ------
    InvalidInput
        If an argument is of the wrong kind or shape.

    Examples
    --------
    >>> charging_market([[0.2, 0.1], [0.05, -0.05]], [2.0, 2.0], [1, 1]).proposer_lists
    array([[ 1,  0],
           [ 0, -1]])
    """
    cars, stations = arrival_soc.shape
    costs = weights.car_costs(arrival_soc, wait_min), weights.station_costs(arrival_soc)
    alone, empty = np.full(cars, weights.alone), np.full(stations, weights.empty)
    return market_from_costs(*costs, quotas, proposer_outside=alone, receiver_outside=empty)


def allocate_as_printed(market: Market) -> IntArray:
    """Run Algorithm 1 line by line, with the flaw that the chapter shows.

    Its first test lets a car in while the station has places. The second is not an "else": it asks
    whether the station is full and the car is preferred to one that it holds. A car that has just
    taken the last place passes it whenever somebody there is worse, who is then turned away
    although nobody was over the quota. For a car whose list is exhausted the algorithm has no rule;
    here it stays without a station.

    Parameters
    ----------
    market : Market
        Cars as proposers, stations as receivers.

    Returns
    -------
    numpy.ndarray of int, shape (cars,)
        The station of each car; -1 for none.

    Raises
    ------
    InvalidInput
        If `market` is no Market.

    Examples
    --------
    Two cars, one station with two places, which prefers the second car:

    >>> from v2g_nb.matching import Market
    >>> allocate_as_printed(Market([[0], [0]], [[1, 0]], [2]))
    array([-1,  0])

    References
    ----------
    Yoshihara and Namerikawa, Algorithm 1.
    """
    orders = [{v: k for k, v in enumerate(row) if v >= 0} for row in market.receiver_lists.tolist()]
    # a station whose list leaves a car out ("not subject to scheduling") is as good as excluded from the car's
    lists = [[i for i in row if i >= 0 and v in orders[i]] for v, row in enumerate(market.proposer_lists.tolist())]
    held: list[list[int]] = [[] for _ in orders]
    for first in range(len(lists)):
        car = first
        while lists[car]:
            station = lists[car][0]
            order, inside, quota = orders[station], held[station], int(market.quotas[station])
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
    return partner
