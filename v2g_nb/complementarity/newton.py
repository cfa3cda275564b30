"""Mixed complementarity problems: find x in a box at which F(x) points out of it, or is zero.

For each i: ``F_i = 0``, or ``x_i`` is at its lower bound and ``F_i > 0``, or at its upper and ``F_i < 0``.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy import sparse
from scipy.sparse.linalg import splu

from v2g_nb import checks
from v2g_nb.certificate import Certificate
from v2g_nb.checks import FloatArray
from v2g_nb.complementarity.certificates import complementarity_certificates
from v2g_nb.errors import InvalidInput, NotConverged

Function = Callable[..., Any]
SHRINK = 0.2  # how fast the smoothing goes down
ENOUGH = 0.1  # Newton's step is halved until the residual falls by this part of what it promised
SMALLEST_STEP = 1e-8
LIFT = 1e-12  # added to the diagonal, so that flat directions do not stop the factorisation


@dataclass(frozen=True, eq=False)
class ComplementarityResult:
    """A solution ``point``; ``residual`` is its natural residual, largest component."""

    point: FloatArray
    converged: bool
    num_iter: int
    residual: float
    certificates: tuple[Certificate, ...]


@dataclass(frozen=True, eq=False)
class NewtonStep:
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


def _box(lower: Any, upper: Any) -> tuple[FloatArray, FloatArray]:
    low = checks.array("lower", lower, shape=(None,), infinite=True)
    high = checks.array("upper", upper, shape=low.shape, infinite=True)
    if (low > high).any():
        place = int(np.argmax(low > high))
        raise checks.invalid("lower", low, f"at most upper; lower[{place}] = {low[place]} is above {high[place]}")
    for name, bound, never in (("lower", low, np.inf), ("upper", high, -np.inf)):
        if (bound == never).any():  # such a box holds no finite point
            place = int(np.argmax(bound == never))
            raise InvalidInput(f"{name}[{place}] = {never}: must be a number or {-never}")
    return low, high


def natural_residual(point: Any, value: Any, lower: Any, upper: Any) -> FloatArray:
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
    low, high = _box(lower, upper)
    x = checks.array("point", point, shape=low.shape)
    f = checks.array("value", value, shape=low.shape)
    return x - np.clip(x - f, low, high)


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
    function: Function,
    jacobian: Function,
    lower: Any,
    upper: Any,
    start: Any,
    *,
    smoothing: float = 1.0,
    tolerance: float = 1e-9,
    max_iter: int = 200,
) -> ComplementarityResult:
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
    tolerance : float
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
    target = checks.real("tolerance", tolerance, low=0.0, open_low=True)
    rounds = checks.integer("max_iter", max_iter, low=1)
    steps = newton_steps(function, jacobian, lower, upper, start, smoothing=smoothing, tolerance=target)
    low, high = _box(lower, upper)
    while True:
        at = next(steps)
        if at.residual > target and at.number < rounds:
            continue
        x, residual = _in_box(function, at, low, high)
        if residual <= target or at.number >= rounds:
            break
    proof = complementarity_certificates(function, low, high, x, tolerance=10.0 * target)
    return ComplementarityResult(x, residual <= target, at.number, residual, proof)


def _in_box(function: Function, at: NewtonStep, low: FloatArray, high: FloatArray) -> tuple[FloatArray, float]:
    """Return the step's point cut at the box and the residual there: where F is steep it is not that of the step."""
    x = np.clip(at.point, low, high)
    if np.array_equal(x, at.point):
        return x, at.residual
    value = _evaluate(function, x, "function", x.shape)  # NaN here is below no tolerance: the search goes on
    return x, float(np.max(np.abs(x - np.clip(x - value, low, high)), initial=0.0))


def newton_steps(
    function: Function,
    jacobian: Function,
    lower: Any,
    upper: Any,
    start: Any,
    *,
    smoothing: float = 1.0,
    tolerance: float = 1e-9,
) -> Iterator[NewtonStep]:
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
    tolerance : float
        The smoothing is put to zero once it is below the square of this; above 0.

    Yields
    ------
    NewtonStep
        For as long as the caller asks.

    Raises
    ------
    InvalidInput
        If an argument is not of its kind (when the first item is asked for), or F or its
        derivative has another shape or is not finite.
    NotConverged
        If Newton's step cannot be computed, as where the equations' derivative is singular.

    Examples
    --------
    >>> from itertools import islice
    >>> steps = newton_steps(lambda x: x - 2.0, lambda x: np.eye(1), [0.0], [1.0], [0.5], smoothing=0.0)
    >>> [round(step.residual, 4) for step in islice(steps, 4)]
    [0.5, 0.1035, 0.0011, 0.0]
    """
    checks.function("function", function)
    checks.function("jacobian", jacobian)
    low, high = _box(lower, upper)
    x = checks.array("start", start, shape=low.shape)
    level = checks.real("smoothing", smoothing, low=0.0)
    target = checks.real("tolerance", tolerance, low=0.0, open_low=True)
    f = _evaluate(function, x, "function", x.shape)
    count, norm, length = 0, 0.0, 0.0
    while True:
        _require_finite(function, x, f, count)
        residual = float(np.max(np.abs(natural_residual(x, f, low, high)), initial=0.0))
        if count and level > 0.0 and norm <= np.sqrt(level):
            level = 0.0 if level < target**2 else min(SHRINK * level, level * float(np.sqrt(level)))
        yield NewtonStep(count, x, f, residual, norm, level, length)
        count += 1
        step, promised = _step(jacobian, x, f, low, high, level)
        length = 1.0
        while True:
            trial = x + length * step
            value = _evaluate(function, trial, "function", x.shape)
            norm = float(np.linalg.norm(_equations(trial, value, low, high, level)[0]))
            if norm <= (1.0 - ENOUGH * length) * promised or length < SMALLEST_STEP:
                break
            length /= 2.0
        x, f = trial, value


def _evaluate(function: Function, x: FloatArray, name: str, shape: tuple[int, ...]) -> FloatArray:
    value = np.asarray(function(x), dtype=np.float64)
    if value.shape != shape:
        raise InvalidInput(f"{name} = {checks.shown(function)} returns shape {value.shape}: must return {shape}")
    return value


def _require_finite(function: Function, x: FloatArray, f: FloatArray, count: int) -> None:
    """Raise where no further step can begin: the iterates have left all bounds, or F has no value."""
    if not np.isfinite(x).all():
        raise NotConverged(f"after {count} Newton steps the point grew beyond all numbers")
    if not np.isfinite(f).all():
        where = f"at {checks.shown(x)}, after {count} Newton steps"
        raise InvalidInput(f"function = {checks.shown(function)} returns NaN or infinity {where}: must be finite there")


def _derivative(jacobian: Function, x: FloatArray) -> Any:
    """Return the derivative of F as a sparse matrix of finite numbers, or raise."""
    raw = jacobian(x)
    if not sparse.issparse(raw):
        raw = np.asarray(raw, dtype=np.float64)
    if raw.shape != (x.size, x.size):
        right = (x.size, x.size)
        raise InvalidInput(f"jacobian = {checks.shown(jacobian)} returns shape {raw.shape}: must return {right}")
    matrix = sparse.csc_array(raw)
    if not np.isfinite(matrix.data).all():
        where = f"at {checks.shown(x)}"
        raise InvalidInput(f"jacobian = {checks.shown(jacobian)} returns NaN or infinity {where}: must be finite there")
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


def projection(function: Function, lower: Any, upper: Any, start: Any, *, step: float) -> Iterator[FloatArray]:
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
        If an argument is not of its kind, or F has another shape (when the first item is asked for).

    Examples
    --------
    >>> points = projection(lambda x: x - 2.0, [0.0], [1.5], [0.0], step=0.5)
    >>> [next(points).tolist() for _ in range(3)]
    [[1.0], [1.5], [1.5]]
    """
    checks.function("function", function)
    low, high = _box(lower, upper)
    x = checks.array("start", start, shape=low.shape)
    length = checks.real("step", step, low=0.0, open_low=True)
    while True:
        x = np.clip(x - length * _evaluate(function, x, "function", x.shape), low, high)
        yield x


def extragradient(function: Function, lower: Any, upper: Any, start: Any, *, step: float) -> Iterator[FloatArray]:
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
        If an argument is not of its kind, or F has another shape (when the first item is asked for).

    Examples
    --------
    >>> from itertools import islice
    >>> turning = extragradient(lambda x: np.array([x[1], -x[0]]), [-9, -9], [9, 9], [1.0, 1.0], step=0.5)
    >>> bool(np.abs(list(islice(turning, 200))[-1]).max() < 1e-6)
    True
    """
    checks.function("function", function)
    low, high = _box(lower, upper)
    x = checks.array("start", start, shape=low.shape)
    length = checks.real("step", step, low=0.0, open_low=True)
    while True:
        ahead = np.clip(x - length * _evaluate(function, x, "function", x.shape), low, high)
        x = np.clip(x - length * _evaluate(function, ahead, "function", x.shape), low, high)
        yield x
