"""What complementarity problems and convex programs are made of, and what solving them returns."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Annotated, Any

import numpy as np

from v2g_nb import checks
from v2g_nb.certificate import Certificate, Result
from v2g_nb.checks import Array, FloatArray, Number
from v2g_nb.errors import InvalidInput

Function = Callable[..., Any]
Bound = Annotated[FloatArray, Array("n", infinite=True)]
Point = Annotated[FloatArray, Array("n")]
Positive = Annotated[float, Number(low=0.0, open_low=True)]


@dataclass(frozen=True, eq=False)
class ComplementarityResult(Result):
    """A solution ``point``; ``residual`` is how far the conditions are from holding, largest component.

    Of a convex program ``dual`` holds the multipliers of the equations: how the least objective rises with
    their right-hand sides. Of a complementarity problem it is empty: multipliers are components of the point.
    """

    point: FloatArray
    dual: FloatArray
    converged: bool
    num_iter: int
    residual: float
    certificates: tuple[Certificate, ...]


@dataclass(eq=False)
class ConvexProgram:
    """Minimise a function with this gradient and this diagonal curvature where ``matrix @ x = right`` within bounds."""

    gradient: Function
    curvature: Function
    matrix: Any
    right: FloatArray
    lower: FloatArray
    upper: FloatArray


def value_of(name: str, function: Function, x: FloatArray) -> FloatArray:
    """Return a reader's function at a point, or say what else than numbers like those of the point it returns."""
    returned = function(x)
    try:
        value = np.asarray(returned, dtype=np.float64)
    except (TypeError, ValueError):
        words = f"returns {checks.shown(returned)}: must return an array of numbers"
        raise InvalidInput(f"{name} = {checks.shown(function)} {words}") from None
    if value.shape != x.shape:
        words = f"returns shape {value.shape}: must return {x.shape}"
        raise InvalidInput(f"{name} = {checks.shown(function)} {words}")
    return value


def check_box(low: FloatArray, high: FloatArray) -> None:
    """Raise where no finite number lies between a lower bound and the upper."""
    if (low > high).any():
        place = int(np.argmax(low > high))
        raise checks.invalid("lower", low, f"at most upper; lower[{place}] = {low[place]} is above {high[place]}")
    for name, bound, never in (("lower", low, np.inf), ("upper", high, -np.inf)):
        if (bound == never).any():
            place = int(np.argmax(bound == never))
            raise InvalidInput(f"{name}[{place}] = {never}: must be a number or {-never}")


def largest(values: FloatArray) -> float:
    """Return the largest absolute value, 0 where there is none."""
    return float(np.abs(values).max(initial=0.0))


def natural_residual(point: Point, value: Point, lower: Bound, upper: Bound) -> FloatArray:
    """Return how far a point is from solving the problem, component by component.

    Parameters
    ----------
    point : array_like, shape (n,)
        Where to look.
    value : array_like, shape (n,)
        F at that point.
    lower, upper : array_like, shape (n,)
        The box; infinite where there is no bound.

    Returns
    -------
    numpy.ndarray, shape (n,)
        ``x - P(x - F)`` with the projection P onto the box; zero exactly at solutions.

    Raises
    ------
    InvalidInput
        If arrays differ in length, or no finite number lies between a lower bound and the upper.

    Examples
    --------
    >>> natural_residual([0.0, 3.0], [2.0, -1.0], [0.0, 0.0], [np.inf, 3.0])
    array([0., 0.])
    """
    check_box(lower, upper)
    return point - np.clip(point - value, lower, upper)
