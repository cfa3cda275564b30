"""Certificates of the cars' equilibrium, from equations (1)-(9) and linear programs; no solver is known here."""

from typing import Annotated

import numpy as np

from v2g_nb.campus.fleet import Fleet, NonNegative
from v2g_nb.campus.game import FleetGame
from v2g_nb.certificate import Certificate
from v2g_nb.checks import FloatArray
from v2g_nb.games.certificates import Plans, certificates_of_gaps, tangent_gaps

Plan = Annotated[FloatArray, Plans("game.fleet.size game.fleet.slots")]


def regret_bounds(game: FleetGame, plan_kw: Plan) -> FloatArray:
    """Return what each car could save at most by any change of its own plan [EUR].

    Parameters
    ----------
    game : FleetGame
        Cars and prices.
    plan_kw : array_like, shape (cars, slots)
        Charging power of each car.

    Returns
    -------
    numpy.ndarray, shape (cars,)
        Upper bounds, zero at the equilibrium: the tangent of each car's convex cost, minimised over
        (6)-(9) by a linear program.

    Raises
    ------
    InvalidInput
        If an argument is of another kind or shape, or `soc_weight` is above 0 and capacities differ.

    Examples
    --------
    >>> fleet = Fleet(2, [0, 0], [2, 2], [0.5, 0.5], [0.5, 0.5], hours=0.25)
    >>> game = FleetGame(fleet, [40.0, 0.0], [0.0, 0.0], 0.002, deviation_weight=0.002)
    >>> regret_bounds(game, np.zeros((2, 2))).round(2)
    array([3.96, 3.96])
    """
    total = plan_kw.sum(axis=0)
    price = game.price_base * (game.baseline_kw + total - game.request_kw)  # (1)
    energy = game.fleet.hours * (price + game.price_base * plan_kw)  # (3): a car moves its own price as well
    unused = np.where(game.request_kw > 0, np.maximum(0.0, game.request_kw - total), 0.0)
    return tangent_gaps(game.storage, plan_kw, energy - 2.0 * game.deviation_weight * unused)


def certify_fleet(game: FleetGame, plan_kw: Plan, tol: NonNegative = 1e-6) -> tuple[Certificate, ...]:
    """Return the certificates that a plan is the cars' equilibrium.

    Parameters
    ----------
    game : FleetGame
        Cars and prices.
    plan_kw : array_like, shape (cars, slots)
        Charging power of each car.
    tol : float
        For feasibility [kW and kWh], regret and potential gap [EUR]; that of the distance follows from it.

    Returns
    -------
    tuple of Certificate
        Feasibility, maximum regret, potential gap, distance ``(|P - P*|^2 + |S - S*|^2)^(1/2)``.

    Raises
    ------
    InvalidInput
        If an argument is of another kind or shape, or `soc_weight` is above 0 and capacities differ.

    Examples
    --------
    >>> fleet = Fleet(2, [0, 0], [2, 2], [0.5, 0.5], [0.5, 0.5], hours=0.25)
    >>> game = FleetGame(fleet, [40.0, 0.0], [0.0, 0.0], 0.002, deviation_weight=0.002)
    >>> [c.holds for c in certify_fleet(game, [[360 / 19, -9.0], [360 / 19, -9.0]])]
    [True, False, False, False]
    """
    slope = game.price_base * game.fleet.hours
    feasible = Certificate("violation of (6)-(9)", violation(game.fleet, plan_kw, game.hard_target), tol, "kW, kWh")
    return (feasible, *certificates_of_gaps(regret_bounds(game, plan_kw), slope, tol, "EUR", "kW"))


def violation(fleet: Fleet, plan: FloatArray, hard_target: bool) -> float:
    """Return by how much the worst of (6)-(9) is broken [kW or kWh]; NaN if the plan has one."""
    if not np.isfinite(plan).all():
        return float("nan")
    stored = fleet.soc_start[:, None] * fleet.capacity_kwh[:, None] + np.cumsum(plan, axis=1) * fleet.hours
    size = fleet.capacity_kwh[:, None]
    broken = [
        np.maximum(fleet.soc_low * size - stored, stored - fleet.soc_high * size),  # (6)
        np.abs(plan) - fleet.power_kw[:, None],  # (8)
        np.where(fleet.present, 0.0, np.abs(plan)),  # (9)
    ]
    if hard_target:
        broken.append((fleet.soc_target * fleet.capacity_kwh - stored[:, -1])[:, None])  # (7)
    return float(max(np.max(b, initial=0.0) for b in broken))
