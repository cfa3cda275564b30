"""The coupled equilibrium as the solution of one convex program."""

import contextlib
from typing import Any

import numpy as np
from scipy import sparse
from scipy.sparse.linalg import splu

from v2g_nb import checks
from v2g_nb.checks import FloatArray
from v2g_nb.city.feasibility import explain
from v2g_nb.city.model import CityModel
from v2g_nb.city.pricing import better_paths
from v2g_nb.city.program import CityProgram, city_program
from v2g_nb.city.reading import certified, post_prices, read
from v2g_nb.city.state import CityEquilibrium
from v2g_nb.city.ways import city_paths
from v2g_nb.complementarity.barrier import interior_point
from v2g_nb.errors import Infeasible, InvalidInput, NotConverged

ROUGH = 1e-9  # what the interior point has to reach before the polish
PROXIMAL = 1e-9  # keeps the polish's system regular where the solution is not unique
MOST_STEPS = 60  # of the interior point, which takes 15 to 40 where there is a solution
POLISHES = 6


def solve_city(model: CityModel, *, columns: str = "given", tolerance: float = 1e-9) -> CityEquilibrium:
    """Solve the coupled equilibrium as one convex program.

    1. All players' constraints and the clearing of the market, side by side; the objective is
       Beckmann's integrals plus the costs of power minus households' (perturbed) benefit.
    2. A primal-dual interior point method.
    3. A polish: Newton steps on the conditions that it found to hold with equality.

    Parameters
    ----------
    model : CityModel
        The instance. All electric classes must value time alike.
    columns : {"given", "generated"}
        Paths of Algorithm 1 alone, or more of them until no path lowers anybody's cost.
    tolerance : float
        Natural residual of (18), in vehicles, kW, $/kWh and $ per trip, up to which the result counts as
        ``converged``; above 0. The method goes as far as it can whatever this is.

    Returns
    -------
    CityEquilibrium

    Raises
    ------
    InvalidInput
        If an argument is not of its kind, or electric classes value time differently: then there is
        no such program, and :func:`v2g_nb.city.mcp.solve_city_mcp` is the way.
    Infeasible
        If no point keeps all limits; the message names the buses or stations.
    NotConverged
        If the interior point stopped early.

    Examples
    --------
    >>> from v2g_nb.city.scenarios import scenario
    >>> result = solve_city(scenario("stress", v2g=False))
    >>> round(result.total_shed_kw, 6), round(result.max_dlmp, 6), round(float(result.od_cost[0, 2]), 2)
    (82.5, 38.398593, 36.38)

    References
    ----------
    Equations (1) to (18) of the city paper.
    """
    city = checks.instance("model", model, CityModel)
    checks.choice("columns", columns, ("given", "generated"))
    limit = checks.real("tolerance", tolerance, low=0.0, open_low=True)
    values = sorted({group.value_of_time for group in city.drivers if group.electric})
    if len(values) > 1:
        words = ", ".join(f"{theta:g}" for theta in values)
        raise InvalidInput(
            f"model: electric classes value time at {words} $/min: must be equal for the convex program; "
            "solve_city_mcp solves the complementarity problem for unequal values"
        )
    program = city_program(city, city_paths(city))
    x, y, count = solve_program(program)
    while columns == "generated":
        more = better_paths(program, x, post_prices(program, x, y))
        if not more:
            break
        program = city_program(city, program.table.paths + more)
        x, y, steps = solve_program(program)
        count += steps
    return certified(read(program, x, y, count, limit))


def solve_program(program: CityProgram) -> tuple[FloatArray, FloatArray, int]:
    """Return decisions and multipliers of the convex program, and how many Newton steps it took."""
    free = program.lower < program.upper  # a variable without choice is data

    def whole(part: FloatArray) -> FloatArray:
        x = program.lower.copy()
        x[free] = part
        return x

    def gradient(part: FloatArray) -> FloatArray:
        return (program.gradient(whole(part)) / program.weight)[free]

    def curvature(part: FloatArray) -> FloatArray:
        return program.curvature(whole(part))[free]

    matrix = program.matrix[:, free]
    right = program.right - program.matrix[:, ~free] @ program.lower[~free]
    data = (matrix, right, program.lower[free], program.upper[free])
    with contextlib.suppress(Infeasible):
        rough = interior_point(gradient, curvature, *data, tol=ROUGH, max_iter=MOST_STEPS)
        with contextlib.suppress(RuntimeError):  # a singular system
            x, y, more = polish(program, whole(rough.point), rough.dual)
            if rough.converged or natural_size(program, x, y) <= ROUGH:
                return x, y, rough.num_iter + more
    reason = explain(program)
    if reason is not None:
        raise reason
    raise NotConverged(f"model: the interior point did not reach a residual of {ROUGH:g}, nor did the polish")


def polish(program: CityProgram, x: FloatArray, y: FloatArray) -> tuple[FloatArray, FloatArray, int]:
    """Sharpen a nearly optimal point: who stands at a bound stays there, Newton's method does the rest."""
    best = (x, natural(program, y))
    least = np.inf
    slope = program.gradient(x) / program.weight - program.matrix.T @ y
    low = (slope > x - program.lower) | (program.lower == program.upper)
    high = -slope > program.upper - x
    x = np.where(low, program.lower, np.where(high, program.upper, x))
    free = ~(low | high)
    a = program.matrix[:, free]
    m = a.shape[0]
    steps = 0
    for _ in range(POLISHES):
        slope = (program.gradient(x) / program.weight - program.matrix.T @ y)[free]
        error = program.matrix @ x - program.right
        size = natural_size(program, x, natural(program, y))
        if size >= least:
            break
        least, best = size, (x, natural(program, y))
        bend = program.curvature(x)[free] + PROXIMAL
        kkt = sparse.block_array([[sparse.diags_array(bend), -a.T], [a, PROXIMAL * sparse.eye_array(m)]])
        step = splu(sparse.csc_array(kkt)).solve(-np.concatenate([slope, error]))
        x = x.copy()
        x[free] += step[: int(free.sum())]
        y = y + step[int(free.sum()) :]
        steps += 1
    return (*best, steps)


def natural_size(program: CityProgram, x: FloatArray, y: FloatArray) -> float:
    """Return the natural residual of (18) at the point within the bounds, in the units of the result."""
    return float(np.abs(program.residual(np.clip(x, program.lower, program.upper), y)).max())


def natural(program: CityProgram, y: FloatArray) -> FloatArray:
    """Return multipliers of (18) from those of the program: each class's cost in its own money."""
    thetas: Any = [group.value_of_time for group in program.model.drivers]
    scale = np.ones(len(y))
    scale[program.rows["demand"]] = [thetas[m] / program.value_of_time for m, _ in program.demands]
    return y * scale
