"""The aggregator as leader: its profit (10)-(12), Algorithm 2, and the best price of all."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from v2g_nb import checks
from v2g_nb.campus.building import Campus, executed_request
from v2g_nb.campus.equilibrium import FleetEquilibrium, solve_fleet
from v2g_nb.campus.fleet import Fleet
from v2g_nb.campus.game import FleetGame
from v2g_nb.campus.money import Money, same_day, settle, settle_before
from v2g_nb.certificate import Certificate
from v2g_nb.checks import FloatArray
from v2g_nb.games.dual import StorageEquilibrium, equilibrium_sensitivity
from v2g_nb.leader.line_search import LineMaximum, maximise_on_line


def campus_game(
    campus: Campus,
    fleet: Fleet,
    price_base: float,
    deviation_weight: float = 1e-3,
    soc_weight: float = 0.0,
    hard_target: bool = True,
) -> FleetGame:
    """Return the game that the cars play on a campus at one price.

    Parameters
    ----------
    campus : Campus
        Request and the aggregator's other demand.
    fleet : Fleet
        The cars.
    price_base : float
        Scale p_base of the price (1) [EUR/kW^2h].
    deviation_weight, soc_weight, hard_target : float, float, bool
        As in :class:`~v2g_nb.campus.game.FleetGame`.

    Returns
    -------
    FleetGame

    Raises
    ------
    InvalidInput
        If an argument is of another kind or out of range, or campus and fleet disagree on slots.

    Examples
    --------
    >>> from v2g_nb.campus.building import calibrated_campus
    >>> campus_game(calibrated_campus(), Fleet(96, [32], [64], [0.4], [0.8]), 1e-3).fleet.size
    1
    """
    checks.instance("campus", campus, Campus)
    checks.instance("fleet", fleet, Fleet)
    same_day(campus, fleet)
    return FleetGame(
        fleet, campus.request_kw, campus.baseline_kw, price_base, deviation_weight, soc_weight, hard_target
    )


def profit_slope(campus: Campus, game: FleetGame, found: FleetEquilibrium) -> float:
    """Return the derivative of the aggregator's profit (10) with respect to p_base, through the cars' equilibrium.

    Parameters
    ----------
    campus : Campus
        Building, grid price and contracts.
    game : FleetGame
        Cars and prices.
    found : FleetEquilibrium
        Their equilibrium.

    Returns
    -------
    float
        In EUR per EUR/kW^2h; exact while no bound changes between active and free.

    Raises
    ------
    InvalidInput
        If an argument is of another kind, or campus, game and equilibrium do not fit together, or
        `soc_weight` is above 0 and capacities differ.

    Examples
    --------
    >>> from v2g_nb.campus.building import calibrated_campus
    >>> campus = calibrated_campus()
    >>> game = campus_game(campus, Fleet(96, [30, 31], [64, 66], [0.4, 0.5], [0.8, 0.8]), 1e-3)
    >>> profit_slope(campus, game, solve_fleet(game)) < 0
    True
    """
    checks.instance("campus", campus, Campus)
    checks.instance("game", game, FleetGame)
    checks.instance("found", found, FleetEquilibrium)
    same_day(campus, game.fleet)
    plan = checks.array("found.plan_kw", found.plan_kw, shape=(game.fleet.size, game.fleet.slots))
    total = checks.array("found.total_kw", found.total_kw, shape=(game.fleet.slots,))
    h, p = campus.hours, game.price_base
    gap = game.baseline_kw + total - game.request_kw
    rest = game.shared.shortfall * np.maximum(0.0, game.shared.wanted - total)
    inner = StorageEquilibrium(plan, total, h * p * gap - rest, True, 0, 0.0)
    move = equilibrium_sensitivity(game.users, game.shared, inner, h * (game.baseline_kw - game.request_kw), h)
    exchange = executed_request(campus.request_kw, total)
    follow = np.where((exchange == total) & (campus.request_kw != 0), move, 0.0)
    revenue = h * float(total @ gap + p * (move @ (gap + total)))
    drawn = campus.baseline_kw + total - exchange > 0
    grid = h * float(campus.grid_price_eur_per_kwh @ np.where(drawn, move - follow, 0.0))
    net = campus.load_kw - campus.pv_kw + exchange
    bill = h * float(campus.grid_price_eur_per_kwh @ np.where(net > 0, follow, 0.0))
    bill += campus.peak_price_eur_per_kw * float(follow[np.argmax(net)])
    return revenue - grid - campus.fee_share * bill


@dataclass(frozen=True, eq=False)
class LeaderSolution:
    """The aggregator's best price and what follows from it.

    Parameters
    ----------
    price_base : float
        The best p_base [EUR/kW^2h].
    profit_eur : float
        The aggregator's profit (10).
    bound : str
        What holds the price: ``"low"``, ``"high"``, ``"constraint"`` (the cars' cap), or ``""``.
    game : FleetGame
        The cars' game at that price.
    fleet : FleetEquilibrium
        Its equilibrium.
    money : Money
        The payments.
    tried_price_base, tried_profit_eur : numpy.ndarray
        All prices tried, and the profits there; NaN where the cap is broken.
    converged : bool
        Whether every equilibrium on the way was found.
    num_iter : int
        Number of equilibria solved.
    residual : float
        Width to which ``log p_base`` is known.
    certificates : tuple of Certificate
        Those of the cars' equilibrium, of the search, and of the first-order condition.
    """

    price_base: float
    profit_eur: float
    bound: str
    game: FleetGame
    fleet: FleetEquilibrium
    money: Money
    tried_price_base: FloatArray
    tried_profit_eur: FloatArray
    converged: bool
    num_iter: int
    residual: float
    certificates: tuple[Certificate, ...]


def solve_leader(
    campus: Campus,
    fleet: Fleet,
    low: float = 1e-4,
    high: float = 1e-2,
    cap: float = 0.72,
    deviation_weight: float = 1e-3,
    soc_weight: float = 0.0,
    hard_target: bool = True,
    points: int = 25,
) -> LeaderSolution:
    """Return the aggregator's best price: a global search in ``log p_base``.

    Parameters
    ----------
    campus : Campus
        Building, grid price and contracts.
    fleet : Fleet
        The cars.
    low, high : float
        Range of p_base [EUR/kW^2h].
    cap : float
        Share of what they paid before that the cars together pay at most.
    deviation_weight, soc_weight, hard_target : float, float, bool
        As in :class:`~v2g_nb.campus.game.FleetGame`.
    points : int
        Prices of the first grid.

    Returns
    -------
    LeaderSolution

    Raises
    ------
    InvalidInput
        If an argument is of another kind or out of range, or campus and fleet disagree on slots, or
        `soc_weight` is above 0 and capacities differ.
    Infeasible
        If the cap is broken at every price tried.

    Notes
    -----
    The first-order condition asks for a profit that is smooth at the price. A best price at a kink,
    as a soft target can make it, fails that certificate.

    References
    ----------
    Shen et al., equation (17).

    Examples
    --------
    >>> from v2g_nb.campus.building import calibrated_campus
    >>> fleet = Fleet(96, [30] * 12, [66] * 12, [0.5] * 12, [0.8] * 12)
    >>> solve_leader(calibrated_campus(), fleet).bound
    'constraint'
    """
    checks.real("low", low, low=0.0, open_low=True)
    checks.real("high", high, low=low, open_low=True)
    checks.real("cap", cap, low=0.0, open_low=True)
    checks.integer("points", points, low=3)
    first = campus_game(campus, fleet, low, deviation_weight, soc_weight, hard_target)
    allowed = cap * float(settle_before(campus, fleet).cars_eur.sum())
    near: dict[str, Any] = {"plan": None, "fine": True}

    def solved(game: FleetGame, certify: bool) -> FleetEquilibrium:
        found = solve_fleet(game, certify=certify, start_kw=near["plan"])
        # From some plans, such as those of a price beyond a kink, Newton's steps go round in a circle.
        return found if found.converged else solve_fleet(game, certify=certify)

    def at(log_price: float) -> tuple[float, float]:
        game = replace(first, price_base=float(np.exp(log_price)))
        found = solved(game, certify=False)
        near["plan"], near["fine"] = found.plan_kw, near["fine"] and found.converged
        return settle(campus, game, found.plan_kw).aggregator_eur, allowed - found.energy_eur

    line = maximise_on_line(at, float(np.log(low)), float(np.log(high)), points)
    game = replace(first, price_base=float(np.exp(line.at)))
    found = solved(game, certify=True)
    money = settle(campus, game, found.plan_kw)
    slope = profit_slope(campus, game, found) * game.price_base
    over = Certificate("payment above the cap", max(0.0, found.energy_eur - allowed), 1e-6, "EUR")
    order = Certificate("profit lost by not moving the price, per e-fold", _gain_of_moving(line, slope), 1e-2, "EUR")
    ok = np.where(line.slacks >= 0, line.values, np.nan)
    notes = (*found.certificates, *line.certificates, over, order)
    return LeaderSolution(
        game.price_base, money.aggregator_eur, line.bound, game, found, money, np.exp(line.points), ok,
        bool(near["fine"] and found.converged), len(line.points), 1e-7, notes,
    )  # fmt: skip


def _gain_of_moving(line: LineMaximum, slope: float) -> float:
    """Return the profit, to first order, of moving from the best point where that is allowed; `slope` is d value/dx."""
    if line.bound == "":
        return abs(slope)
    inside = 1.0 if line.bound == "low" else -1.0
    if line.bound == "constraint":  # away from the nearest point at which the constraint is broken
        broken = line.points[line.slacks < 0]
        inside = float(np.sign(line.at - broken[np.argmin(np.abs(broken - line.at))]))
    return max(0.0, inside * slope)


@dataclass(frozen=True)
class AscentStep:
    """One iterate of Algorithm 2: price, profit, gradient estimate, and whether its stopping rule fires."""

    number: int
    price_base: float
    profit_eur: float
    gradient: float
    stopped: bool


def gradient_ascent(
    campus: Campus,
    game: FleetGame,
    low: float,
    high: float,
    perturbation: float,
    rate: float,
    tol: float = 1e-3,
) -> Iterator[AscentStep]:
    """Yield the iterates of Algorithm 2, from the game's own price on, until its stopping rule fires.

    At a bound of the price it need not fire: the iterates then never end.

    Parameters
    ----------
    campus : Campus
        Building, grid price and contracts.
    game : FleetGame
        Cars and the price to start from; its price above `perturbation`.
    low, high : float
        Bounds p_min and p_max of p_base [EUR/kW^2h].
    perturbation : float
        Step delta of the difference quotient; above 0 and below `low` [EUR/kW^2h].
    rate : float
        Update rate alpha [(EUR/kW^2h)^2 per EUR]: change of p_base per unit of gradient.
    tol : float
        Difference of profits at which to stop [EUR].

    Yields
    ------
    AscentStep

    Raises
    ------
    InvalidInput
        If an argument is of another kind or out of range, or campus and game disagree on slots, or
        `soc_weight` is above 0 and capacities differ.

    References
    ----------
    Shen et al., Algorithm 2.

    Examples
    --------
    >>> from v2g_nb.campus.building import calibrated_campus
    >>> campus = calibrated_campus()
    >>> game = campus_game(campus, Fleet(96, [30] * 12, [66] * 12, [0.5] * 12, [0.8] * 12), 5e-4)
    >>> next(gradient_ascent(campus, game, 1e-4, 1e-3, 1e-5, 1e-9)).number
    0
    """
    checks.instance("campus", campus, Campus)
    checks.instance("game", game, FleetGame)
    same_day(campus, game.fleet)
    checks.real("low", low, low=0.0, open_low=True)
    checks.real("high", high, low=low, open_low=True)
    checks.real("perturbation", perturbation, low=0.0, high=low, open_low=True, open_high=True)
    checks.real("game.price_base", game.price_base, low=perturbation, open_low=True)
    checks.real("rate", rate, low=0.0, open_low=True)
    checks.real("tol", tol, low=0.0)
    return _ascent(campus, game, (low, high), perturbation, rate, tol)


def _ascent(
    campus: Campus, game: FleetGame, clamp: tuple[float, float], delta: float, rate: float, tol: float
) -> Iterator[AscentStep]:
    def profit(price: float) -> float:
        at = replace(game, price_base=price)
        return settle(campus, at, solve_fleet(at, certify=False).plan_kw).aggregator_eur

    price, number = game.price_base, 0
    while True:
        up, down = profit(price + delta), profit(price - delta)
        gradient = (up - down) / (2.0 * delta)
        stopped = abs(up - down) < tol
        yield AscentStep(number, price, profit(price), gradient, stopped)
        if stopped:
            return
        price = min(clamp[1], max(clamp[0], price + rate * gradient))
        number += 1
