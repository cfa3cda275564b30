"""Checks of outcomes by code that knows no solver: closed formulas for one car, sums, and weak duality."""

from dataclasses import replace

import numpy as np

from v2g_nb.certificate import Certificate
from v2g_nb.checks import FloatArray
from v2g_nb.synthesis.town import Town, TownOutcome, best_surplus, car_value, local_prices

MONEY_EUR = 1e-6  # how far books may be from adding up
LIMIT = 1e-6  # how far a limit may be exceeded, relative
REGRET_EUR = 1e-5  # what a car may still gain by itself


def shared_certificates(outcome: TownOutcome) -> tuple[Certificate, ...]:
    """Check what every mechanism owes: stays kept, limits kept, and no money made or lost."""
    town, energy, limits = outcome.town, outcome.energy_kwh, outcome.town.limits
    outside = np.abs(np.where(town.there[:, None, :], np.minimum(energy, 0.0), energy))
    over = (limits.matrix @ energy.sum(axis=0) - limits.right) / (1.0 + limits.right)
    bought = float(town.energy_price @ energy.sum(axis=(0, 1)))
    left = float(outcome.payment_eur.sum()) - bought - outcome.seller_eur - outcome.grid_eur
    return (
        Certificate("energy outside a stay or negative", float(outside.max()), 1e-6, "kWh"),
        Certificate("limit exceeded, relative", float(np.maximum(over, 0.0).max()), LIMIT),
        Certificate("money left over", abs(left), MONEY_EUR, "EUR"),
    )


def certified(outcome: TownOutcome, *notes: Certificate) -> TownOutcome:
    """Return an outcome with its mechanism's own certificates and those that all mechanisms share."""
    return replace(outcome, certificates=(*notes, *shared_certificates(outcome)))


def market_certificates(outcome: TownOutcome) -> tuple[Certificate, ...]:
    """Check a market equilibrium: no car would rather take something else, and only full limits have a price.

    Largest regret; unused room with a price; prices against the sum that they should be; welfare below
    the dual bound.
    """
    town, energy, asked, mu = outcome.town, outcome.energy_kwh, outcome.price, outcome.leader
    limits = town.limits
    spare = limits.right - limits.matrix @ energy.sum(axis=0)
    idle = float(np.abs(mu * spare).max() + np.maximum(-mu, 0.0).max() * limits.right.max())
    sum_off = float(np.abs(asked - local_prices(town, mu)).max())
    regret = gap = np.nan
    if np.isfinite(asked).all() and np.isfinite(mu).all():
        had = car_value(town, energy) - np.einsum("ijt,jt->i", energy, asked)
        regret = float((best_surplus(town, asked) - had).max())
        made = float((had + np.einsum("ijt,jt->i", energy, asked - town.energy_price)).sum())
        gap = abs(town.dual_bound(np.maximum(mu, 0.0)) - made)
    return (
        Certificate("largest regret of a car", regret, REGRET_EUR, "EUR"),
        Certificate("worth of unused room with a price", idle, 1e-4, "EUR"),
        Certificate("price against energy and limits", sum_off, 1e-9, "EUR/kWh"),
        Certificate("welfare below what no outcome exceeds", gap, 1e-4, "EUR"),
    )


def anticipation_certificates(outcome: TownOutcome) -> tuple[Certificate, ...]:
    """Check the aggregator's game: no car gains by itself, its own effect on the price included.

    Car i faces p (B + S) with its own share in S. Its best answer equalises w - w E / n with
    theta / P + p (B + S_others + 2 x) wherever it takes something.
    """
    energy, (p, base) = outcome.energy_kwh, outcome.leader.tolist()
    total, worst = energy.sum(axis=0), np.nan
    if np.isfinite(energy).all():
        worst = max(_regret(outcome.town, i, own, p, p * (base + total - own)) for i, own in enumerate(energy))
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
