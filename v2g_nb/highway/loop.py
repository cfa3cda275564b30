"""The procedure of section 3, interval by interval: quotas, preferences, matching, prices."""

import math
from collections.abc import Callable, Generator
from typing import Any

import numpy as np
from numpy.typing import NDArray

from v2g_nb import checks
from v2g_nb.certificate import Certificate
from v2g_nb.errors import InvalidInput
from v2g_nb.highway import certificates as proofs
from v2g_nb.highway.admission import first_come
from v2g_nb.highway.instance import Cars, Highway, arrival_soc, check_minutes
from v2g_nb.highway.preferences import Weights, charging_market, longest_wait
from v2g_nb.highway.pricing import COST, consistent_followers
from v2g_nb.highway.quotas import MAX_STATIONS, reachable_quotas, wait_table
from v2g_nb.highway.schedule import Interval, Schedule
from v2g_nb.leader.followers import Followers
from v2g_nb.leader.stackelberg import solve_leader
from v2g_nb.matching.stable import deferred_acceptance

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.int64]
FollowersOf = Callable[[FloatArray, FloatArray], Followers]


def intervals(
    highway: Highway,
    cars: Cars,
    *,
    followers_of: FollowersOf = consistent_followers,
    cost: float = COST,
    price_cap: float = math.inf,
    weights: Weights | None = None,
    overload: str = "raise",
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
        or let cars wait at their entrance for the next interval. A station then has room as long
        as its mean wait is one that every car accepts (:func:`~v2g_nb.highway.preferences.longest_wait`).
        Cars have their turn in the order in which they came, the lower charge first if they came
        together, and one is held only if it cannot be placed beside those let in before it.

    Yields
    ------
    Interval

    Raises
    ------
    InvalidInput
        At the first step, if an argument is of the wrong kind or out of range, a car enters after
        the horizon, or there are more than 16 stations. Later, if a car with a full battery is sent
        to a station: the default followers refuse it, by its place among the cars there.
    Infeasible
        If more cars come than the stations can serve, unless they may wait.

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
    check_minutes(highway, cars)
    if len(highway.chargers) > MAX_STATIONS:
        raise InvalidInput(f"highway has {len(highway.chargers)} stations: must be at most {MAX_STATIONS}")
    checks.function("followers_of", followers_of)
    checks.real("cost", cost, low=0)
    checks.real("price_cap", price_cap, low=0, infinite=True)
    if weights is not None:
        checks.instance("weights", weights, Weights)
    checks.choice("overload", overload, ("raise", "wait"))
    sent: list[IntArray] = []
    held = np.zeros(0, dtype=np.int64)
    for k in range(highway.intervals):
        start = k * highway.interval_min
        coming = np.nonzero((cars.minute >= start) & (cars.minute < start + highway.interval_min))[0]
        due = np.concatenate([held, coming])
        past = np.sum(sent[-(highway.window - 1) :], axis=0) if sent and highway.window > 1 else np.zeros(len(soc[0]))
        table = wait_table(highway.chargers, highway.service_rate, past, len(due), window=highway.window)
        admitted: tuple[Certificate, ...] = ()
        if overload == "wait" and len(due):
            limit = longest_wait(weights=weights) / highway.interval_min
            due, held, admitted = _admit(cars, (table < limit).sum(axis=1) - 1, soc, due)
        chosen = _interval(highway, cars, soc, due, held, table, admitted, followers_of, cost, price_cap, weights)
        sent.append(chosen.quota)
        yield chosen


def _admit(
    cars: Cars, most: IntArray, soc: FloatArray, due: IntArray
) -> tuple[IntArray, IntArray, tuple[Certificate, ...]]:
    """Return who is let in, who is held, and the proof that the rule was kept."""
    room = np.maximum(most, 0)
    usable = soc[due] > 0
    turn = np.lexsort((cars.soc[due], cars.minute[due]))
    taken = first_come(room, usable, turn)
    return due[taken], due[turn[~taken[turn]]], proofs.first_come(room, usable, turn, taken)


def _interval(
    highway: Highway,
    cars: Cars,
    soc: FloatArray,
    due: IntArray,
    held: IntArray,
    table: FloatArray,
    admitted: tuple[Certificate, ...],
    followers_of: FollowersOf,
    cost: float,
    price_cap: float,
    weights: Weights | None,
) -> Interval:
    m = len(highway.chargers)
    price, profit, energy = np.full(m, np.nan), np.zeros(m), np.zeros(len(due))
    if len(due) == 0:
        empty = np.zeros(0, dtype=np.int64)
        wait = table[:, 0] * highway.interval_min
        return Interval(due, held, np.zeros(m, dtype=np.int64), wait, empty, price, energy, profit, 0, admitted)
    quotas = reachable_quotas(table, soc[due] > 0)
    wait_min = quotas.wait * highway.interval_min
    matching = deferred_acceptance(charging_market(soc[due], wait_min, quotas.quota, weights=weights))
    certificates = [*admitted, *quotas.certificates, *matching.certificates]
    for station in range(m):
        here = np.nonzero(matching.partner == station)[0]
        if len(here):
            followers = followers_of(cars.capacity_kwh[due[here]], soc[due[here], station])
            best = solve_leader(followers, cost, price_cap=price_cap)
            price[station], profit[station], energy[here] = best.price, best.profit, best.quantity
            certificates += best.certificates
    decided = (due, held, quotas.quota, wait_min, matching.partner, price, energy, profit)
    return Interval(*decided, matching.num_iter, tuple(certificates))


def solve_schedule(
    highway: Highway,
    cars: Cars,
    *,
    followers_of: FollowersOf = consistent_followers,
    cost: float = COST,
    price_cap: float = math.inf,
    weights: Weights | None = None,
    overload: str = "raise",
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
    >>> from v2g_nb.highway.instance import draw_cars, tomei
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
    certificates = tuple(worst.values())
    return Schedule(
        np.array([s.quota for s in done]),
        np.array([s.wait_min for s in done]),
        np.array([s.price for s in done]),
        np.array([s.profit for s in done]),
        partner,
        energy,
        entry,
        np.array([len(s.held) for s in done]),
        True,
        sum(s.proposals for s in done),
        max((c.value for c in certificates), default=0.0),
        certificates,
    )
