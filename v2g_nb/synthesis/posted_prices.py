"""The highway's mechanism: quotas from equal waits, a stable matching, then one posted price a station.

Hour by hour, with the cars that arrive in it: who is matched charges at once. The room's own
functions set quotas, stations' priorities, the matching and the prices. Its cars rank stations by
charge and wait; here they rank them by the cost of their time, and the grid, which the highway does
not know, gives each station a firm share of its limits.
"""

from typing import Any

import numpy as np
from scipy.optimize import brentq

from v2g_nb import checks
from v2g_nb.certificate import Certificate
from v2g_nb.checks import FloatArray
from v2g_nb.errors import Infeasible
from v2g_nb.highway.equalisation import solve_equal_waits
from v2g_nb.highway.preferences import station_costs
from v2g_nb.leader.followers import Followers, demand
from v2g_nb.leader.stackelberg import solve_leader
from v2g_nb.matching.market import market_from_costs
from v2g_nb.matching.stable import Matching, deferred_acceptance
from v2g_nb.synthesis.certificates import shared_certificates
from v2g_nb.synthesis.outcome import Outcome
from v2g_nb.synthesis.town import BATTERY_KWH, IntArray, Town

EMPTY_PLACE = 50.0  # the stations' outside option in the highway's units: any car that arrives is better


def quotas_of_hour(town: Town, hour: int) -> FloatArray:
    """Return how many of the cars that arrive in an hour each station may take.

    Parameters
    ----------
    town : Town
        The setting.
    hour : int
        The hour.

    Returns
    -------
    numpy.ndarray, shape (2,)
        Whole numbers: equal mean waits, rounded so that they sum to the cars, or what the chargers
        can serve where more arrive.

    Raises
    ------
    InvalidInput
        If an argument is of another kind or out of range.

    Examples
    --------
    >>> from v2g_nb.synthesis.town import draw_town
    >>> quotas_of_hour(draw_town(40, np.random.default_rng(1)), 0)
    array([9., 5.])

    References
    ----------
    Yoshihara and Namerikawa, (20)-(22).
    """
    cars = _arrived(town, hour)
    rate = town.power_kw / town.room_kwh.mean()  # cars that a charger serves in an hour
    if not len(cars):
        return np.zeros(2)
    try:
        share = solve_equal_waits(town.chargers, rate, float(len(cars))).arrival_rate
    except Infeasible:
        most: FloatArray = np.floor(town.chargers * rate)
        return most
    whole: FloatArray = np.floor(share)
    order = np.argsort(whole - share, kind="stable")
    whole[order[: len(cars) - int(whole.sum())]] += 1.0
    return whole


def _arrived(town: Town, hour: int) -> IntArray:
    checks.instance("town", town, Town)
    checks.integer("hour", hour, low=0, high=town.hours - 1)
    return np.flatnonzero(town.arrival == hour)


def match_hour(town: Town, hour: int) -> Matching:
    """Return the stable matching of the cars that arrive in an hour to the two stations.

    Parameters
    ----------
    town : Town
        The setting.
    hour : int
        The hour; at least one car arrives in it.

    Returns
    -------
    Matching
        The partners of the cars that arrive, in their order.

    Raises
    ------
    InvalidInput
        If an argument is of another kind or out of range, or nobody arrives.

    Examples
    --------
    >>> from v2g_nb.synthesis.town import draw_town
    >>> int((match_hour(draw_town(40, np.random.default_rng(1)), 0).partner == 0).sum())
    9

    References
    ----------
    Yoshihara and Namerikawa, (24)-(26) and Algorithm 1, as the highway's chapters correct them.
    """
    cars = _arrived(town, hour)
    if not len(cars):
        raise checks.invalid("hour", hour, "an hour in which a car arrives")
    charge = 1.0 - town.room_kwh[cars] / BATTERY_KWH
    market = market_from_costs(
        town.time_cost[cars],
        station_costs(np.column_stack([charge, charge])),
        quotas_of_hour(town, hour),
        proposer_outside=town.first_value[cars],
        receiver_outside=np.full(2, EMPTY_PLACE),
    )
    return deferred_acceptance(market)


def firm_shares(town: Town) -> FloatArray:
    """Return what each station may always draw: the largest equal part of its power that breaks no limit.

    Parameters
    ----------
    town : Town
        The setting.

    Returns
    -------
    numpy.ndarray, shape (2, hours)
        In kWh.

    Raises
    ------
    InvalidInput
        If `town` is no Town.

    Examples
    --------
    >>> from v2g_nb.synthesis.town import draw_town
    >>> firm_shares(draw_town(40, np.random.default_rng(1))).round(1)[:, 0]
    array([50.4, 29.6])
    """
    checks.instance("town", town, Town)
    installed = town.chargers * town.power_kw
    part = (town.limits.right / (town.limits.matrix @ installed)[:, None]).min(axis=0)
    return np.outer(installed, np.minimum(part, 1.0))


def followers_at(town: Town, station: int, hour: int, cars: Any) -> Followers:
    """Return cars at one station as followers of its markup on the energy's price.

    Parameters
    ----------
    town : Town
        The setting.
    station : {0, 1}
        Fast or slow.
    hour : int
        The hour.
    cars : array_like of int
        Which cars.

    Returns
    -------
    Followers
        They buy n (w - theta / P - pi - m) / w at the markup m.

    Raises
    ------
    InvalidInput
        If an argument is of another kind or out of range.

    Examples
    --------
    >>> town = Town([1.0], [10.0], [5.0], [0], [1], [0.2], [50.0])
    >>> followers_at(town, 0, 0, [0]).intercept.round(6)
    array([7.])

    References
    ----------
    Yoshihara and Namerikawa, (27)-(34), in the form whose units agree.
    """
    checks.instance("town", town, Town)
    checks.integer("station", station, low=0, high=1)
    checks.integer("hour", hour, low=0, high=town.hours - 1)
    who = checks.array("cars", cars, shape=(None,), low=0.0, high=town.size - 1.0, whole=True).astype(np.int64)
    slope = town.room_kwh[who] / town.first_value[who]
    margin = town.first_value[who] - town.time_cost[who, station] - town.energy_price[hour]
    return Followers(slope * margin, slope, np.zeros(len(who)), town.room_kwh[who])


def _floor(crowd: Followers, room_kwh: float) -> float:
    """Return the lowest markup of at least 0 at which the crowd buys no more than `room_kwh`."""

    def over(markup: float) -> float:
        return float(demand(crowd, markup).sum()) - room_kwh

    return float(brentq(over, 0.0, float(crowd.breakpoints[-1]), xtol=1e-13)) if over(0.0) > 0.0 else 0.0


def solve_posted_prices(town: Town, *, pricing: str = "leader") -> Outcome:
    """Return the outcome of matching and posted prices.

    Parameters
    ----------
    town : Town
        The setting.
    pricing : {"leader", "clearing"}
        Each station asks what earns it most, or no more than what keeps its sales within its share:
        then all that is lost is lost by the matching.

    Returns
    -------
    Outcome
        Its `leader` holds the prices, hour by hour, of both stations.

    Raises
    ------
    InvalidInput
        If `town` is no Town, or `pricing` is unknown.

    Examples
    --------
    >>> from v2g_nb.synthesis.town import draw_town
    >>> solve_posted_prices(draw_town(10, np.random.default_rng(1))).seller_eur > 0
    True
    """
    checks.instance("town", town, Town)
    checks.choice("pricing", pricing, ("leader", "clearing"))
    shares = firm_shares(town)
    energy, price = np.zeros((town.size, 2, town.hours)), np.full((2, town.hours), np.nan)
    notes: list[Certificate] = []
    earned, rounds = 0.0, 0
    for hour in range(town.hours):
        cars = _arrived(town, hour)
        if not len(cars):
            continue
        matched = match_hour(town, hour)
        notes.extend(matched.certificates)
        rounds += matched.num_iter
        for station in (0, 1):
            mine = cars[matched.partner == station]
            if not len(mine):
                continue
            crowd = followers_at(town, station, hour, mine)
            markup = _floor(crowd, float(shares[station, hour]))
            if pricing == "leader":
                posted = solve_leader(crowd, 0.0, price_floor=markup)
                notes.extend(posted.certificates)
                markup = posted.price
            energy[mine, station, hour] = demand(crowd, markup)
            price[station, hour] = town.energy_price[hour] + markup
            earned += markup * float(energy[mine, station, hour].sum())
    paid = np.einsum("ijt,jt->i", energy, np.nan_to_num(price))
    notes.extend(shared_certificates(town, energy, paid, earned, 0.0))
    return Outcome(
        "posted prices", energy, paid, earned, 0.0, price, price.T.ravel(), True, rounds,
        max(c.value for c in notes), tuple(notes),
    )  # fmt: skip
