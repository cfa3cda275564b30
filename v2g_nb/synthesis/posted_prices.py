"""The highway's mechanism: quotas from equal waits, a stable matching, then one posted price a station.

Hour by hour, with the cars that arrive in it: who is matched charges at once. The highway's own
functions set quotas, stations' priorities, the matching and the prices. Its cars rank stations by
charge and wait; here they rank them by the cost of their time, and the grid, which the highway does
not know, gives each station a firm share of its limits.
"""

from typing import Literal

import numpy as np
from scipy.optimize import brentq

from v2g_nb.certificate import Certificate
from v2g_nb.checks import FloatArray, IntArray
from v2g_nb.errors import Infeasible
from v2g_nb.highway.preferences import Weights
from v2g_nb.highway.quotas import solve_equal_waits
from v2g_nb.leader.followers import Followers, demand
from v2g_nb.leader.stackelberg import solve_leader
from v2g_nb.matching.market import market_from_costs
from v2g_nb.matching.stable import Matching, deferred_acceptance
from v2g_nb.synthesis.certificates import certified
from v2g_nb.synthesis.town import BATTERY_KWH, Town, TownOutcome, arrived

EMPTY_PLACE = 50.0  # the stations' outside option in the highway's units: any car that arrives is better


def quotas_of_hour(town: Town, hour: int) -> FloatArray:
    """Return how many of the cars that arrive in an hour each of the two stations may take.

    Equal mean waits, rounded so that they sum to the cars, or what the chargers can serve where more
    arrive (Yoshihara and Namerikawa, (20)-(22)).
    """
    cars = arrived(town, hour)
    rate = town.power_kw / town.room_kwh.mean()  # cars that a charger serves in an hour
    if not len(cars):
        return np.zeros(2)
    try:
        share = solve_equal_waits(town.chargers, rate, float(len(cars))).arrival_rate
    except Infeasible:
        return np.asarray(np.floor(town.chargers * rate))
    whole: FloatArray = np.floor(share)
    order = np.argsort(whole - share, kind="stable")
    whole[order[: len(cars) - int(whole.sum())]] += 1.0
    return whole


def match_hour(town: Town, hour: int) -> Matching:
    """Return the stable matching of the cars that arrive in an hour, at least one, to the two stations.

    Yoshihara and Namerikawa, (24)-(26) and Algorithm 1, as the highway's chapters correct them.
    """
    cars = arrived(town, hour)
    charge = 1.0 - town.room_kwh[cars] / BATTERY_KWH
    market = market_from_costs(
        town.time_cost[cars],
        Weights().station_costs(np.column_stack([charge, charge])),
        quotas_of_hour(town, hour),
        proposer_outside=town.first_value[cars],
        receiver_outside=np.full(2, EMPTY_PLACE),
    )
    return deferred_acceptance(market)


def firm_shares(town: Town) -> FloatArray:
    """Return the kWh that each station may always draw: the largest equal part of its power that breaks no limit."""
    installed = town.chargers * town.power_kw
    part = (town.limits.right / (town.limits.matrix @ installed)[:, None]).min(axis=0)
    return np.outer(installed, np.minimum(part, 1.0))


def followers_at(town: Town, station: int, hour: int, cars: IntArray) -> Followers:
    """Return cars at one station as followers of its markup m: they buy n (w - theta / P - pi - m) / w.

    Yoshihara and Namerikawa, (27)-(34), in the form whose units agree.
    """
    slope = town.room_kwh[cars] / town.first_value[cars]
    margin = town.first_value[cars] - town.time_cost[cars, station] - town.energy_price[hour]
    return Followers(slope * margin, slope, np.zeros(len(cars)), town.room_kwh[cars])


def _floor(crowd: Followers, room_kwh: float) -> float:
    """Return the lowest markup of at least 0 at which the crowd buys no more than `room_kwh`."""

    def over(markup: float) -> float:
        return float(demand(crowd, markup).sum()) - room_kwh

    return float(brentq(over, 0.0, float(crowd.breakpoints[-1]), xtol=1e-13)) if over(0.0) > 0.0 else 0.0


def solve_posted_prices(town: Town, *, pricing: Literal["leader", "clearing"] = "leader") -> TownOutcome:
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
    TownOutcome
        Its `leader` holds the prices, hour by hour, of both stations.

    Raises
    ------
    InvalidInput
        If `town` is no Town, or `pricing` is unknown.

    Examples
    --------
    >>> solve_posted_prices(draw_town(10, np.random.default_rng(1))).seller_eur > 0
    True
    """
    shares = firm_shares(town)
    energy, price = np.zeros((town.size, 2, town.hours)), np.full((2, town.hours), np.nan)
    notes: list[Certificate] = []
    earned, rounds = 0.0, 0
    for hour in range(town.hours):
        cars = arrived(town, hour)
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
    return certified(
        TownOutcome("posted prices", town, energy, paid, earned, 0.0, price, price.T.ravel(), True, rounds), *notes
    )
