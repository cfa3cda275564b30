"""The procedure of section 3, interval by interval: quotas, preferences, matching, prices."""

import math
from collections.abc import Callable, Generator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from v2g_nb import checks
from v2g_nb.highway.instance import Cars, Highway, arrival_soc
from v2g_nb.highway.preferences import Weights, charging_market
from v2g_nb.highway.pricing import COST, consistent_followers
from v2g_nb.highway.quotas import reachable_quotas, wait_table
from v2g_nb.methods.certificates import Certificate
from v2g_nb.methods.leader import Followers, solve_leader
from v2g_nb.methods.matching import deferred_acceptance

__all__ = ["Interval", "Schedule", "intervals", "solve_schedule"]

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.int64]
FollowersOf = Callable[[FloatArray, FloatArray], Followers]


@dataclass(frozen=True)
class Interval:
    """What is decided at the start of one scheduling interval.

    Parameters
    ----------
    cars : numpy.ndarray of int
        Which cars are about to enter, by their number.
    quota : numpy.ndarray of int, shape (stations,)
        f*: cars allowed to each station.
    wait_min : numpy.ndarray, shape (stations,)
        Mean wait that the quotas and the last intervals give [min].
    partner : numpy.ndarray of int, shape (cars,)
        Station of each car; -1 for none.
    price : numpy.ndarray, shape (stations,)
        Price at each station [money per kWh]; NaN where nobody comes.
    energy_kwh : numpy.ndarray, shape (cars,)
        What each car buys.
    profit : numpy.ndarray, shape (stations,)
        Profit of each station [money].
    proposals : int
        Proposals that the matching needed.
    certificates : tuple of Certificate
        Of quotas, matching and prices.
    """

    cars: IntArray
    quota: IntArray
    wait_min: FloatArray
    partner: IntArray
    price: FloatArray
    energy_kwh: FloatArray
    profit: FloatArray
    proposals: int
    certificates: tuple[Certificate, ...]


@dataclass(frozen=True)
class Schedule:
    """All intervals of the horizon.

    Parameters
    ----------
    quota : numpy.ndarray of int, shape (intervals, stations)
        f*.
    wait_min : numpy.ndarray, shape (intervals, stations)
        W [min].
    price : numpy.ndarray, shape (intervals, stations)
        p [money per kWh]; NaN where nobody comes.
    profit : numpy.ndarray, shape (intervals, stations)
        Q [money].
    partner : numpy.ndarray of int, shape (cars,)
        Station of each car; -1 for none.
    energy_kwh : numpy.ndarray, shape (cars,)
        E of each car.
    converged : bool
        Always true: every part is direct.
    num_iter : int
        Proposals made in all matchings together.
    residual : float
        The largest violation among the certificates.
    certificates : tuple of Certificate
        For each kind of condition, the worst interval.
    """

    quota: IntArray
    wait_min: FloatArray
    price: FloatArray
    profit: FloatArray
    partner: IntArray
    energy_kwh: FloatArray
    converged: bool
    num_iter: int
    residual: float
    certificates: tuple[Certificate, ...]


def intervals(
    highway: Highway,
    cars: Cars,
    *,
    followers_of: FollowersOf = consistent_followers,
    cost: float = COST,
    price_cap: float = math.inf,
    weights: Weights | None = None,
) -> Generator[Interval, None, None]:
    """Yield the decisions of each interval in turn.

    1. Cars that will enter in the interval are booked: from the last entrance the station is less
       than one interval away, so waiting until they are on the road would be too late.
    2. Quotas with the smallest largest wait among those that the cars can fill.
    3. Preferences of cars and stations, and the stable matching best for the cars.
    4. At each station the price that earns it most.

    Parameters
    ----------
    highway : Highway
        The road.
    cars : Cars
        Who enters where and when.
    followers_of : callable
        ``followers_of(capacity_kwh, soc)`` gives the demand of the cars at one station.
    cost : float
        a: selling S kWh costs a S^2 / 2; at least 0.
    price_cap : float
        Highest price; none by default.
    weights : Weights, optional
        Of the preferences; Table 1 by default.

    Yields
    ------
    Interval

    Raises
    ------
    InvalidInput
        If an argument is of the wrong kind or out of range.
    Infeasible
        If more cars come than the stations can serve.

    Examples
    --------
    >>> from v2g_nb.highway.instance import draw_cars, tomei
    >>> road = tomei()
    >>> first = next(intervals(road, draw_cars(road, np.random.default_rng(1))))
    >>> bool(first.quota.sum() == len(first.cars))
    True

    References
    ----------
    Yoshihara and Namerikawa, section 3.
    """
    soc = arrival_soc(highway, cars)
    checks.function("followers_of", followers_of)
    checks.real("cost", cost, low=0)
    checks.real("price_cap", price_cap, low=0, infinite=True)
    if weights is not None:
        checks.instance("weights", weights, Weights)
    sent: list[IntArray] = []
    for k in range(highway.intervals):
        start = k * highway.interval_min
        due = np.nonzero((cars.minute >= start) & (cars.minute < start + highway.interval_min))[0]
        past = np.sum(sent[-(highway.window - 1) :], axis=0) if sent and highway.window > 1 else np.zeros(len(soc[0]))
        chosen = _interval(highway, cars, soc, due, past, followers_of, cost, price_cap, weights)
        sent.append(chosen.quota)
        yield chosen


def _interval(
    highway: Highway,
    cars: Cars,
    soc: FloatArray,
    due: IntArray,
    past: FloatArray,
    followers_of: FollowersOf,
    cost: float,
    price_cap: float,
    weights: Weights | None,
) -> Interval:
    m = len(highway.chargers)
    table = wait_table(highway.chargers, highway.service_rate, past, len(due), window=highway.window)
    price, profit, energy = np.full(m, np.nan), np.zeros(m), np.zeros(len(due))
    if len(due) == 0:
        empty = np.zeros(0, dtype=np.int64)
        wait = table[:, 0] * highway.interval_min
        return Interval(due, np.zeros(m, dtype=np.int64), wait, empty, price, energy, profit, 0, ())
    quotas = reachable_quotas(table, soc[due] > 0)
    wait_min = quotas.wait * highway.interval_min
    matching = deferred_acceptance(charging_market(soc[due], wait_min, quotas.quota, weights=weights))
    certificates = [*quotas.certificates, *matching.certificates]
    for station in range(m):
        here = np.nonzero(matching.partner == station)[0]
        if len(here):
            followers = followers_of(cars.capacity_kwh[due[here]], soc[due[here], station])
            best = solve_leader(followers, cost, price_cap=price_cap)
            price[station], profit[station], energy[here] = best.price, best.profit, best.quantity
            certificates += best.certificates
    return Interval(
        due, quotas.quota, wait_min, matching.partner, price, energy, profit, matching.num_iter, tuple(certificates)
    )


def solve_schedule(
    highway: Highway,
    cars: Cars,
    *,
    followers_of: FollowersOf = consistent_followers,
    cost: float = COST,
    price_cap: float = math.inf,
    weights: Weights | None = None,
) -> Schedule:
    """Run :func:`intervals` to the end of the horizon and collect what it decided.

    Parameters
    ----------
    highway : Highway
        The road.
    cars : Cars
        Who enters where and when.
    followers_of : callable
        Demand of the cars at one station, as in :func:`intervals`.
    cost : float
        a: selling S kWh costs a S^2 / 2.
    price_cap : float
        Highest price.
    weights : Weights, optional
        Of the preferences.

    Returns
    -------
    Schedule

    Raises
    ------
    InvalidInput
        If an argument is of the wrong kind or out of range.
    Infeasible
        If more cars come than the stations can serve.

    Examples
    --------
    >>> from v2g_nb.highway.instance import draw_cars, tomei
    >>> road = tomei()
    >>> result = solve_schedule(road, draw_cars(road, np.random.default_rng(1)))
    >>> bool((result.partner >= 0).all())
    True

    References
    ----------
    Yoshihara and Namerikawa, section 3 and Figs. 6 to 11.
    """
    options = {"followers_of": followers_of, "cost": cost, "price_cap": price_cap, "weights": weights}
    done = list(intervals(highway, cars, **options))  # type: ignore[arg-type]
    n = len(cars.node)
    partner, energy = np.full(n, -1, dtype=np.int64), np.zeros(n)
    worst: dict[str, Certificate] = {}
    for step in done:
        partner[step.cars], energy[step.cars] = step.partner, step.energy_kwh
        for c in step.certificates:
            if c.name not in worst or not c.value <= worst[c.name].value:  # NaN is the worst of all
                worst[c.name] = c
    certificates = tuple(worst.values())
    return Schedule(
        np.array([s.quota for s in done]),
        np.array([s.wait_min for s in done]),
        np.array([s.price for s in done]),
        np.array([s.profit for s in done]),
        partner,
        energy,
        True,
        sum(s.proposals for s in done),
        max((c.value for c in certificates), default=0.0),
        certificates,
    )
