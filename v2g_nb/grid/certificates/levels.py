"""Certificates of the three levels: other choices tried, limits compared, smaller instruments refuted."""

import math
from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np

from v2g_nb.certificate import Certificate


def backward_induction_certificates(
    market: Any, played: Any, *, incentive: float, surcharge: float, points: int = 2001, tol: float = 1e-6
) -> tuple[Certificate, ...]:
    """Check the two lower levels of the game by trying other choices.

    Of what was `played`, prices and each type's station and amount (`bought`) are looked at. Each type tries
    `points` amounts at both stations; each blind station tries `points` prices, expecting every vehicle. Per unit
    the operator pays the second station the `incentive` and takes the `surcharge` from the first; `tol` is in
    units of payoff. Gain and marginal value of the types, gain and marginal profit of each blind station.
    """
    made = list(_type_certificates(market, played, points, tol))
    for j, bonus in ((0, -float(surcharge)), (1, float(incentive))):
        made += _station_certificates(market, j, float(played.prices[j]), bonus, points, tol)
    return tuple(made)


def _type_certificates(market: Any, played: Any, points: int, tol: float) -> Iterator[Certificate]:
    prices, at, amount = (np.asarray(v) for v in (played.prices, played.station, played.bought))
    rows = np.arange(len(at))
    margin = market.intercept[rows, at] - prices[at]
    have = margin * amount - market.curvature * amount**2
    tried = np.linspace(0.0, np.max(market.intercept / market.curvature[:, None]), points)[:, None]
    best = np.full(len(at), -np.inf)
    for j in (0, 1):
        payoff = (market.intercept[:, j] - prices[j]) * tried - market.curvature * tried**2
        best = np.maximum(best, np.max(payoff, axis=0))
    yield Certificate("gain of a type from another station or amount", float(np.max(best - have)), tol)
    # A gain is of second order in an error of the amount, so the marginal value is checked as well.
    marginal = np.where(
        amount > 0.0, np.abs(margin - 2.0 * market.curvature * amount), np.maximum(margin, 0.0) - amount
    )
    yield Certificate("marginal value of energy equals its price", float(np.max(marginal)), tol)


def _station_certificates(
    market: Any, station: int, price: float, bonus: float, points: int, tol: float
) -> Iterator[Certificate]:
    sells = market.weight / (2.0 * market.curvature)
    worth = market.intercept[:, station]

    def profit(p: float) -> float:
        return (p + bonus) * float(sells @ np.maximum(worth - p, 0.0))

    # NumPy's maximum, since Python's max loses NaN unless it comes first.
    best = np.max([profit(p) for p in np.linspace(0.0, float(market.intercept.max()), points)])
    name = f"blind station {station + 1}: "
    gain = float(np.maximum(best - profit(price), -price))
    yield Certificate(name + "gain from another price", gain, tol)
    slope = float(sells @ (worth - 2.0 * price - bonus))
    steep = abs(slope) if price != 0.0 else float(np.maximum(slope, 0.0))
    yield Certificate(name + "marginal profit is 0", steep, tol)


def limit_certificates(problem: Any, flow: Any, tol: float = 1e-9) -> tuple[Certificate, ...]:
    """Check voltages and currents of a power flow against the operator's limits; NaN is never certified."""
    voltage, used = np.asarray(flow.magnitude_pu, dtype=float), np.asarray(flow.loading, dtype=float)
    outside = np.max(np.maximum(problem.minimum_voltage - voltage, voltage - problem.maximum_voltage))
    most = problem.maximum_loading
    over = np.max(used - most) if math.isfinite(most) else np.max(0.0 * used)
    return (
        Certificate("voltages within their limits", float(np.maximum(outside, 0.0)), tol, "pu"),
        Certificate("currents within their limits", float(np.maximum(over, 0.0)), tol, "of rating"),
    )


def smaller_fail_certificate(problem: Any, flows: Sequence[Any]) -> Certificate:
    """Check that the network violates a limit at each smaller instrument that was tried.

    Instead of a flow stands None where the network cannot carry the loads. The certificate's value is the number
    of smaller instruments that would do, its tolerance 0.
    """
    good = sum(all(c.value <= 0.0 for c in limit_certificates(problem, flow)) for flow in flows if flow is not None)
    return Certificate(f"smaller instruments that would do, of {len(flows)} tried", float(good), 0.0)
