"""Does a point solve a complementarity problem, or minimise a convex function? Checked from the conditions."""

from typing import Annotated, Any

import numpy as np

from v2g_nb import checks
from v2g_nb.certificate import Certificate
from v2g_nb.checks import FloatArray, Number
from v2g_nb.complementarity.problems import Bound, ConvexProgram, Function, check_box, largest, value_of


def complementarity_certificates(
    function: Function, lower: Bound, upper: Bound, point: Any, *, tol: Annotated[float, Number(low=0.0)]
) -> tuple[Certificate, ...]:
    """Check a point of a box: what the function must be at, above and below the bounds.

    Parameters
    ----------
    function : callable
        F, from an array of shape (n,) to one.
    lower, upper : array_like, shape (n,)
        The box; infinite where there is no bound.
    point : array_like, shape (n,)
        What is claimed to solve the problem.
    tol : float
        How far from the box, or from the sign that F must have, the point may be.

    Returns
    -------
    tuple of Certificate
        Two: inside the box; F has the right sign, or the point stands at the bound.

    Raises
    ------
    InvalidInput
        If an array, or what `function` returns, has the wrong shape, or no finite number lies between a
        lower bound and the upper.

    Examples
    --------
    >>> proof = complementarity_certificates(lambda x: x - 2.0, [0.0, 0.0], [1.0, 9.0], [1.0, 2.0], tol=1e-9)
    >>> [c.holds for c in proof]
    [True, True]
    """
    check_box(lower, upper)
    raw = np.asarray(point)
    if raw.dtype.kind not in "iuf" or raw.shape != lower.shape:  # a NaN may stand there: it fails the certificate
        raise checks.invalid("point", point, f"an array of {len(lower)} numbers")
    x = raw.astype(np.float64)
    value = value_of("function", function, x)
    outside = np.maximum(np.maximum(lower - x, x - upper), 0.0)
    # F above zero is right at the lower bound only, below zero at the upper bound only.
    wrong = np.where(value > 0.0, np.minimum(value, x - lower), np.minimum(-value, upper - x))
    spoilt = float("nan") if np.isnan(value).any() or np.isnan(x).any() else 0.0
    return (
        Certificate("outside the box", largest(outside) + spoilt, tol),
        Certificate("neither zero nor at its bound", largest(wrong) + spoilt, tol),
    )


def optimality_certificates(
    program: ConvexProgram, x: FloatArray, y: FloatArray, tol: float
) -> tuple[Certificate, ...]:
    """Check a point and the equations' multipliers: constraints kept, no feasible direction lowers the objective.

    `tol` is relative to one plus the largest number that is compared. Where the objective is not convex the
    conditions are necessary only: a maximiser meets them too.
    """
    slope = value_of("gradient", program.gradient, x)
    reduced = slope - program.matrix.T @ y
    scale_x, scale_f = 1.0 + largest(x), 1.0 + largest(slope)
    wrong = np.where(
        reduced > 0.0,
        np.minimum(reduced / scale_f, (x - program.lower) / scale_x),
        np.minimum(-reduced / scale_f, (program.upper - x) / scale_x),
    )
    outside = np.maximum(np.maximum(program.lower - x, x - program.upper), 0.0)
    rows = largest(program.matrix @ x - program.right) / (1.0 + largest(program.right))
    spoilt = 0.0 if np.isfinite(reduced).all() and np.isfinite(x).all() else float("nan")
    return (
        Certificate("constraints, relative", rows + spoilt, tol),
        Certificate("outside the bounds, relative", largest(outside) / scale_x + spoilt, tol),
        Certificate("reduced costs, relative", largest(wrong) + spoilt, tol),
    )
