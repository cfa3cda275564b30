"""Certificates of the storage game: what every player could still gain, from one linear program each.

A player's cost is convex in its own flows, so it lies above its tangent: no deviation saves more
than the best one against the tangent, and that is a linear program. The sum of these savings bounds
how far the potential is from its minimum, and the potential's curvature turns the bound into a
distance. Nothing here knows how the plans were found.
"""

from typing import Any

import numpy as np
import scipy.sparse as sp
from scipy.optimize import linprog

from v2g_nb import checks
from v2g_nb.certificate import Certificate
from v2g_nb.checks import FloatArray
from v2g_nb.games.storage import SharedCost, StorageUsers, checked, end_costs

CHUNK = 500  # players a linear program: HiGHS slows down beyond


def tangent_gaps(users: StorageUsers, flows: Any, gradient: Any) -> FloatArray:
    """Return an upper bound of what each player saves by any deviation of its own.

    Parameters
    ----------
    users : StorageUsers
        The players.
    flows : array_like, shape (players, slots)
        What each player moves.
    gradient : array_like, shape (players, slots)
        Derivative of each player's cost, without that of its end level, by its own flows.

    Returns
    -------
    numpy.ndarray, shape (players,)
        The bound, in the unit of cost; NaN if a flow or derivative is not finite.

    Raises
    ------
    InvalidInput
        If a shape is wrong.

    Examples
    --------
    >>> user = StorageUsers(2, [0], [2], [0], [2], [0], [0], [9], [2])
    >>> tangent_gaps(user, [[2.0, 0.0]], [[3.0, 1.0]])
    array([4.])
    """
    players = len(checks.instance("users", users, StorageUsers).first)
    x = numbers_or_nan("flows", flows, (players, users.slots))
    g = numbers_or_nan("gradient", gradient, (players, users.slots))
    if not (np.isfinite(x).all() and np.isfinite(g).all()):
        return np.full(players, np.nan)
    paid = (g * x).sum(axis=1) + end_costs(users, x)
    cheapest = [_cheapest(users, g, slice(k, k + CHUNK)) for k in range(0, players, CHUNK)]
    result: FloatArray = paid - np.concatenate(cheapest)
    return result


def numbers_or_nan(name: str, value: Any, shape: tuple[int | None, ...]) -> FloatArray:
    """Return an array of that shape in which NaN may stand: what cannot be computed must fail, not raise."""
    try:
        raw = np.asarray(value)
    except ValueError:  # ragged nesting
        raise checks.invalid(name, value, "an array of numbers") from None
    if raw.dtype.kind not in "iuf":  # strings of digits and booleans would pass as numbers
        raise checks.invalid(name, value, "an array of numbers")
    result: FloatArray = np.asarray(raw, dtype=float)
    checks.array(name, np.nan_to_num(result), shape=shape)
    return result


def _cheapest(users: StorageUsers, gradient: FloatArray, part: slice) -> FloatArray:
    """Return each player's least cost against fixed prices, all in one linear program.

    Unknown are the levels after each slot of the stay, so that flows are differences of neighbours,
    and, where the target may be missed, by how much.
    """
    first, stop = users.first[part], users.stop[part]
    length = stop - first
    ends = np.cumsum(length)
    begins = ends - length
    size = int(ends[-1])
    owner = np.repeat(np.arange(len(first)), length)
    slot = np.arange(size) - begins[owner] + first[owner]
    price = gradient[part][owner, slot]
    start = users.level_start[part]
    inner = np.setdiff1d(np.arange(size), begins)
    before = sp.csr_array((np.ones(len(inner)), (inner, inner - 1)), shape=(size, size))
    differ: Any = sp.eye_array(size, format="csr") - before
    constant = np.zeros(size)
    constant[begins] = start  # the first flow is counted from the level at the start
    cost = differ.T @ price
    last = ends - 1
    cost[last] -= users.value_above
    low, high = users.level_low[part][owner], users.level_high[part][owner]
    rows = [differ, -differ]
    limits = [users.flow_high[part][owner] + constant, -(users.flow_low[part][owner] + constant)]
    target = users.level_target[part]
    missed = 0
    if users.hard:
        low[last] = np.maximum(low[last], target)
    else:
        missed = len(first)
        pick: Any = sp.csr_array((np.ones(missed), (np.arange(missed), last)), shape=(missed, size))
        rows.append(-pick)
        limits.append(-target)
        slack: Any = sp.vstack([sp.csr_array((2 * size, missed)), -sp.eye_array(missed)])
        cost = np.concatenate([cost, np.full(missed, users.value_below - users.value_above)])
        low, high = np.concatenate([low, np.zeros(missed)]), np.concatenate([high, np.full(missed, np.inf)])
    matrix: Any = sp.vstack(rows)
    if missed:
        matrix = sp.hstack([matrix, slack])
    tight = {"primal_feasibility_tolerance": 1e-10, "dual_feasibility_tolerance": 1e-10}
    box = np.column_stack([low, high])
    program: Any = {"A_ub": sp.csr_matrix(matrix), "b_ub": np.concatenate(limits), "bounds": box, "options": tight}
    found = linprog(cost, method="highs", **program)
    if found.x is None:
        return np.full(len(first), np.nan)
    spent: FloatArray = np.bincount(owner, weights=cost[:size] * found.x[:size], minlength=len(first)).astype(float)
    spent -= price[begins] * start - users.value_above * target
    if missed:
        spent += cost[size:] * found.x[size:]
    return spent


def certificates_of_gaps(gaps: Any, slope: float, tolerance: float, unit: str = "", flow_unit: str = "") -> tuple[
    Certificate, ...
]:  # fmt: skip
    """Return what the players' gaps prove: largest regret, potential gap, distance from the equilibrium.

    Parameters
    ----------
    gaps : array_like, shape (players,)
        From :func:`tangent_gaps`.
    slope : float
        Slope of the shared price; the potential is strongly convex with this modulus.
    tolerance : float
        Tolerance of regret and potential gap.
    unit : str
        Unit of cost.
    flow_unit : str
        Unit of flow.

    Returns
    -------
    tuple of Certificate

    Raises
    ------
    InvalidInput
        If `gaps` are no numbers, `slope` is not positive, `tolerance` is negative, or a unit is no string.

    Notes
    -----
    With gaps of sum ``g`` at plans ``x``, equilibrium ``x*`` and totals ``X``, ``X*``: strong
    monotonicity gives ``slope (|x - x*|^2 + |X - X*|^2) <= g``.

    Examples
    --------
    >>> for line in certificates_of_gaps([1e-9, 2e-9], 1e-3, 1e-6, "EUR", "kW"):
    ...     print(line)
    maximum regret: at most 1e-06 EUR, holds
    potential gap: at most 1e-06 EUR, holds
    distance of plans and total from the equilibrium: at most 0.0316228 kW, holds
    """
    gaps = numbers_or_nan("gaps", gaps, (None,))
    for name, word in (("unit", unit), ("flow_unit", flow_unit)):
        if not isinstance(word, str):
            raise checks.invalid(name, word, "a string")
    checks.real("slope", slope, low=0.0, open_low=True)
    checks.real("tolerance", tolerance, low=0.0)
    whole = float(np.sum(np.maximum(gaps, 0.0)))
    return (
        Certificate("maximum regret", float(np.max(gaps)), tolerance, unit),
        Certificate("potential gap", whole, tolerance, unit),
        Certificate(
            "distance of plans and total from the equilibrium",
            float(np.sqrt(whole / slope)),
            float(np.sqrt(tolerance / slope)),
            flow_unit,
        ),
    )


def certify_plans(users: StorageUsers, shared: SharedCost, flows: Any, tolerance: float = 1e-6) -> tuple[
    Certificate, ...
]:  # fmt: skip
    """Return the certificates that plans are the equilibrium of a storage game.

    Parameters
    ----------
    users : StorageUsers
        The players.
    shared : SharedCost
        The price that they share.
    flows : array_like, shape (players, slots)
        What each player moves.
    tolerance : float
        Tolerance of feasibility, regret and potential gap.

    Returns
    -------
    tuple of Certificate

    Raises
    ------
    InvalidInput
        If a shape is wrong or the tolerance negative.

    Examples
    --------
    >>> users = StorageUsers(1, [0], [1], [-9], [9], [0], [-9], [9], [2])
    >>> [c.holds for c in certify_plans(users, SharedCost([1.0], 0.5), [[2.0]])]
    [True, True, True, True]
    """
    users, shared = checked(users, shared)
    x = numbers_or_nan("flows", flows, (len(users.first), users.slots))
    checks.real("tolerance", tolerance, low=0.0)
    total = x.sum(axis=0)
    missed = np.maximum(0.0, shared.wanted - total)
    gradient = shared.offset + shared.slope * (total + x) - shared.shortfall * missed
    gaps = tangent_gaps(users, x, gradient)
    feasible = Certificate("violation of bounds", violation(users, x), tolerance)
    return (feasible, *certificates_of_gaps(gaps, shared.slope, tolerance))


def violation(users: StorageUsers, flows: FloatArray) -> float:
    """Return by how much the worst bound on flow or level is broken; NaN if a flow is."""
    if not np.isfinite(flows).all():
        return float("nan")
    here = users.present
    level = users.level_start[:, None] + np.cumsum(flows, axis=1)
    broken = [
        np.where(here, np.maximum(users.flow_low[:, None] - flows, flows - users.flow_high[:, None]), np.abs(flows)),
        np.maximum(users.level_low[:, None] - level, level - users.level_high[:, None]),
    ]
    if users.hard:
        broken.append((users.level_target - level[:, -1])[:, None])
    return float(max(np.max(b, initial=0.0) for b in broken))
