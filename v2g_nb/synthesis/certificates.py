"""Checks of outcomes by code that knows no solver: closed formulas for one car, sums, and weak duality."""

from typing import Any

import numpy as np

from v2g_nb import checks
from v2g_nb.certificate import Certificate
from v2g_nb.checks import FloatArray
from v2g_nb.synthesis.town import Town, car_value

MONEY_EUR = 1e-6  # how far books may be from adding up
LIMIT = 1e-6  # how far a limit may be exceeded, relative
REGRET_EUR = 1e-5  # what a car may still gain by itself


def _energy(town: Any, energy_kwh: Any) -> FloatArray:
    """Return the energy as an array; NaN may stand, so that a spoilt outcome fails instead of raising."""
    checks.instance("town", town, Town)
    energy = np.asarray(energy_kwh)
    if energy.dtype.kind not in "iuf" or energy.shape != (town.size, 2, town.hours):
        raise checks.invalid("energy_kwh", energy_kwh, f"numbers of shape {(town.size, 2, town.hours)}")
    return energy.astype(np.float64)


def _value(town: Town, energy: FloatArray) -> FloatArray:
    """Return each car's worth less time [EUR]; NaN where its energy is spoilt."""
    spoilt = np.where(np.isfinite(energy), 0.0, np.nan).sum(axis=(1, 2))
    value = car_value(town, np.maximum(np.nan_to_num(energy, posinf=0.0, neginf=0.0), 0.0))
    result: FloatArray = value + spoilt
    return result


def shared_certificates(
    town: Town, energy_kwh: Any, payment_eur: Any, seller_eur: float, grid_eur: float
) -> tuple[Certificate, ...]:
    """Check what every mechanism owes: stays kept, limits kept, and no money made or lost.

    Parameters
    ----------
    town : Town
        The setting.
    energy_kwh : array_like, shape (cars, 2, hours)
        What each car took.
    payment_eur : array_like, shape (cars,)
        What each car paid.
    seller_eur, grid_eur : float
        What sellers and the grid's operator were left with.

    Returns
    -------
    tuple of Certificate
        Energy outside a stay or below 0; the limits; the money that is left over.

    Raises
    ------
    InvalidInput
        If an array has another shape, or an amount is no number.

    Examples
    --------
    >>> town = Town([1.0], [10.0], [5.0], [0], [1], [0.2], [50.0])
    >>> [c.holds for c in shared_certificates(town, [[[5.0], [0.0]]], [2.0], 1.0, 0.0)]
    [True, True, True]
    """
    energy = _energy(town, energy_kwh)
    paid = np.asarray(payment_eur)
    if paid.dtype.kind not in "iuf" or paid.shape != (town.size,):
        raise checks.invalid("payment_eur", payment_eur, f"{town.size} numbers")
    for name, value in (("seller_eur", seller_eur), ("grid_eur", grid_eur)):
        if not isinstance(value, (int, float)) or isinstance(value, bool):
            raise checks.invalid(name, value, "a number")
    hour = np.arange(town.hours)
    there = (hour >= town.arrival[:, None]) & (hour < town.departure[:, None])
    outside = np.abs(np.where(there[:, None, :], np.minimum(energy, 0.0), energy))
    limits = town.limits
    over = (limits.matrix @ energy.sum(axis=0) - limits.right) / (1.0 + limits.right)
    bought = float(town.energy_price @ energy.sum(axis=(0, 1)))
    left = float(paid.sum()) - bought - float(seller_eur) - float(grid_eur)
    return (
        Certificate("energy outside a stay or negative", float(outside.max()), 1e-6, "kWh"),
        Certificate(
            "limit exceeded, relative", float(np.maximum(over, 0.0).max()) if np.isfinite(over).all() else np.nan, LIMIT
        ),
        Certificate("money left over", abs(left), MONEY_EUR, "EUR"),
    )


def best_surplus(town: Town, price: Any) -> FloatArray:
    """Return the most that each car can gain at given prices: it takes all at its cheapest place and hour.

    Parameters
    ----------
    town : Town
        The setting.
    price : array_like, shape (2, hours)
        Price at each station in each hour [EUR/kWh].

    Returns
    -------
    numpy.ndarray, shape (cars,)
        n (w - c)^2 / (2 w) with the lowest sum c of price and time [EUR].

    Raises
    ------
    InvalidInput
        If an argument is of another kind or shape.

    Examples
    --------
    >>> town = Town([1.0], [10.0], [5.0], [0], [1], [0.2], [50.0])
    >>> best_surplus(town, [[0.4], [0.6]])
    array([1.25])
    """
    checks.instance("town", town, Town)
    asked = checks.array("price", price, shape=(2, town.hours))
    hour = np.arange(town.hours)
    there = (hour >= town.arrival[:, None]) & (hour < town.departure[:, None])
    cost = np.where(there[:, None, :], asked + town.time_cost[:, :, None], np.inf).min(axis=(1, 2))
    w, n = town.first_value, town.room_kwh
    surplus: FloatArray = n * np.maximum(w - cost, 0.0) ** 2 / (2.0 * w)
    # below a cost of 0 a full car stops all the same: the battery holds no more than its room
    return np.where(cost < 0.0, n * (0.5 * w - cost), surplus)


def dual_bound(town: Town, limit_price: Any) -> float:
    """Return a number that the welfare of no outcome within the limits exceeds, whatever the mechanism.

    Parameters
    ----------
    town : Town
        The setting.
    limit_price : array_like, shape (limits, hours)
        A price of at least 0 for each limit; any will do, those of the optimum give the optimum.

    Returns
    -------
    float
        The cars' best surplus at the prices that follow, and what the limits would earn if all were used [EUR].

    Raises
    ------
    InvalidInput
        If an argument is of another kind, shape or sign.

    Examples
    --------
    >>> town = Town([1.0], [10.0], [5.0], [0], [1], [0.2], [50.0])
    >>> round(dual_bound(town, np.zeros((5, 1))), 6)
    2.45
    """
    checks.instance("town", town, Town)
    limits = town.limits
    mu = checks.array("limit_price", limit_price, shape=limits.right.shape, low=0.0)
    return float(best_surplus(town, town.energy_price + limits.matrix.T @ mu).sum() + (mu * limits.right).sum())


def loss_by_car(town: Town, energy_kwh: Any, limit_price: Any) -> tuple[FloatArray, float]:
    """Return how an outcome's distance from the dual bound divides: by car, and into room left unused.

    Parameters
    ----------
    town : Town
        The setting.
    energy_kwh : array_like, shape (cars, 2, hours)
        What each car took.
    limit_price : array_like, shape (limits, hours)
        A price of at least 0 for each limit.

    Returns
    -------
    numpy.ndarray, shape (cars,)
        By how much each car's gain, if it paid those prices, is below its best surplus at them; at least 0 [EUR].
    float
        The worth of what the limits would still have let through [EUR].

    Raises
    ------
    InvalidInput
        If an argument is of another kind, shape or sign.

    Examples
    --------
    >>> town = Town([1.0], [10.0], [5.0], [0], [1], [0.2], [50.0])
    >>> short, unused = loss_by_car(town, [[[5.0], [0.0]]], np.zeros((5, 1)))
    >>> short.round(6).tolist(), unused
    ([0.2], 0.0)
    """
    energy = _energy(town, energy_kwh)
    limits = town.limits
    mu = checks.array("limit_price", limit_price, shape=limits.right.shape, low=0.0)
    price = town.energy_price + limits.matrix.T @ mu
    had = _value(town, energy) - np.einsum("ijt,jt->i", energy, price)
    unused = float((mu * (limits.right - limits.matrix @ energy.sum(axis=0))).sum())
    return best_surplus(town, price) - had, unused


def market_certificates(town: Town, energy_kwh: Any, price: Any, limit_price: Any) -> tuple[Certificate, ...]:
    """Check a market equilibrium: no car would rather take something else, and only full limits have a price.

    Parameters
    ----------
    town : Town
        The setting.
    energy_kwh : array_like, shape (cars, 2, hours)
        What each car took.
    price : array_like, shape (2, hours)
        What it paid a kWh.
    limit_price : array_like, shape (limits, hours)
        Price of each limit.

    Returns
    -------
    tuple of Certificate
        Largest regret; unused room with a price; prices against the sum that they should be; welfare
        below the dual bound.

    Raises
    ------
    InvalidInput
        If an array has another shape.

    Examples
    --------
    >>> town = Town([1.0], [10.0], [5.0], [0], [1], [0.2], [50.0])
    >>> proof = market_certificates(town, [[[7.0], [0.0]]], [[0.2], [0.2]], np.zeros((5, 1)))
    >>> [c.holds for c in proof]
    [True, True, True, True]
    """
    energy = _energy(town, energy_kwh)
    limits = town.limits
    asked, mu = np.asarray(price), np.asarray(limit_price)
    for name, value, shape in (("price", asked, (2, town.hours)), ("limit_price", mu, limits.right.shape)):
        if value.dtype.kind not in "iuf" or value.shape != shape:
            raise checks.invalid(name, value, f"numbers of shape {shape}, not {value.shape}")
    sum_off = float(np.abs(asked - town.energy_price - limits.matrix.T @ mu).max())
    fine = np.isfinite(asked).all() and np.isfinite(mu).all()
    spare = limits.right - limits.matrix @ energy.sum(axis=0)
    idle = float(np.abs(mu * spare).max() + np.maximum(-mu, 0.0).max() * limits.right.max())
    regret = gap = np.nan
    if fine:
        had = _value(town, energy) - np.einsum("ijt,jt->i", energy, asked)
        regret = float((best_surplus(town, asked) - had).max())
        made = float((had + np.einsum("ijt,jt->i", energy, asked - town.energy_price)).sum())
        gap = abs(dual_bound(town, np.maximum(mu, 0.0)) - made)
    return (
        Certificate("largest regret of a car", regret, REGRET_EUR, "EUR"),
        Certificate("worth of unused room with a price", idle, 1e-4, "EUR"),
        Certificate("price against energy and limits", sum_off, 1e-9, "EUR/kWh"),
        Certificate("welfare below what no outcome exceeds", gap, 1e-4, "EUR"),
    )


def anticipation_certificates(
    town: Town, energy_kwh: Any, price_base: float, other_kwh: float
) -> tuple[Certificate, ...]:
    """Check the aggregator's game: no car gains by itself, its own effect on the price included.

    Car i faces p (B + S) with its own share in S. Its best answer equalises w - w E / n with
    theta / P + p (B + S_others + 2 x) wherever it takes something.

    Parameters
    ----------
    town : Town
        The setting.
    energy_kwh : array_like, shape (cars, 2, hours)
        What each car takes.
    price_base : float
        p [EUR/kWh^2], above 0.
    other_kwh : float
        B: other demand at each station in each hour, at least 0.

    Returns
    -------
    tuple of Certificate
        Largest regret of a car.

    Raises
    ------
    InvalidInput
        If an argument is of another kind or shape.

    Examples
    --------
    >>> town = Town([1.0], [10.0], [6.0], [0], [1], [0.2], [50.0], power_kw=(50.0, 10.0))
    >>> anticipation_certificates(town, [[[0.88 / 0.18], [0.0]]], 0.04, 0.0)[0].holds
    True
    """
    energy = _energy(town, energy_kwh)
    p = checks.real("price_base", price_base, low=0.0, open_low=True)
    base = checks.real("other_kwh", other_kwh, low=0.0)
    total = energy.sum(axis=0)
    worst = np.nan
    if np.isfinite(energy).all():
        worst = max(_regret(town, i, energy[i], p, p * (base + total - energy[i])) for i in range(town.size))
    return (Certificate("largest regret of a car", worst, REGRET_EUR, "EUR"),)


def best_answer(w: float, n: float, cost: FloatArray, p: float) -> FloatArray:
    """Return a car's best amounts where kWh number x at option o costs cost[o] + p x in all, found by bisection.

    The last kWh of each option in use costs cost + 2 p x, which equals the worth of the car's next kWh.
    """

    def taken(value: float) -> FloatArray:
        return np.maximum(0.0, (value - cost) / (2.0 * p))

    low, high = 0.0, w
    for _ in range(60):
        middle = 0.5 * (low + high)
        wanted = float(taken(middle).sum())
        low, high = (middle, high) if middle < w - w / n * wanted else (low, middle)
    return taken(0.5 * (low + high))


def _regret(town: Town, i: int, own: FloatArray, p: float, offset: FloatArray) -> float:
    """Return what car i could gain by its best answer to what the others leave."""
    w, n = float(town.first_value[i]), float(town.room_kwh[i])
    stay = slice(int(town.arrival[i]), int(town.departure[i]))
    cost = (offset + town.time_cost[i][:, None])[:, stay].ravel()

    def gain(x: FloatArray) -> float:
        total = float(x.sum())
        return w * (total - total**2 / (2.0 * n)) - float(cost @ x) - p * float(x @ x)

    return gain(best_answer(w, n, cost, p)) - gain(own[:, stay].ravel())
