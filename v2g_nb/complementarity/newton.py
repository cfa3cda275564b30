"""Mixed complementarity problems: find x in a box at which F(x) points out of it, or is zero.

For each i: ``F_i = 0``, or ``x_i`` is at its lower bound and ``F_i > 0``, or at its upper and ``F_i < 0``.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Annotated, Any

import numpy as np
from scipy import sparse
from scipy.sparse.linalg import splu

from v2g_nb import checks
from v2g_nb.arguments import Record
from v2g_nb.checks import FloatArray, Number, Whole
from v2g_nb.complementarity.certificates import complementarity_certificates
from v2g_nb.complementarity.problems import Bound, ComplementarityResult, Function, Point, Positive, check_box, value_of
from v2g_nb.errors import InvalidInput, NotConverged

SHRINK = 0.2  # how fast the smoothing goes down
ENOUGH = 0.1  # Newton's step is halved until the residual falls by this part of what it promised
SMALLEST_STEP = 1e-8
LIFT = 1e-12  # added to the diagonal, so that flat directions do not stop the factorisation
Smoothing = Annotated[float, Number(low=0.0)]


@dataclass(frozen=True, eq=False)
class NewtonStep(Record):
    """Where Newton's method stands: ``number`` steps taken, the last a part ``length`` of the whole step.

    ``value`` is F at ``point``, ``residual`` the natural residual there, largest component, ``merit``
    the norm of the equations that the step was to solve, and ``smoothing`` the smoothing of the next step.
    At the start nothing has been solved yet: ``length`` and ``merit`` are 0.
    """

    number: int
    point: FloatArray
    value: FloatArray
    residual: float
    merit: float
    smoothing: float
    length: float


def _largest_residual(x: FloatArray, f: FloatArray, low: FloatArray, high: FloatArray) -> float:
    """Return the largest component of the natural residual."""
    return float(np.max(np.abs(x - np.clip(x - f, low, high)), initial=0.0))


def _phi(a: FloatArray, b: FloatArray, smoothing: float) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Return the smoothed Fischer-Burmeister function a + b - sqrt(a^2 + b^2 + 2 s), and both slopes."""
    root = np.sqrt(a * a + b * b + 2.0 * smoothing)
    safe = np.where(root > 0.0, root, 1.0)
    # At the kink any slope between those around it will do; this one keeps the matrix regular.
    slope_a = np.where(root > 0.0, 1.0 - a / safe, 1.0 - np.sqrt(0.5))
    slope_b = np.where(root > 0.0, 1.0 - b / safe, 1.0 - np.sqrt(0.5))
    # a + b - root loses digits where both are large and positive: multiply by the conjugate instead.
    sum_ = a + b
    value = np.where(sum_ > 0.0, (2.0 * a * b - 2.0 * smoothing) / np.where(sum_ > 0.0, sum_ + root, 1.0), sum_ - root)
    return value, slope_a, slope_b


def _equations(
    x: FloatArray, f: FloatArray, low: FloatArray, high: FloatArray, smoothing: float
) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Return a system that is zero at solutions, and its slopes with respect to x and to F."""
    value, by_x, by_f = f.copy(), np.zeros_like(f), np.ones_like(f)
    up = np.isfinite(high)
    if up.any():  # -phi(u - x, -F): the upper bound alone
        inner, slope_a, slope_b = _phi(high[up] - x[up], -f[up], smoothing)
        value[up], by_x[up], by_f[up] = -inner, slope_a, slope_b
    down = np.isfinite(low)
    if down.any():  # phi(x - l, what the upper bound made of F)
        outer, slope_a, slope_b = _phi(x[down] - low[down], value[down], smoothing)
        value[down], by_x[down], by_f[down] = outer, slope_a + slope_b * by_x[down], slope_b * by_f[down]
    return value, by_x, by_f


def smoothing_newton(
    function: Function, jacobian: Function, lower: Bound, upper: Bound, start: Point, *,
    smoothing: Smoothing = 1.0, tol: Positive = 1e-9, max_iter: Annotated[int, Whole(low=1)] = 200,
) -> ComplementarityResult:  # fmt: skip
    """Solve a mixed complementarity problem by Newton's method on smoothed Fischer-Burmeister equations.

    1. The conditions become equations ``phi(x - l, -phi(u - x, -F)) = 0`` with the smoothed
       Fischer-Burmeister function phi.
    2. Newton's step, halved until the equations' norm falls.
    3. When the equations hold well enough, the smoothing goes down; at the end it is zero.

    Parameters
    ----------
    function : callable
        F, from an array of shape (n,) to one.
    jacobian : callable
        Its derivative at a point, an array or sparse matrix of shape (n, n).
    lower, upper : array_like, shape (n,)
        The box; infinite where there is no bound.
    start : array_like, shape (n,)
        Where to begin.
    smoothing : float
        How smooth to begin, at least 0; 0 is the semismooth method, which may stall.
    tol : float
        Natural residual to reach, above 0.
    max_iter : int
        At most so many Newton steps.

    Returns
    -------
    ComplementarityResult

    Raises
    ------
    InvalidInput
        If an argument is not of its kind, or F or its derivative has another shape or is not finite.
    NotConverged
        If Newton's step cannot be computed, as where the equations' derivative is singular.

    Examples
    --------
    >>> result = smoothing_newton(lambda x: x - 2.0, lambda x: np.eye(2), [0, 0], [1, 9], [0.5, 0.5])
    >>> result.point.round(9).tolist(), result.converged
    ([1.0, 2.0], True)

    References
    ----------
    Equation (18) of the city paper states the problem.
    """
    for at in newton_steps(function, jacobian, lower, upper, start, smoothing=smoothing, tol=tol):
        if at.residual <= tol or at.number >= max_iter:
            x, residual = _in_box(function, at, lower, upper)
            if residual <= tol or at.number >= max_iter:
                break
    proof = complementarity_certificates(function, lower, upper, x, tol=10.0 * tol)
    return ComplementarityResult(x, np.empty(0), residual <= tol, at.number, residual, proof)


def _in_box(function: Function, at: NewtonStep, low: FloatArray, high: FloatArray) -> tuple[FloatArray, float]:
    """Return the step's point cut at the box and the residual there: where F is steep it is not that of the step."""
    x = np.clip(at.point, low, high)
    if np.array_equal(x, at.point):
        return x, at.residual
    # NaN here is below no tolerance: the search goes on
    return x, _largest_residual(x, value_of("function", function, x), low, high)


def newton_steps(
    function: Function, jacobian: Function, lower: Bound, upper: Bound, start: Point, *,
    smoothing: Smoothing = 1.0, tol: Positive = 1e-9,
) -> Iterator[NewtonStep]:  # fmt: skip
    """Yield the start and then each step of the method of :func:`smoothing_newton`.

    Parameters
    ----------
    function, jacobian : callable
        F and its derivative.
    lower, upper : array_like, shape (n,)
        The box; infinite where there is no bound.
    start : array_like, shape (n,)
        Where to begin.
    smoothing : float
        How smooth to begin, at least 0; 0 is the semismooth method.
    tol : float
        The smoothing is put to zero once it is below the square of this; above 0.

    Yields
    ------
    NewtonStep
        For as long as the caller asks.

    Raises
    ------
    InvalidInput
        If an argument is not of its kind, or F or its derivative has another shape or is not finite.
    NotConverged
        If Newton's step cannot be computed, as where the equations' derivative is singular.

    Examples
    --------
    >>> from itertools import islice
    >>> steps = newton_steps(lambda x: x - 2.0, lambda x: np.eye(1), [0.0], [1.0], [0.5], smoothing=0.0)
    >>> [round(step.residual, 4) for step in islice(steps, 4)]
    [0.5, 0.1035, 0.0011, 0.0]
    """
    check_box(lower, upper)
    x, f, level = start, value_of("function", function, start), smoothing
    count, norm, length = 0, 0.0, 0.0
    while True:
        _require_finite(function, x, f, count)
        if count and level > 0.0 and norm <= np.sqrt(level):
            level = 0.0 if level < tol**2 else min(SHRINK * level, level * float(np.sqrt(level)))
        yield NewtonStep(count, x, f, _largest_residual(x, f, lower, upper), norm, level, length)
        count += 1
        step, promised = _step(jacobian, x, f, lower, upper, level)
        length = 1.0
        while True:
            trial = x + length * step
            value = value_of("function", function, trial)
            norm = float(np.linalg.norm(_equations(trial, value, lower, upper, level)[0]))
            if norm <= (1.0 - ENOUGH * length) * promised or length < SMALLEST_STEP:
                break
            length /= 2.0
        x, f = trial, value


def _require_finite(function: Function, x: FloatArray, f: FloatArray, count: int) -> None:
    """Raise where no further step can begin: the iterates have left all bounds, or F has no value."""
    if not np.isfinite(x).all():
        raise NotConverged(f"after {count} Newton steps the point grew beyond all numbers")
    if not np.isfinite(f).all():
        where = f"at {checks.shown(x)}, after {count} Newton steps"
        raise InvalidInput(f"function = {checks.shown(function)} returns NaN or infinity {where}: must be finite there")


def _derivative(jacobian: Function, x: FloatArray) -> Any:
    """Return the derivative of F as a sparse matrix of finite numbers, or raise."""
    raw: Any = jacobian(x)
    try:
        raw = raw if sparse.issparse(raw) else np.asarray(raw, dtype=np.float64)
        fault = "" if raw.shape == (x.size, x.size) else f"shape {raw.shape}: must return {(x.size, x.size)}"
    except (TypeError, ValueError):
        fault = f"{checks.shown(raw)}: must return an array of numbers"
    matrix = None if fault else sparse.csc_array(raw)
    if matrix is not None and not np.isfinite(matrix.data).all():
        fault = f"NaN or infinity at {checks.shown(x)}: must be finite there"
    if fault:
        raise InvalidInput(f"jacobian = {checks.shown(jacobian)} returns {fault}")
    return matrix


def _step(
    jacobian: Function, x: FloatArray, f: FloatArray, low: FloatArray, high: FloatArray, level: float
) -> tuple[FloatArray, float]:
    """Return Newton's step and the norm of the equations that it is to bring to zero."""
    value, by_x, by_f = _equations(x, f, low, high, level)
    matrix = sparse.diags_array(by_x + LIFT) + sparse.diags_array(by_f) @ _derivative(jacobian, x)
    try:
        step: FloatArray = -splu(matrix.tocsc()).solve(value)
    except RuntimeError:  # what SuperLU raises
        raise NotConverged(f"the equations' derivative is singular at {checks.shown(x)}: no Newton step") from None
    return step, float(np.linalg.norm(value))


def projection(function: Function, lower: Bound, upper: Bound, start: Point, *, step: Positive) -> Iterator[FloatArray]:
    """Yield the iterates of the projection method: a step against F, then back into the box.

    It converges for every strongly monotone, Lipschitz-continuous F if `step` is short enough. Where
    F is monotone only it may turn away from the solution, however short the steps are.

    Parameters
    ----------
    function : callable
        F, from an array of shape (n,) to one.
    lower, upper : array_like, shape (n,)
        The box; infinite where there is no bound.
    start : array_like, shape (n,)
        Where to begin.
    step : float
        Length of the steps, above 0.

    Yields
    ------
    numpy.ndarray, shape (n,)
        For as long as the caller asks.

    Raises
    ------
    InvalidInput
        If an argument is not of its kind, or what F returns has another shape.

    Examples
    --------
    >>> points = projection(lambda x: x - 2.0, [0.0], [1.5], [0.0], step=0.5)
    >>> [next(points).tolist() for _ in range(3)]
    [[1.0], [1.5], [1.5]]
    """
    check_box(lower, upper)
    x = start
    while True:
        x = np.clip(x - step * value_of("function", function, x), lower, upper)
        yield x


def extragradient(
    function: Function, lower: Bound, upper: Bound, start: Point, *, step: Positive
) -> Iterator[FloatArray]:
    """Yield the iterates of the extragradient method: look one step ahead, then step with what is seen there.

    It needs no derivative and converges for every monotone, Lipschitz-continuous F, provided a
    solution exists and `step` is below the inverse of the Lipschitz constant; plain projection does not.

    Parameters
    ----------
    function : callable
        F, from an array of shape (n,) to one.
    lower, upper : array_like, shape (n,)
        The box; infinite where there is no bound.
    start : array_like, shape (n,)
        Where to begin.
    step : float
        Length of the steps, above 0.

    Yields
    ------
    numpy.ndarray, shape (n,)
        For as long as the caller asks.

    Raises
    ------
    InvalidInput
        If an argument is not of its kind, or what F returns has another shape.

    Examples
    --------
    >>> from itertools import islice
    >>> turning = extragradient(lambda x: np.array([x[1], -x[0]]), [-9, -9], [9, 9], [1.0, 1.0], step=0.5)
    >>> bool(np.abs(list(islice(turning, 200))[-1]).max() < 1e-6)
    True
    """
    check_box(lower, upper)
    x = start
    while True:
        ahead = np.clip(x - step * value_of("function", function, x), lower, upper)
        x = np.clip(x - step * value_of("function", function, ahead), lower, upper)
        yield x
