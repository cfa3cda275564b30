"""The cars' equilibrium: all at once, and by Algorithm 1 of the paper."""

from dataclasses import dataclass
from itertools import islice

import numpy as np

from v2g_nb.campus.certificates import certify_fleet
from v2g_nb.campus.fleet import Count, Positive
from v2g_nb.campus.game import FleetGame, Plan
from v2g_nb.certificate import Certificate, Result
from v2g_nb.checks import FloatArray
from v2g_nb.games.storage_solvers import Order, best_response_sweeps, solve_storage_game


@dataclass(frozen=True, eq=False)
class FleetEquilibrium(Result):
    """Plans from which no car gains by changing its own plan.

    Parameters
    ----------
    plan_kw : numpy.ndarray, shape (cars, slots)
        Charging power of each car, negative while discharging.
    total_kw : numpy.ndarray, shape (slots,)
        Their sum S.
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
    energy_eur: float
    converged: bool
    num_iter: int
    residual: float
    certificates: tuple[Certificate, ...] = ()


def solve_fleet(game: FleetGame, certify: bool = True, start_kw: Plan | None = None) -> FleetEquilibrium:
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
    >>> fleet = Fleet(2, [0, 0], [2, 2], [0.5, 0.5], [0.5, 0.5], hours=0.25)
    >>> game = FleetGame(fleet, [40.0, 0.0], [0.0, 0.0], 0.002, deviation_weight=0.002)
    >>> solve_fleet(game).total_kw.round(3)
    array([37.895,  0.   ])
    """
    found = solve_storage_game(game.storage, certify=False, start=start_kw)
    notes = certify_fleet(game, found.flows) if certify else ()
    energy = game.paid(found.total)
    return FleetEquilibrium(found.flows, found.total, energy, found.converged, found.num_iter, found.residual, notes)


def solve_liebmann(
    game: FleetGame,
    order: Order = "cyclic",
    rng: np.random.Generator | None = None,
    tol: Positive = 1e-3,
    max_iter: Count = 10_000,
) -> FleetEquilibrium:
    """Run Algorithm 1 until a sweep changes the plans by less than `tol`.

    Parameters
    ----------
    game : FleetGame
        Cars and prices.
    order : str
        ``"cyclic"`` as printed, ``"random"`` with an order drawn afresh in each sweep, or
        ``"simultaneous"`` (Jacobi), which need not converge.
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
    >>> fleet = Fleet(2, [0, 0], [2, 2], [0.5, 0.5], [0.5, 0.5], hours=0.25)
    >>> game = FleetGame(fleet, [40.0, 0.0], [0.0, 0.0], 0.002, deviation_weight=0.002)
    >>> solve_liebmann(game, tol=1e-9).plan_kw.round(2)
    array([[18.95,  0.  ],
           [18.95,  0.  ]])
    """
    for sweep in islice(best_response_sweeps(game.storage, order=order, rng=rng), max_iter):
        if sweep.change < tol:
            break
    notes, energy = certify_fleet(game, sweep.flows), game.paid(sweep.total)
    return FleetEquilibrium(sweep.flows, sweep.total, energy, sweep.change < tol, sweep.number, sweep.change, notes)
