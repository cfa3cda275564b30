"""Convex programs with a separable curvature: a sparse primal-dual interior point method."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import cache
from typing import Annotated, Any

import numpy as np
from scipy import optimize, sparse
from scipy.sparse.linalg import splu

from v2g_nb import checks
from v2g_nb.checks import Array, FloatArray, Whole
from v2g_nb.complementarity.certificates import optimality_certificates
from v2g_nb.complementarity.problems import ComplementarityResult, ConvexProgram, Function, Positive, largest, value_of
from v2g_nb.errors import Infeasible, InvalidInput

LINPROG: Any = optimize.linprog  # its stubs know no sparse matrices
TO_BOUNDARY = 0.995  # part of the way to the boundary that a step may take
REGULAR = 1e-11  # keeps the system regular where rows depend on each other
PIVOT = 1e-8  # added to the diagonal of what is factorised, so that no pivoting is needed; refinement takes it out
REFINED = 1e-10  # relative error of a step at which refinement ends
MOST_REFINEMENTS = 8
CLOSEST = 1e-16  # distance to a bound that rounding would make zero
LOST = 1e10  # multipliers beyond this, relative to the data, look as if no point were feasible
Bound = Annotated[FloatArray, Array("*", infinite=True)]  # as long as the matrix is wide


class _Kkt:
    """The system of Newton's step, ``[W, -A'; A, 0]``, of which only the diagonal W changes."""

    def __init__(self, a: Any) -> None:
        m, n = a.shape
        blocks = [[sparse.eye_array(n), -a.T], [a, sparse.eye_array(m)]]
        matrix = sparse.csc_array(sparse.block_array(blocks))
        # Both diagonal blocks have a sign (quasidefinite), so any symmetric order of elimination
        # will do: find one that leaves few entries, once.
        order = splu(matrix, permc_spec="MMD_AT_PLUS_A", diag_pivot_thresh=0.0, options={"SymmetricMode": True}).perm_c
        self.order = np.argsort(order)
        self.matrix = sparse.csc_array(matrix[self.order][:, self.order])
        self.matrix.sort_indices()
        columns = np.repeat(np.arange(m + n), np.diff(self.matrix.indptr))
        place = np.flatnonzero(self.matrix.indices == columns)
        self.place = np.empty(m + n, dtype=np.int64)
        self.place[self.order] = place
        self.size = n

    def at(self, weight: FloatArray) -> Callable[[FloatArray], FloatArray]:
        """Return the solver of the system with these weights."""
        n, exact = self.size, self.matrix.copy()
        exact.data[self.place[:n]], exact.data[self.place[n:]] = weight, REGULAR
        eased = exact.copy()
        eased.data[self.place] += PIVOT
        options = {"SymmetricMode": True}
        factor = splu(eased, permc_spec="NATURAL", diag_pivot_thresh=0.0, options=options)
        pivoted = cache(lambda: splu(exact))

        def solve(right: FloatArray) -> FloatArray:
            wanted = right[self.order]
            goal = REFINED * largest(wanted)
            step = factor.solve(wanted)
            for _ in range(MOST_REFINEMENTS):
                error = wanted - exact @ step
                if largest(error) <= goal:
                    break
                step += factor.solve(error)
            else:  # pivoting after all
                step = pivoted().solve(wanted)
            found = np.empty_like(step)
            found[self.order] = step
            return found

        return solve


@dataclass(eq=False)
class _Problem(ConvexProgram):
    """The program with what is computed once; bounds that are finite have multipliers."""

    def __post_init__(self) -> None:
        self.transposed = self.matrix.T
        self.has_low, self.has_high = np.isfinite(self.lower), np.isfinite(self.upper)
        self.known: tuple[FloatArray | None, FloatArray, FloatArray] = (None, np.empty(0), np.empty(0))
        self.kkt = _Kkt(self.matrix)

    def slopes(self, x: FloatArray) -> tuple[FloatArray, FloatArray]:
        """Return gradient and curvature, checked; those of the last point are known."""
        if x is self.known[0]:
            return self.known[1:]
        slope, bend = value_of("gradient", self.gradient, x), value_of("curvature", self.curvature, x)
        if (bend < 0.0).any():  # Newton's method would go to a saddle or a maximum, which meets the same conditions
            place = int(np.argmax(bend < 0.0))
            words = f"returns {float(bend[place])!r} as element {place} at point = {checks.shown(x)}"
            raise InvalidInput(f"curvature = {checks.shown(self.curvature)} {words}: must be at least 0")
        self.known = (x, slope, bend)
        return slope, bend

    def require_a_point(self, x: FloatArray) -> None:
        """Raise Infeasible if another solver finds no point either: growing multipliers alone prove nothing."""
        box = np.column_stack([self.lower, self.upper])
        if LINPROG(np.zeros(len(x)), A_eq=self.matrix, b_eq=self.right, bounds=box, method="highs").status == 2:
            worst = int(np.argmax(np.nan_to_num(np.abs(self.matrix @ x - self.right))))
            raise Infeasible(f"right: no point meets all constraints; row {worst} is furthest from its right-hand side")

    def start(self) -> FloatArray:
        """Return a point inside the bounds where the equations hold as nearly as the bounds allow."""
        middle = np.where(self.has_low, self.lower + 1.0, np.where(self.has_high, self.upper - 1.0, 0.0))
        both = self.has_low & self.has_high
        middle[both] = np.minimum(middle[both], (self.lower[both] + self.upper[both]) / 2.0)
        n = len(middle)
        try:  # the point nearest to the middle at which the equations hold
            near = (
                middle + self.kkt.at(np.ones(n))(np.concatenate([np.zeros(n), self.right - self.matrix @ middle]))[:n]
            )
        except RuntimeError:
            return middle
        # Where there is room, go there; a slack of a hundred that begins at one takes its time.
        low, high = np.where(both, middle, self.lower + 1.0), np.where(both, middle, self.upper - 1.0)
        return np.clip(near, np.where(self.has_low, low, -np.inf), np.where(self.has_high, high, np.inf))


@dataclass(eq=False)
class _Point:
    """An iterate: x inside the bounds, y of the equations, and the bounds' multipliers."""

    x: FloatArray
    y: FloatArray
    below: FloatArray
    above: FloatArray


def interior_point(
    gradient: Function, curvature: Function, matrix: Any, right: Annotated[FloatArray, Array("*")], lower: Bound,
    upper: Bound, *, tol: Positive = 1e-9, max_iter: Annotated[int, Whole(low=1)] = 200,
) -> ComplementarityResult:  # fmt: skip
    """Minimise a convex function with a diagonal second derivative, under linear equations and bounds.

    1. Newton's step for the optimality conditions with complementarity relaxed to a small mu,
       first with mu = 0 to see how far one could go (predictor), then with what is left and the
       second-order error corrected (Mehrotra).
    2. As far towards the boundary as is safe; mu follows.

    Parameters
    ----------
    gradient, curvature : callable
        First and (diagonal) second derivative of the objective, from shape (n,) to shape (n,); the
        second is at least 0.
    matrix : array_like or sparse, shape (m, n)
        Of the constraints ``matrix @ x = right``; m is at least 1.
    right : array_like, shape (m,)
        Their right-hand sides.
    lower, upper : array_like, shape (n,)
        Bounds, each lower one below its upper; infinite where there is none.
    tol : float
        Largest violation of the optimality conditions, relative, above 0.
    max_iter : int
        At most so many iterations, each with one factorisation.

    Returns
    -------
    ComplementarityResult
        With ``dual``, how the least objective rises with `right`. If the objective has no minimum,
        ``converged`` is false.

    Raises
    ------
    InvalidInput
        If an argument is not of its kind, a derivative has the wrong shape, or a curvature is negative.
    Infeasible
        If the multipliers grow without end, as they do where no point is feasible, and a linear
        program (by HiGHS) finds none either.

    Examples
    --------
    >>> result = interior_point(lambda x: 2 * x, lambda x: np.full(2, 2.0), [[1.0, 1.0]], [2.0], [0, 0], [9, 9])
    >>> result.point.round(6).tolist(), result.dual.round(6).tolist()
    ([1.0, 1.0], [2.0])
    """
    dense = None if sparse.issparse(matrix) else checks.array("matrix", matrix, shape=(None, None))
    a = sparse.csc_array(matrix if dense is None else dense)
    lengths = (a.shape[0], a.shape[1], a.shape[1])
    for name, values, length in zip(("right", "lower", "upper"), (right, lower, upper), lengths, strict=True):
        if len(values) != length:
            raise checks.invalid(name, values, f"an array of {length} numbers, since matrix has shape {a.shape}")
    if (lower >= upper).any():
        place = int(np.argmax(lower >= upper))
        words = f"below upper; lower[{place}] = {lower[place]} is not, and a variable without choice is data"
        raise checks.invalid("lower", lower, words)
    problem = _Problem(gradient, curvature, a, right, lower, upper)
    x = problem.start()
    at = _Point(x, np.zeros(len(problem.right)), 1.0 * problem.has_low, 1.0 * problem.has_high)
    count, residual = 0, _residual(problem, at)
    while residual > tol and count < max_iter:
        before = replace(at), residual
        try:
            _advance(problem, at)
        except RuntimeError:  # a singular system, as where multipliers have grown beyond all bounds
            break
        count += 1
        residual = _residual(problem, at)
        size = largest(at.y) + at.below.max(initial=0.0) + at.above.max(initial=0.0)
        slope, _ = problem.slopes(at.x)
        if not np.isfinite(residual) or size > LOST * (1.0 + largest(slope)):
            problem.require_a_point(at.x)
            at, residual = before if not np.isfinite(residual) else (at, residual)
            break
    proof = optimality_certificates(problem, at.x, at.y, 10.0 * tol)
    return ComplementarityResult(at.x, at.y, bool(residual <= tol), count, residual, proof)


def _gaps(problem: _Problem, x: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Return the distances to the bounds, never quite zero; one where there is none."""
    below = np.where(problem.has_low, x - np.where(problem.has_low, problem.lower, 0.0), 1.0)
    above = np.where(problem.has_high, np.where(problem.has_high, problem.upper, 0.0) - x, 1.0)
    return np.maximum(below, CLOSEST), np.maximum(above, CLOSEST)


def _residual(problem: _Problem, at: _Point) -> float:
    """Return the largest violation of the optimality conditions, relative."""
    slope, _ = problem.slopes(at.x)
    gap_low, gap_high = _gaps(problem, at.x)
    stationary = slope - problem.transposed @ at.y - at.below + at.above
    scale = 1.0 + largest(slope)
    rows = (problem.matrix @ at.x - problem.right) / (1.0 + largest(problem.right))
    size = 1.0 + largest(at.x)
    pairs_low = np.minimum(gap_low / size, at.below / scale)[problem.has_low]
    pairs_high = np.minimum(gap_high / size, at.above / scale)[problem.has_high]
    return max(map(largest, (stationary / scale, rows, pairs_low, pairs_high)))


def _advance(problem: _Problem, at: _Point) -> None:
    """Take one predictor-corrector step."""
    slope, bend = problem.slopes(at.x)
    gap_low, gap_high = _gaps(problem, at.x)
    bounds = max(int(problem.has_low.sum() + problem.has_high.sum()), 1)
    mu = float(gap_low @ at.below + gap_high @ at.above) / bounds
    stationary = slope - problem.transposed @ at.y - at.below + at.above
    rows = problem.matrix @ at.x - problem.right
    weight = bend + at.below / gap_low + at.above / gap_high + REGULAR
    system = problem.kkt.at(weight)

    def direction(low_target: FloatArray, high_target: FloatArray) -> tuple[FloatArray, ...]:
        """Solve for the step that brings gap times multiplier to the targets."""
        pull = (low_target - gap_low * at.below) / gap_low * problem.has_low
        push = (high_target - gap_high * at.above) / gap_high * problem.has_high
        step = system(np.concatenate([-stationary + pull - push, -rows]))
        dx, dy = step[: len(at.x)], step[len(at.x) :]
        return dx, dy, pull - at.below / gap_low * dx, push + at.above / gap_high * dx

    dx, _, d_below, d_above = direction(np.zeros(len(at.x)), np.zeros(len(at.x)))
    primal, dual = _reach(problem, at, dx, d_below, d_above, 1.0)
    ahead = (gap_low + primal * dx * problem.has_low) @ (at.below + dual * d_below)
    ahead += (gap_high - primal * dx * problem.has_high) @ (at.above + dual * d_above)
    centre = (float(ahead) / bounds / mu) ** 3 * mu if mu > 0.0 else 0.0
    dx, dy, d_below, d_above = direction(centre - dx * d_below, centre + dx * d_above)
    primal, dual = _reach(problem, at, dx, d_below, d_above, TO_BOUNDARY)
    if bend.any():  # with curvature both must take the same step, or stationarity is lost
        primal = dual = min(primal, dual)
    at.x = at.x + primal * dx
    at.y = at.y + dual * dy
    at.below = at.below + dual * d_below * problem.has_low
    at.above = at.above + dual * d_above * problem.has_high


def _reach(
    problem: _Problem, at: _Point, dx: FloatArray, d_below: FloatArray, d_above: FloatArray, part: float
) -> tuple[float, float]:
    """Return how far x, and the multipliers, may go before something reaches zero."""
    gap_low, gap_high = _gaps(problem, at.x)

    def longest(value: FloatArray, change: FloatArray, where: FloatArray) -> float:
        falling = (change < 0.0) & where.astype(bool)
        return min(1.0, part * float(np.min(-value[falling] / change[falling], initial=np.inf)))

    primal = min(longest(gap_low, dx, problem.has_low), longest(gap_high, -dx, problem.has_high))
    dual = min(longest(at.below, d_below, problem.has_low), longest(at.above, d_above, problem.has_high))
    return primal, dual
