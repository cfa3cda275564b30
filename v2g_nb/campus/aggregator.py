"""The aggregator as leader: its profit (10)-(12), Algorithm 2, and the best price of all."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Annotated, Any

import numpy as np

from v2g_nb import checks
from v2g_nb.arguments import Record
from v2g_nb.campus.day import Campus, Money, executed_request, same_day
from v2g_nb.campus.equilibrium import FleetEquilibrium, solve_fleet
from v2g_nb.campus.fleet import Fleet, NonNegative, Positive
from v2g_nb.campus.game import FleetGame
from v2g_nb.certificate import Certificate, Result
from v2g_nb.checks import FloatArray, Whole
from v2g_nb.games.storage_solvers import equilibrium_sensitivity
from v2g_nb.leader.line_search import LineMaximum, maximise_on_line


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
    >>> campus = Campus.calibrated()
    >>> game = campus.game(Fleet(96, [30, 31], [64, 66], [0.4, 0.5], [0.8, 0.8], hours=0.25), 1e-3)
    >>> profit_slope(campus, game, solve_fleet(game)) < 0
    True
    """
    same_day(campus, game.fleet)
    checks.array("found.plan_kw", found.plan_kw, shape=(game.fleet.size, game.fleet.slots))
    total = checks.array("found.total_kw", found.total_kw, shape=(game.fleet.slots,))
    h, p = campus.hours, game.price_base
    gap = game.baseline_kw + total - game.request_kw
    rest = game.storage.shortfall * np.maximum(0.0, game.storage.wanted - total)
    rate = h * (game.baseline_kw - game.request_kw)
    move = equilibrium_sensitivity(game.storage, h * p * gap - rest, total, rate, h)
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
class AggregatorPrice(Result):
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
    certificates: tuple[Certificate, ...]


def solve_aggregator_price(
    campus: Campus,
    fleet: Fleet,
    low: Positive = 1e-4,
    high: Positive = 1e-2,
    cap: Positive = 0.72,
    points: Annotated[int, Whole(low=3)] = 25,
    **weights: Any,
) -> AggregatorPrice:
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
    points : int
        Prices of the first grid.
    **weights
        ``deviation_weight``, ``soc_weight`` and ``hard_target`` as in :class:`FleetGame`.

    Returns
    -------
    AggregatorPrice

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
    >>> fleet = Fleet(96, [30] * 12, [66] * 12, [0.5] * 12, [0.8] * 12, hours=0.25)
    >>> solve_aggregator_price(Campus.calibrated(), fleet).bound
    'constraint'
    """
    checks.real("high", high, low=low, open_low=True)
    first = campus.game(fleet, low, **weights)
    allowed = cap * float(campus.settle_before(fleet).cars_eur.sum())
    near: dict[str, Any] = {"plan": None, "fine": True}

    def solved(game: FleetGame, certify: bool) -> FleetEquilibrium:
        found = solve_fleet(game, certify=certify, start_kw=near["plan"])
        # From some plans, such as those of a price beyond a kink, Newton's steps go round in a circle.
        return found if found.converged else solve_fleet(game, certify=certify)

    def at(log_price: float) -> tuple[float, float]:
        game = replace(first, price_base=float(np.exp(log_price)))
        found = solved(game, certify=False)
        near["plan"], near["fine"] = found.plan_kw, near["fine"] and found.converged
        return campus.settle(game, found.plan_kw).aggregator_eur, allowed - found.energy_eur

    line = maximise_on_line(at, float(np.log(low)), float(np.log(high)), points)
    game = replace(first, price_base=float(np.exp(line.at)))
    found = solved(game, certify=True)
    money = campus.settle(game, found.plan_kw)
    slope = profit_slope(campus, game, found) * game.price_base
    over = Certificate("payment above the cap", max(0.0, found.energy_eur - allowed), 1e-6, "EUR")
    order = Certificate("profit lost by not moving the price, per e-fold", _gain_of_moving(line, slope), 1e-2, "EUR")
    ok = np.where(line.slacks >= 0, line.values, np.nan)
    notes = (*found.certificates, *line.certificates, over, order)
    return AggregatorPrice(
        game.price_base, money.aggregator_eur, line.bound, game, found, money, np.exp(line.points), ok,
        bool(near["fine"] and found.converged), notes,
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
class AscentStep(Record):
    """One iterate of Algorithm 2: price, profit, gradient estimate, and whether its stopping rule fires."""

    number: int
    price_base: float
    profit_eur: float
    gradient: float
    stopped: bool


def gradient_ascent(
    campus: Campus,
    game: FleetGame,
    low: Positive,
    high: Positive,
    perturbation: Positive,
    rate: Positive,
    tol: NonNegative = 1e-3,
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
    >>> campus = Campus.calibrated()
    >>> game = campus.game(Fleet(96, [30] * 12, [66] * 12, [0.5] * 12, [0.8] * 12, hours=0.25), 5e-4)
    >>> next(gradient_ascent(campus, game, 1e-4, 1e-3, 1e-5, 1e-9)).number
    0
    """
    same_day(campus, game.fleet)
    checks.real("high", high, low=low, open_low=True)
    checks.real("perturbation", perturbation, high=low, open_high=True)
    checks.real("game.price_base", game.price_base, low=perturbation, open_low=True)

    def profit(price: float) -> float:
        at = replace(game, price_base=price)
        return campus.settle(at, solve_fleet(at, certify=False).plan_kw).aggregator_eur

    def iterates() -> Iterator[AscentStep]:
        price, number, stopped = game.price_base, 0, False
        while not stopped:
            up, down = profit(price + perturbation), profit(price - perturbation)
            gradient = (up - down) / (2.0 * perturbation)
            stopped = abs(up - down) < tol
            yield AscentStep(number, price, profit(price), gradient, stopped)
            price = min(high, max(low, price + rate * gradient))
            number += 1

    return iterates()
