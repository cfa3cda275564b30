"""The coupled equilibrium as a mixed complementarity problem, which needs no objective."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy import sparse

from v2g_nb import checks
from v2g_nb.checks import FloatArray
from v2g_nb.city.feasibility import explain
from v2g_nb.city.model import CityModel
from v2g_nb.city.program import CityProgram, city_program
from v2g_nb.city.reading import certified, read
from v2g_nb.city.state import CityEquilibrium
from v2g_nb.city.ways import city_paths
from v2g_nb.complementarity.newton import ComplementarityResult, smoothing_newton
from v2g_nb.errors import NotConverged

SHARPER = 0.1  # the method's own units are coarser than those of the result


@dataclass(frozen=True, eq=False)
class ComplementarityProblem:
    """F, its derivative, the box, and where to begin: z holds all decisions, then all multipliers."""

    function: Callable[[FloatArray], FloatArray]
    jacobian: Callable[[FloatArray], Any]
    lower: FloatArray
    upper: FloatArray
    start: FloatArray


def city_mcp(program: CityProgram) -> ComplementarityProblem:
    """Return the problem (18) of a program: marginal costs against multipliers, and all rows.

    Parameters
    ----------
    program : CityProgram
        Columns and rows; classes may value time differently.

    Returns
    -------
    ComplementarityProblem
        With ``F(x, y) = (f'(x) - forces y, matrix x - right)``, in the program's units.

    Raises
    ------
    InvalidInput
        If `program` is no CityProgram.

    Examples
    --------
    >>> from v2g_nb.city.small import small_city
    >>> model = small_city()
    >>> problem = city_mcp(city_program(model, city_paths(model)))
    >>> problem.function(problem.start).shape == problem.lower.shape
    True

    References
    ----------
    Equations (14) to (18) of the city paper.
    """
    checks.instance("program", program, CityProgram)
    columns, rows = len(program.lower), len(program.right)
    free = np.full(rows, np.inf)

    def function(z: FloatArray) -> FloatArray:
        x, y = z[:columns], z[columns:]
        return np.concatenate([program.gradient(x) - program.forces @ y, program.matrix @ x - program.right])

    def jacobian(z: FloatArray) -> Any:
        bend = sparse.diags_array(program.curvature(z[:columns]))
        blocks: Any = [[bend, -program.forces], [program.matrix, None]]
        return sparse.block_array(blocks)

    start = np.concatenate([np.clip(np.zeros(columns), program.lower, program.upper), np.zeros(rows)])
    lower = np.concatenate([program.lower, -free])
    return ComplementarityProblem(function, jacobian, lower, np.concatenate([program.upper, free]), start)


def solve_city_mcp(
    model: CityModel, *, smoothing: float = 1.0, tolerance: float = 1e-9, max_iter: int = 200
) -> CityEquilibrium:
    """Solve the coupled equilibrium as a mixed complementarity problem, from a cold start.

    Parameters
    ----------
    model : CityModel
        The instance; classes may value time differently.
    smoothing : float
        How smooth to begin, at least 0; with 0 the method stalls on the city.
    tolerance : float
        Natural residual of (18) to reach, in vehicles, kW, $/kWh and $ per trip; above 0. Below 1e-9 the
        method aims no lower, since rounding is near, and ``converged`` says whether it was enough.
    max_iter : int
        At most so many Newton steps.

    Returns
    -------
    CityEquilibrium

    Raises
    ------
    InvalidInput
        If an argument is not of its kind.
    Infeasible
        If no point keeps all limits; the message names the buses or stations.
    NotConverged
        If the method stalled.

    Examples
    --------
    >>> from v2g_nb.city.small import small_city
    >>> result = solve_city_mcp(small_city(ev_value_of_time=(0.3, 0.7)))
    >>> result.converged, all(certificate.holds for certificate in result.certificates)
    (True, True)

    References
    ----------
    Equation (18) of the city paper, which it leaves to the solver PATH.
    """
    city = checks.instance("model", model, CityModel)
    checks.real("smoothing", smoothing, low=0.0)
    limit = checks.real("tolerance", tolerance, low=0.0, open_low=True)
    checks.integer("max_iter", max_iter, low=1)
    program = city_program(city, city_paths(city))
    found = solve_mcp(program, smoothing, limit, max_iter)
    if not found.converged:
        reason = explain(program)
        if reason is not None:
            raise reason
        words = f"stalled at a residual of {found.residual:.1e} after {found.num_iter} steps"
        raise NotConverged(f"model: Newton's method {words}, from smoothing = {smoothing:g}")
    columns = len(program.lower)
    return certified(read(program, found.point[:columns], found.point[columns:], found.num_iter, limit))


def solve_mcp(program: CityProgram, smoothing: float, limit: float, max_iter: int) -> ComplementarityResult:
    """Return what the smoothing Newton method makes of a program."""
    problem = city_mcp(program)
    # Nothing is larger in the program's units than in those of the result, except by this factor.
    coarsest = max(float(program.unit.max()), float(program.row_unit.max()))
    return smoothing_newton(
        problem.function,
        problem.jacobian,
        problem.lower,
        problem.upper,
        problem.start,
        smoothing=smoothing,
        tol=max(SHARPER * limit / coarsest, 1e-13),
        max_iter=max_iter,
    )
