"""Does a point solve a complementarity problem? Checked from the definition, side by side of the box."""

from collections.abc import Callable
from typing import Any

import numpy as np

from v2g_nb import checks
from v2g_nb.certificate import Certificate
from v2g_nb.errors import InvalidInput


def complementarity_certificates(
    function: Callable[..., Any], lower: Any, upper: Any, point: Any, *, tolerance: float
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
    tolerance : float
        How far from the box, or from the sign that F must have, the point may be.

    Returns
    -------
    tuple of Certificate
        Two: inside the box; F has the right sign, or the point stands at the bound.

    Raises
    ------
    InvalidInput
        If an array, or what `function` returns, has the wrong shape, or a lower bound is above the upper.

    Examples
    --------
    >>> proof = complementarity_certificates(lambda x: x - 2.0, [0.0, 0.0], [1.0, 9.0], [1.0, 2.0], tolerance=1e-9)
    >>> [c.holds for c in proof]
    [True, True]
    """
    checks.function("function", function)
    low = checks.array("lower", lower, shape=(None,), infinite=True)
    high = checks.array("upper", upper, shape=low.shape, infinite=True)
    limit = checks.real("tolerance", tolerance, low=0.0)
    if (low > high).any():
        raise checks.invalid("lower", low, f"at most upper; at {int(np.argmax(low > high))} it is above")
    raw = np.asarray(point)
    if raw.dtype.kind not in "iuf" or raw.shape != low.shape:
        raise checks.invalid("point", point, f"an array of {len(low)} numbers")
    x = raw.astype(np.float64)
    value = np.asarray(function(x), dtype=np.float64)
    if value.shape != x.shape:
        raise InvalidInput(f"function = {checks.shown(function)} returns shape {value.shape}: must return {x.shape}")
    outside = np.maximum(np.maximum(low - x, x - high), 0.0)
    # F above zero is right at the lower bound only, below zero at the upper bound only.
    at_low, at_high = x - low, high - x
    wrong = np.where(value > 0.0, np.minimum(value, at_low), np.minimum(-value, at_high))
    spoilt = float("nan") if np.isnan(value).any() or np.isnan(x).any() else 0.0
    return (
        Certificate("outside the box", float(outside.max(initial=0.0)) + spoilt, limit),
        Certificate("neither zero nor at its bound", float(np.abs(wrong).max(initial=0.0)) + spoilt, limit),
    )
