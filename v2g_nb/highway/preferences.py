"""What cars think of stations and stations of cars, as costs: the lower the better."""

import itertools
import math
from dataclasses import dataclass, fields
from typing import Any

import numpy as np
from numpy.typing import NDArray

from v2g_nb import checks
from v2g_nb.errors import InvalidInput
from v2g_nb.matching.market import Market, market_from_costs

FloatArray = NDArray[np.float64]


@dataclass(frozen=True)
class Weights:
    """Weights of the preferences; the values of Table 1, and ours where it has none.

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
    wait: float = 1.0
    other: float = 1.0
    unreachable: float = 100.0
    alone: float = 50.0
    must: float = 1.0
    cannot: float = 100.0
    may: float = 10.0
    only: float = 5.0
    empty: float = 50.0

    def __post_init__(self) -> None:
        """Check the order of the weights."""
        for field in fields(self):
            checks.real(field.name, getattr(self, field.name), low=0.0 if field.name == "wait" else -math.inf)
        if not self.alone < self.unreachable:
            raise InvalidInput(f"alone = {self.alone}: must be below unreachable = {self.unreachable}")
        # within a class the charge on arrival (0 to 1) breaks ties, so classes lie at least 1 apart
        order = ("must", "only", "may", "empty", "cannot")
        for first, second in itertools.pairwise(order):
            low, high = getattr(self, first), getattr(self, second)
            if high < low + 1.0:
                raise InvalidInput(f"{second} = {high}: must be at least 1 above {first} = {low}")


def car_costs(arrival_soc: Any, wait_min: Any, *, weights: Weights | None = None) -> FloatArray:
    """Return what each car thinks of each station.

    Parameters
    ----------
    arrival_soc : array_like, shape (cars, stations)
        Charge with which each car would arrive; at most 0 or minus infinity where it cannot.
    wait_min : array_like, shape (stations,)
        Mean wait at each station [min].
    weights : Weights, optional
        Table 1 by default.

    Returns
    -------
    numpy.ndarray, shape (cars, stations)

    Raises
    ------
    InvalidInput
        If an argument is of the wrong kind or shape.

    Examples
    --------
    >>> car_costs([[0.2, 0.1], [0.05, -0.05]], [2.0, 2.0])
    array([[  5. ,   4. ],
           [  3.5, 100. ]])

    References
    ----------
    Yoshihara and Namerikawa, equation (24).
    """
    soc, w = _soc(arrival_soc), _weights(weights)
    wait = checks.array("wait_min", wait_min, shape=(soc.shape[1],), low=0)
    reached = soc > 0
    cost: FloatArray = np.where(reached, w.soc * np.where(reached, soc, 0.0) + w.wait * wait + w.other, w.unreachable)
    return cost


def station_costs(arrival_soc: Any, *, weights: Weights | None = None, as_printed: bool = False) -> FloatArray:
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
    weights : Weights, optional
        Table 1 by default.
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
    >>> station_costs([[0.2, 0.1], [0.05, -0.05]])
    array([[ 10.2 ,   1.05],
           [ 10.1 , 100.  ]])

    References
    ----------
    Yoshihara and Namerikawa, equation (26).
    """
    soc, w = _soc(arrival_soc), _weights(weights)
    checks.flag("as_printed", as_printed)
    ahead = np.column_stack([soc[:, 1:], np.full(len(soc), np.inf)])  # charge at the next station
    if as_printed:
        return np.where(ahead < 0, w.must, np.where(soc < 0, w.cannot, w.may)).T
    here = soc > 0
    single = here & (here.sum(axis=1) == 1)[:, None]
    rank = np.where(ahead <= 0, w.must, np.where(single, w.only, w.may))
    cost: FloatArray = np.where(here, rank + np.clip(np.where(here, soc, 0.0), 0.0, 1.0), w.cannot)
    return cost.T


def charging_market(arrival_soc: Any, wait_min: Any, quotas: Any, *, weights: Weights | None = None) -> Market:
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
    w = _weights(weights)
    ours, theirs = car_costs(arrival_soc, wait_min, weights=w), station_costs(arrival_soc, weights=w)
    return market_from_costs(
        ours,
        theirs,
        quotas,
        proposer_outside=np.full(len(ours), w.alone),
        receiver_outside=np.full(len(theirs), w.empty),
    )


def longest_wait(*, weights: Weights | None = None) -> float:
    """Return the wait below which every car would rather charge than stay alone, whatever its charge.

    Parameters
    ----------
    weights : Weights, optional
        Table 1 by default.

    Returns
    -------
    float
        The wait at which a car that arrives with a full battery is indifferent [min]; infinite if
        waits do not count, and below 0 if such a car never charges.

    Raises
    ------
    InvalidInput
        If `weights` is no Weights.

    Examples
    --------
    >>> longest_wait()
    39.0

    References
    ----------
    Yoshihara and Namerikawa, equation (24), against the outside option.
    """
    w = _weights(weights)
    rest = w.alone - w.other - max(w.soc, 0.0)
    return rest / w.wait if w.wait > 0 else math.inf if rest > 0 else -1.0


def _weights(weights: Any) -> Weights:
    return Weights() if weights is None else checks.instance("weights", weights, Weights)


def _soc(value: Any) -> FloatArray:
    """Return arrival charges; minus infinity stands for "cannot get there" and is kept."""
    return checks.array("arrival_soc", value, shape=(None, None), high=1, infinite=True)
