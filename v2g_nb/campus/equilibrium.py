"""The cars' equilibrium: Algorithm 1 of the paper as a generator, and the whole at once."""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice
from typing import Any

import numpy as np

from v2g_nb import checks
from v2g_nb.campus.certificates import certify_fleet
from v2g_nb.campus.game import FleetGame
from v2g_nb.certificate import Certificate
from v2g_nb.checks import FloatArray
from v2g_nb.games.dual import solve_potential_game
from v2g_nb.games.response import best_response, best_response_sweeps


@dataclass(frozen=True, eq=False)
class FleetEquilibrium:
    """Plans from which no car gains by changing its own plan.

    Parameters
    ----------
    plan_kw : numpy.ndarray, shape (cars, slots)
        Charging power of each car, negative while discharging.
    total_kw : numpy.ndarray, shape (slots,)
        Their sum S.
    price_eur_per_kwh : numpy.ndarray, shape (slots,)
        The price (1).
    energy_eur : float
        What all cars together pay for energy.
    converged : bool
        Whether the iteration met its tolerance.
    num_iter : int
        Newton steps or sweeps.
    residual : float
        Change in the last sweep, or the largest gap between the cars' sum and the total that the
        prices call for [kW].
    certificates : tuple of Certificate
        Feasibility, regret, potential gap, distance; empty if they were not asked for.
    """

    plan_kw: FloatArray
    total_kw: FloatArray
    price_eur_per_kwh: FloatArray
    energy_eur: float
    converged: bool
    num_iter: int
    residual: float
    certificates: tuple[Certificate, ...] = ()


@dataclass(frozen=True, eq=False)
class LiebmannStep:
    """One iterate of Algorithm 1: plans after `number` sweeps, their cost, and the change in the last sweep."""

    number: int
    plan_kw: FloatArray
    total_kw: FloatArray
    energy_eur: float
    change_kw: float


def car_best_response(game: FleetGame, plan_kw: Any, car: int) -> FloatArray:
    """Return the plan of least cost of one car while the others keep theirs [kW].

    Parameters
    ----------
    game : FleetGame
        Cars and prices.
    plan_kw : array_like, shape (cars, slots)
        Charging power of each car; the car's own row does not matter.
    car : int
        Who responds.

    Returns
    -------
    numpy.ndarray, shape (slots,)

    Raises
    ------
    InvalidInput
        If an argument is of another kind or shape, or `soc_weight` is above 0 and capacities differ.

    References
    ----------
    Shen et al., equations (2)-(9), with the total itself in place of its absolute value in (4).

    Examples
    --------
    >>> from v2g_nb.campus.fleet import Fleet
    >>> fleet = Fleet(2, [0, 0], [2, 2], [0.5, 0.5], [0.5, 0.5])
    >>> game = FleetGame(fleet, [40.0, 0.0], [0.0, 0.0], 0.002, deviation_weight=0.002)
    >>> car_best_response(game, np.zeros((2, 2)), 0)
    array([22.,  0.])
    """
    checks.instance("game", game, FleetGame)
    plan = checks.array("plan_kw", plan_kw, shape=(game.fleet.size, game.fleet.slots))
    checks.integer("car", car, low=0, high=game.fleet.size - 1)
    plan[car] = np.where(game.fleet.present[car], plan[car], 0.0)  # the response changes the stay only
    return best_response(game.users, game.shared, plan, car)


def liebmann(
    game: FleetGame, order: str = "cyclic", rng: np.random.Generator | None = None, start_kw: Any = None
) -> Iterator[LiebmannStep]:
    """Yield the iterates of Algorithm 1, without end.

    Parameters
    ----------
    game : FleetGame
        Cars and prices.
    order : str
        ``"cyclic"`` as printed, ``"random"`` with an order drawn afresh in each sweep, or
        ``"simultaneous"`` (Jacobi), which need not converge.
    rng : numpy.random.Generator, optional
        For the random order.
    start_kw : array_like, shape (cars, slots), optional
        Plans to start from, 0 outside the stays; by default nobody charges.

    Yields
    ------
    LiebmannStep

    Raises
    ------
    InvalidInput
        If an argument is of another kind or shape, or `soc_weight` is above 0 and capacities differ.

    References
    ----------
    Shen et al., Algorithm 1.

    Examples
    --------
    >>> from v2g_nb.campus.fleet import Fleet
    >>> fleet = Fleet(2, [0, 0], [2, 2], [0.5, 0.5], [0.5, 0.5])
    >>> game = FleetGame(fleet, [40.0, 0.0], [0.0, 0.0], 0.002, deviation_weight=0.002)
    >>> next(liebmann(game)).number
    1
    """
    checks.instance("game", game, FleetGame)
    start = np.zeros((game.fleet.size, game.fleet.slots)) if start_kw is None else start_kw
    start = checks.array("start_kw", start, shape=(game.fleet.size, game.fleet.slots))
    sweeps = best_response_sweeps(game.users, game.shared, start, order, rng)
    return (LiebmannStep(s.number, s.flows, s.total, _paid(game, s.total), s.change) for s in sweeps)


def _paid(game: FleetGame, total: FloatArray) -> float:
    """Return what the cars pay together (11) [EUR]."""
    return float(total @ game.price(total)) * game.fleet.hours


def solve_liebmann(
    game: FleetGame,
    order: str = "cyclic",
    rng: np.random.Generator | None = None,
    tol: float = 1e-3,
    max_iter: int = 10_000,
) -> FleetEquilibrium:
    """Run Algorithm 1 until a sweep changes the plans by less than `tol`.

    Parameters
    ----------
    game : FleetGame
        Cars and prices.
    order : str
        As in :func:`liebmann`.
    rng : numpy.random.Generator, optional
        For the random order.
    tol : float
        Change in a sweep at which to stop (Frobenius norm) [kW].
    max_iter : int
        Largest number of sweeps K_max; at least 1.

    Returns
    -------
    FleetEquilibrium
        Its certificates say how far from an equilibrium the plans are; a small change says little.

    Raises
    ------
    InvalidInput
        If an argument is of another kind or shape, or `soc_weight` is above 0 and capacities differ.

    References
    ----------
    Shen et al., Algorithm 1.

    Examples
    --------
    >>> from v2g_nb.campus.fleet import Fleet
    >>> fleet = Fleet(2, [0, 0], [2, 2], [0.5, 0.5], [0.5, 0.5])
    >>> game = FleetGame(fleet, [40.0, 0.0], [0.0, 0.0], 0.002, deviation_weight=0.002)
    >>> solve_liebmann(game, tol=1e-9).plan_kw.round(2)
    array([[18.95,  0.  ],
           [18.95,  0.  ]])
    """
    checks.real("tol", tol, low=0.0, open_low=True)
    checks.integer("max_iter", max_iter, low=1)
    for step in islice(liebmann(game, order, rng), max_iter):
        if step.change_kw < tol:
            break
    notes = certify_fleet(game, step.plan_kw)
    price = game.price(step.total_kw)
    return FleetEquilibrium(
        step.plan_kw, step.total_kw, price, step.energy_eur, step.change_kw < tol, step.number, step.change_kw, notes
    )


def solve_fleet(game: FleetGame, certify: bool = True, start_kw: Any = None) -> FleetEquilibrium:
    """Return the cars' one equilibrium: the minimum of their potential.

    Parameters
    ----------
    game : FleetGame
        Cars and prices.
    certify : bool
        Whether to compute certificates (one linear program a car).
    start_kw : array_like, shape (cars, slots), optional
        Plans near which it is expected, such as those at a neighbouring price.

    Returns
    -------
    FleetEquilibrium

    Raises
    ------
    InvalidInput
        If an argument is of another kind or shape, or `soc_weight` is above 0 and capacities differ.

    Examples
    --------
    >>> from v2g_nb.campus.fleet import Fleet
    >>> fleet = Fleet(2, [0, 0], [2, 2], [0.5, 0.5], [0.5, 0.5])
    >>> game = FleetGame(fleet, [40.0, 0.0], [0.0, 0.0], 0.002, deviation_weight=0.002)
    >>> solve_fleet(game).total_kw.round(3)
    array([37.895,  0.   ])
    """
    checks.instance("game", game, FleetGame)
    checks.flag("certify", certify)
    if start_kw is not None:
        start_kw = checks.array("start_kw", start_kw, shape=(game.fleet.size, game.fleet.slots))
    found = solve_potential_game(game.users, game.shared, certify=False, start=start_kw)
    notes = certify_fleet(game, found.flows) if certify else ()
    return FleetEquilibrium(
        found.flows, found.total, game.price(found.total), _paid(game, found.total),
        found.converged, found.num_iter, found.residual, notes,
    )  # fmt: skip
