"""The procedure of section 3, interval by interval: quotas, preferences, matching, prices."""

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import Annotated, Any, Literal

import numpy as np

from v2g_nb import checks
from v2g_nb.arguments import checks_arguments
from v2g_nb.certificate import Certificate, Result
from v2g_nb.checks import FloatArray, IntArray, Number
from v2g_nb.errors import InvalidInput
from v2g_nb.highway import certificates as proofs
from v2g_nb.highway.instance import Cars, Highway, check_entries
from v2g_nb.highway.preferences import TABLE_1, Weights, charging_market
from v2g_nb.highway.pricing import COST, consistent_followers
from v2g_nb.highway.quotas import MAX_STATIONS, first_come, reachable_quotas, wait_table
from v2g_nb.leader.followers import Followers
from v2g_nb.leader.stackelberg import solve_leader
from v2g_nb.matching.stable import deferred_acceptance


@dataclass(frozen=True, eq=False)
class Interval(Result):
    """What is decided at the start of one scheduling interval.

    Parameters
    ----------
    cars : numpy.ndarray of int
        Which cars are about to enter and are let in, by their number.
    held : numpy.ndarray of int
        Which cars wait at their entrance for the next interval, in order of their turn.
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
    certificates : tuple of Certificate
        Of quotas, matching and prices.
    """

    cars: IntArray
    held: IntArray
    quota: IntArray
    wait_min: FloatArray
    partner: IntArray
    price: FloatArray
    energy_kwh: FloatArray
    profit: FloatArray
    certificates: tuple[Certificate, ...]


@dataclass(frozen=True, eq=False)
class Schedule(Result):
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
        Station of each car; -1 if it drives past, because it reaches no station or every wait is
        too long for it, or still waits at the end.
    energy_kwh : numpy.ndarray, shape (cars,)
        E of each car.
    entry_min : numpy.ndarray, shape (cars,)
        When each car enters [min]: later than it came if it had to wait, and infinite if it still
        waits at the end.
    held : numpy.ndarray of int, shape (intervals,)
        Cars that wait at an entrance when each interval ends.
    certificates : tuple of Certificate
        For each kind of condition, the worst interval.
    """

    quota: IntArray
    wait_min: FloatArray
    price: FloatArray
    profit: FloatArray
    partner: IntArray
    energy_kwh: FloatArray
    entry_min: FloatArray
    held: IntArray
    certificates: tuple[Certificate, ...]

    @checks_arguments
    def entered(self, cars: Cars) -> tuple[Cars, IntArray]:
        """Return the cars that entered, with the minutes in which they did, and their stations.

        Parameters
        ----------
        cars : Cars
            The cars as they came, for whom the schedule was made.

        Returns
        -------
        Cars
            Without those that still wait at an entrance when the horizon ends.
        numpy.ndarray of int
            Station of each of them; -1 for none.

        Raises
        ------
        InvalidInput
            If `cars` is no Cars, they are others than the schedule's, or no car entered.

        Examples
        --------
        >>> from v2g_nb.highway import draw_cars, solve_schedule, tomei
        >>> road = tomei()
        >>> cars = draw_cars(road, np.random.default_rng(4))  # a day with too many cars
        >>> entered, partner = solve_schedule(road, cars, overload="wait").entered(cars)
        >>> bool((partner >= 0).all())
        True
        """
        if self.entry_min.shape != cars.minute.shape:
            raise checks.invalid("cars", cars, f"the {len(self.entry_min)} cars of the schedule")
        inside = np.isfinite(self.entry_min)
        fields = {name: getattr(cars, name)[inside] for name in ("node", "capacity_kwh", "soc")}
        return replace(cars, **fields, minute=self.entry_min[inside]), self.partner[inside]


FollowersOf = Callable[[FloatArray, FloatArray], Followers]
Cost = Annotated[float, Number(low=0)]
PriceCap = Annotated[float, Number(low=0, infinite=True)]


def intervals(
    highway: Highway,
    cars: Cars,
    *,
    followers_of: FollowersOf = consistent_followers,
    cost: Cost = COST,
    price_cap: PriceCap = math.inf,
    weights: Weights = TABLE_1,
    overload: Literal["raise", "wait"] = "raise",
) -> Iterator[Interval]:
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
        Who enters where and when, within the horizon.
    followers_of : callable
        ``followers_of(capacity_kwh, soc)`` gives the demand of the cars at one station.
    cost : float
        a: selling S kWh costs a S^2 / 2; at least 0.
    price_cap : float
        Highest price; none by default.
    weights : Weights, optional
        Of the preferences; Table 1 by default.
    overload : {"raise", "wait"}
        What to do when more cars come than the stations can serve: raise, as the paper has no rule,
        or let cars wait at their entrance for the next interval. A station then has places as long
        as its mean wait is one that every car accepts (`Weights.longest_wait`).
        Cars have their turn in the order in which they came, the lower charge first if they came
        together, and one is held only if it cannot be placed beside those let in before it.

    Yields
    ------
    Interval

    Raises
    ------
    InvalidInput
        If an argument is of the wrong kind or out of range; at the first step, if a car enters after
        the horizon, or there are more than 16 stations; later, if a car with a full battery is sent
        to a station: the default followers refuse it, by its place among the cars there.
    Infeasible
        If more cars come than the stations can serve, unless they may wait.

    Examples
    --------
    >>> road = tomei()
    >>> first = next(intervals(road, draw_cars(road, np.random.default_rng(1))))
    >>> bool(first.quota.sum() == len(first.cars))
    True

    References
    ----------
    Yoshihara and Namerikawa, section 3.
    """
    check_entries(highway, cars, highway.horizon_min)
    m = len(highway.chargers)
    if m > MAX_STATIONS:
        raise InvalidInput(f"highway has {m} stations: must be at most {MAX_STATIONS}")
    soc = highway.arrival_soc(cars)
    sent = np.zeros((0, m), dtype=np.int64)
    held = np.zeros(0, dtype=np.int64)
    for start in range(0, highway.horizon_min, highway.interval_min):
        coming = np.nonzero((cars.minute >= start) & (cars.minute < start + highway.interval_min))[0]
        due = np.concatenate([held, coming])
        past = sent[max(len(sent) - highway.window + 1, 0) :].sum(axis=0)
        table = wait_table(highway.chargers, highway.service_rate, past, len(due), window=highway.window)
        admitted: tuple[Certificate, ...] = ()
        if overload == "wait" and len(due):
            places = np.maximum((table < weights.longest_wait / highway.interval_min).sum(axis=1) - 1, 0)
            usable, turn = soc[due] > 0, np.lexsort((cars.soc[due], cars.minute[due]))
            taken = first_come(places, usable, turn)
            admitted = proofs.first_come(places, usable, turn, taken)
            due, held = due[taken], due[turn[~taken[turn]]]
        quota, wait_min, partner, certificates = _match(soc[due], table, highway.interval_min, weights)
        certificates = (*admitted, *certificates)
        price, profit, energy = np.full(m, np.nan), np.zeros(m), np.zeros(len(due))
        for station in range(m):
            here = np.nonzero(partner == station)[0]
            if len(here):
                crowd = followers_of(cars.capacity_kwh[due[here]], soc[due[here], station])
                best = solve_leader(crowd, cost, price_cap=price_cap)
                price[station], profit[station], energy[here] = best.price, best.profit, best.quantity
                certificates += best.certificates
        sent = np.vstack([sent, quota])
        yield Interval(due, held, quota, wait_min, partner, price, energy, profit, certificates)


def _match(
    soc: FloatArray, table: FloatArray, interval_min: int, weights: Weights
) -> tuple[IntArray, FloatArray, IntArray, tuple[Certificate, ...]]:
    """Return quotas, waits and partners of the cars that are let in, with proofs; `soc` is theirs on arrival."""
    if not len(soc):
        return np.zeros(len(table), dtype=np.int64), table[:, 0] * interval_min, np.zeros(0, dtype=np.int64), ()
    quotas = reachable_quotas(table, soc > 0)
    wait_min = quotas.wait * interval_min
    matching = deferred_acceptance(charging_market(soc, wait_min, quotas.quota, weights=weights))
    return quotas.quota, wait_min, matching.partner, (*quotas.certificates, *matching.certificates)


def solve_schedule(
    highway: Highway,
    cars: Cars,
    *,
    followers_of: FollowersOf = consistent_followers,
    cost: Cost = COST,
    price_cap: PriceCap = math.inf,
    weights: Weights = TABLE_1,
    overload: Literal["raise", "wait"] = "raise",
) -> Schedule:
    """Run :func:`intervals` to the end of the horizon and collect what it decided.

    Parameters
    ----------
    highway : Highway
        The road.
    cars : Cars
        Who enters where and when, within the horizon.
    followers_of : callable
        Demand of the cars at one station, as in :func:`intervals`.
    cost : float
        a: selling S kWh costs a S^2 / 2.
    price_cap : float
        Highest price.
    weights : Weights, optional
        Of the preferences.
    overload : {"raise", "wait"}
        What to do when more cars come than the stations can serve, as in :func:`intervals`.

    Returns
    -------
    Schedule

    Raises
    ------
    InvalidInput
        If an argument is of the wrong kind or out of range, a car enters after the horizon, there
        are more than 16 stations, or a car with a full battery is sent to a station (default
        followers).
    Infeasible
        If more cars come than the stations can serve, unless they may wait.

    Examples
    --------
    >>> road = tomei()
    >>> result = solve_schedule(road, draw_cars(road, np.random.default_rng(1)))
    >>> bool((result.partner >= 0).all())
    True

    References
    ----------
    Yoshihara and Namerikawa, section 3 and Figs. 6 to 11.
    """
    rules: dict[str, Any] = {"followers_of": followers_of, "cost": cost, "price_cap": price_cap, "weights": weights}
    done = list(intervals(highway, cars, **rules, overload=overload))
    n = len(cars.node)
    partner, energy, entry = np.full(n, -1, dtype=np.int64), np.zeros(n), np.full(n, np.inf)
    worst: dict[str, Certificate] = {}
    for k, step in enumerate(done):
        partner[step.cars], energy[step.cars] = step.partner, step.energy_kwh
        entry[step.cars] = np.maximum(cars.minute[step.cars], k * highway.interval_min)
        for c in step.certificates:
            if c.name not in worst or not c.value <= worst[c.name].value:  # NaN is the worst of all
                worst[c.name] = c
    return Schedule(
        **{name: np.array([getattr(step, name) for step in done]) for name in ("quota", "wait_min", "price", "profit")},
        partner=partner,
        energy_kwh=energy,
        entry_min=entry,
        held=np.array([len(step.held) for step in done]),
        certificates=tuple(worst.values()),
    )
