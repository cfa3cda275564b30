"""The market with local prices: cars take prices as given, every limit of the grid has a price."""

from typing import Any

import numpy as np
from scipy import sparse

from v2g_nb import checks
from v2g_nb.checks import FloatArray
from v2g_nb.complementarity.barrier import interior_point
from v2g_nb.synthesis.certificates import market_certificates, shared_certificates
from v2g_nb.synthesis.outcome import Outcome
from v2g_nb.synthesis.town import Town

TOLERANCE = 1e-10  # relative; the certificates are in EUR


def totals_matrix(town: Town) -> Any:
    """Return the matrix that sums options to cars, the options' numbers as columns."""
    car = town.options.car
    return sparse.coo_array((np.ones(len(car)), (car, np.arange(len(car)))), shape=(town.size, len(car)))


def spread(town: Town, values: FloatArray) -> FloatArray:
    """Return values of options as an array of shape (cars, 2, hours), zero elsewhere."""
    whole = np.zeros((town.size, 2, town.hours))
    whole[town.options] = values
    return whole


def solve_market(town: Town) -> Outcome:
    """Return the equilibrium in which cars and sellers take local prices as given.

    It minimises one convex function, cost less worth, under the grid's limits: the prices are the
    energy's price and what the full limits add to it. Sellers pass prices on and earn nothing.

    Parameters
    ----------
    town : Town
        The setting.

    Returns
    -------
    Outcome
        Its `leader` holds the price of each limit in each hour, shape (limits, hours).

    Raises
    ------
    InvalidInput
        If `town` is no Town.

    Examples
    --------
    >>> town = Town([1.0], [10.0], [5.0], [0], [1], [0.2], [50.0])
    >>> float(solve_market(town).energy_kwh[0, 0, 0].round(6))
    7.0

    References
    ----------
    Hou, Li and Pang, (1) and (11)-(13), as one program: the integrability theorem of the city's chapters.
    """
    checks.instance("town", town, Town)
    car, station, hour = town.options
    k, limits = len(car), town.limits
    rows = limits.right.size
    # variables: options, the cars' totals, and the room left under each limit as a share of it, hour by
    # hour: with rows of one size the interior point starts well inside
    draws = sparse.coo_array((np.ones(k), (station * town.hours + hour, np.arange(k))), shape=(2 * town.hours, k))
    used = sparse.kron(sparse.coo_array(limits.matrix), sparse.eye_array(town.hours)) @ draws
    share = sparse.diags_array(1.0 / limits.right.ravel()) @ used
    matrix = sparse.block_array(
        [[totals_matrix(town), -sparse.eye_array(town.size), None], [share, None, sparse.eye_array(rows)]]
    )
    right = np.concatenate([np.zeros(town.size), np.ones(rows)])
    linear = np.concatenate([town.time_cost[car, station] + town.energy_price[hour], -town.first_value, np.zeros(rows)])
    bend = np.concatenate([np.zeros(k), town.first_value / town.room_kwh, np.zeros(rows)])
    high = np.concatenate([np.full(k, np.inf), town.room_kwh, np.full(rows, np.inf)])
    found = interior_point(
        lambda x: linear + bend * x, lambda x: bend, matrix, right, np.zeros(len(linear)), high, tol=TOLERANCE
    )
    limit_price = np.maximum(-found.dual[town.size :], 0.0).reshape(limits.right.shape) / limits.right
    price = town.energy_price + limits.matrix.T @ limit_price
    energy = spread(town, np.maximum(found.point[:k], 0.0))
    paid = np.einsum("ijt,jt->i", energy, price)
    rent = float((limit_price * (limits.matrix @ energy.sum(axis=0))).sum())
    notes = (
        *found.certificates,
        *market_certificates(town, energy, price, limit_price),
        *shared_certificates(town, energy, paid, 0.0, rent),
    )
    return Outcome(
        "local prices", energy, paid, 0.0, rent, price, limit_price, found.converged, found.num_iter,
        max(c.value for c in notes), notes,
    )  # fmt: skip
