"""The grid's mechanism: blind stations, free choice of station, and an incentive for the second station.

Hour by hour, with the cars that arrive in it. The grid's own functions give blind prices, choices,
amounts and switching points. Its network is one of nine buses; here the limits are those of the
town's feeder, and so the last step, trying the switching points in rising order, is done here.
"""

from typing import Annotated

import numpy as np

from v2g_nb import checks
from v2g_nb.certificate import Certificate
from v2g_nb.checks import FloatArray, Whole
from v2g_nb.errors import Infeasible, InvalidInput
from v2g_nb.grid.certificates.levels import backward_induction_certificates
from v2g_nb.grid.market import ChargingMarket, VehicleChoices, blind_price, choices
from v2g_nb.grid.operator import OperatorProblem
from v2g_nb.synthesis.certificates import certified
from v2g_nb.synthesis.town import Town, TownOutcome, arrived

FAILED = "incentives tried below the chosen one that keep the limits"


def incentive_market(town: Town, hour: Annotated[int, Whole(low=0)]) -> ChargingMarket:
    """Return the cars that arrive in an hour as the types of the grid's chapters, in amounts above the energy's price.

    Parameters
    ----------
    town : Town
        The setting.
    hour : int
        The hour; at least one car arrives in it.

    Returns
    -------
    ChargingMarket
        Intercepts w - theta / P - pi, curvatures w / (2 n), one car a type.

    Raises
    ------
    InvalidInput
        If an argument is of another kind or out of range, nobody arrives, or some car's w - theta / P - pi at a
        station is not above 0, or is less than half of another's: a blind station would leave it without energy.

    Examples
    --------
    >>> town = Town([1.0], [10.0], [5.0], [0], [1], [0.2], [50.0])
    >>> incentive_market(town, 0).intercept.round(4).tolist()
    [[0.7, 0.5727]]

    References
    ----------
    Equations (6)-(10) and (13) of the tri-level paper.
    """
    cars = arrived(town, hour)
    if not len(cars):
        raise checks.invalid("hour", hour, "an hour in which a car arrives")
    w, n = town.first_value[cars], town.room_kwh[cars]
    margin = w[:, None] - town.time_cost[cars] - town.energy_price[hour]
    if (margin <= 0.0).any() or (margin < 0.5 * margin.max(axis=0)).any():
        right = "above 0 for every car at both stations, and at least half of the largest there"
        raise InvalidInput(
            f"town: in hour {hour} what the first kWh is worth beyond its cost, w - theta / P - pi, runs from "
            f"{margin.min():.4g} to {margin.max():.4g} EUR/kWh: must be {right}"
        )
    return ChargingMarket(margin, w / (2.0 * n), np.ones(len(cars)))


def _answer(town: Town, hour: int, market: ChargingMarket, incentive: float) -> tuple[VehicleChoices, FloatArray]:
    """Return what follows from one incentive in one hour, and what then is left under each limit."""
    markups = np.array([blind_price(market, 0), blind_price(market, 1, incentive=incentive)])
    made = choices(market, markups, ties=1)
    return made, town.limits.right[:, hour] - town.limits.matrix @ _drawn(made)


def _drawn(made: VehicleChoices) -> FloatArray:
    """Return what the two stations sell."""
    return np.array([made.bought[made.station == j].sum() for j in (0, 1)])


def _smallest(town: Town, hour: int, market: ChargingMarket) -> tuple[float, VehicleChoices, int, Certificate]:
    """Return the smallest incentive that keeps all limits, what follows, how many were tried, and a check.

    Between switching points the fast station's load is constant and the slow one's rises, so no
    limit gets looser: the smallest that works is 0 or a switching point.
    """
    problem, nearest = OperatorProblem(market), np.full(5, -np.inf)
    for tried, level in enumerate([0.0, *problem.switching_points], start=1):
        made, left = _answer(town, hour, market, level)
        if left.min() >= 0.0:
            lower = np.linspace(0.0, level, 41 if level > 0.0 else 1)[:-1].tolist()
            good = sum(_answer(town, hour, market, s)[1].min() >= 0.0 for s in lower)
            return level, made, tried, Certificate(FAILED, float(good), 0.0)
        nearest = left if left.min() > nearest.min() else nearest
    raise Infeasible(
        f"hour = {hour}: no incentive up to {problem.largest_instrument:.4g} EUR/kWh keeps all limits; "
        f"at the nearest the limit {town.limits.names[int(np.argmin(nearest))]!r} is exceeded"
    )


def solve_incentives(town: Town) -> TownOutcome:
    """Return what follows from the smallest incentives, hour by hour, that keep the grid's limits.

    Parameters
    ----------
    town : Town
        The setting.

    Returns
    -------
    TownOutcome
        Its `leader` holds the incentive of each hour [EUR/kWh].

    Raises
    ------
    InvalidInput
        If `town` is no Town, or the cars of an hour make no :func:`incentive_market`.
    Infeasible
        If no incentive keeps a limit; the message names hour and limit.

    Examples
    --------
    >>> solve_incentives(draw_town(10, np.random.default_rng(1))).leader
    array([0., 0., 0., 0.])

    References
    ----------
    Equations (11) and (12) of the tri-level paper, with the sign of the incentive corrected.
    """
    energy, price = np.zeros((town.size, 2, town.hours)), np.full((2, town.hours), np.nan)
    incentive = np.zeros(town.hours)
    notes: list[Certificate] = []
    earned, rounds = 0.0, 0
    for hour in range(town.hours):
        cars = arrived(town, hour)
        if not len(cars):
            continue
        market = incentive_market(town, hour)
        level, made, tried, check = _smallest(town, hour, market)
        rounds += tried
        notes.append(check)
        notes.extend(backward_induction_certificates(market, made, incentive=level, surcharge=0.0, points=401))
        energy[cars, made.station, hour] = made.bought
        price[:, hour] = town.energy_price[hour] + made.prices
        incentive[hour] = level
        earned += float((made.prices + np.array([0.0, level])) @ _drawn(made))
    paid = np.einsum("ijt,jt->i", energy, np.nan_to_num(price))
    spent = -float(incentive @ energy[:, 1, :].sum(axis=0))
    return certified(
        TownOutcome("incentive", town, energy, paid, earned, spent, price, incentive, True, rounds), *notes
    )
