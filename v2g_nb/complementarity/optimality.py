"""Is a point of a convex program optimal? Its conditions, checked block by block."""

from collections.abc import Callable
from typing import Any

import numpy as np
from scipy import sparse

from v2g_nb import checks
from v2g_nb.certificate import Certificate
from v2g_nb.errors import InvalidInput


def optimality_certificates(
    gradient: Callable[..., Any],
    matrix: Any,
    right: Any,
    lower: Any,
    upper: Any,
    *,
    point: Any,
    dual: Any,
    tolerance: float,
) -> tuple[Certificate, ...]:
    """Check a point and its multipliers for a convex objective: constraints kept, no feasible direction lowers it.

    Where the objective is not convex the conditions are necessary only: a maximiser meets them too.

    Parameters
    ----------
    gradient : callable
        Derivative of the objective, from an array of shape (n,) to one.
    matrix : array_like or sparse, shape (m, n)
        Of the constraints ``matrix @ x = right``.
    right : array_like, shape (m,)
        Their right-hand sides.
    lower, upper : array_like, shape (n,)
        Bounds; infinite where there is none.
    point : array_like, shape (n,)
        What is claimed to be optimal.
    dual : array_like, shape (m,)
        Multipliers: how much the least objective rises with each right-hand side.
    tolerance : float
        Relative to one plus the largest number that is compared.

    Returns
    -------
    tuple of Certificate
        Three: constraints, bounds, reduced costs zero or at the bound that their sign asks for.

    Raises
    ------
    InvalidInput
        If an array, or what `gradient` returns, has the wrong shape.

    Examples
    --------
    >>> proof = optimality_certificates(lambda x: 2 * x, [[1.0, 1.0]], [2.0], [0, 0], [9, 9],
    ...                                 point=[1.0, 1.0], dual=[2.0], tolerance=1e-9)
    >>> all(c.holds for c in proof)
    True
    """
    checks.function("gradient", gradient)
    dense = None if sparse.issparse(matrix) else checks.array("matrix", matrix, shape=(None, None))
    a: Any = sparse.csr_array(matrix if dense is None else dense)
    rows, columns = a.shape
    b = checks.array("right", right, shape=(rows,), empty=True)
    low = checks.array("lower", lower, shape=(columns,), infinite=True)
    high = checks.array("upper", upper, shape=(columns,), infinite=True)
    limit = checks.real("tolerance", tolerance, low=0.0)
    claimed = {"point": (point, columns), "dual": (dual, rows)}
    for name, (value, length) in claimed.items():
        if np.asarray(value).dtype.kind not in "iuf" or np.shape(value) != (length,):
            raise checks.invalid(name, value, f"an array of {length} numbers")
    x, y = np.asarray(point, dtype=np.float64), np.asarray(dual, dtype=np.float64)
    slope = np.asarray(gradient(x), dtype=np.float64)
    if slope.shape != x.shape:
        raise InvalidInput(f"gradient = {checks.shown(gradient)} returns shape {slope.shape}: must return {x.shape}")
    reduced = slope - a.T @ y
    scale_x = 1.0 + float(np.abs(x).max(initial=0.0))
    scale_f = 1.0 + float(np.abs(slope).max(initial=0.0))
    wrong = np.where(
        reduced > 0.0,
        np.minimum(reduced / scale_f, (x - low) / scale_x),
        np.minimum(-reduced / scale_f, (high - x) / scale_x),
    )
    outside = np.maximum(np.maximum(low - x, x - high), 0.0)
    spoilt = 0.0 if np.isfinite(reduced).all() and np.isfinite(x).all() else float("nan")
    return (
        Certificate("constraints, relative", _largest(a @ x - b) / (1.0 + _largest(b)) + spoilt, limit),
        Certificate("outside the bounds, relative", _largest(outside) / scale_x + spoilt, limit),
        Certificate("reduced costs, relative", _largest(wrong) + spoilt, limit),
    )


def _largest(values: Any) -> float:
    return float(np.abs(values).max(initial=0.0))
