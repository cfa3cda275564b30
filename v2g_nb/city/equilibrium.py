"""The coupled equilibrium: one convex program, or a mixed complementarity problem, which needs no objective."""

import contextlib
from dataclasses import replace
from typing import Annotated, Any, Literal

import numpy as np
from scipy import sparse
from scipy.sparse.linalg import splu

from v2g_nb.checks import FloatArray, Number, Whole
from v2g_nb.city.certificates.equilibrium import city_certificates
from v2g_nb.city.cheaper_paths import better_paths
from v2g_nb.city.feasibility import infeasibility
from v2g_nb.city.market import KW
from v2g_nb.city.model import CityModel
from v2g_nb.city.program import MONEY, VEHICLES, CityProgram, city_program
from v2g_nb.city.result import USED, CityResult
from v2g_nb.complementarity.barrier import interior_point
from v2g_nb.complementarity.newton import smoothing_newton
from v2g_nb.complementarity.problems import ComplementarityResult
from v2g_nb.errors import Infeasible, InvalidInput, NotConverged

ROUGH = 1e-9  # what the interior point has to reach before the polish
PROXIMAL = 1e-9  # keeps the polish's system regular where the solution is not unique
MOST_STEPS = 60  # of the interior point, which takes 15 to 40 where there is a solution
POLISHES = 6
SHARPER = 0.1  # the units of the complementarity problem are coarser than those of the result
Tolerance = Annotated[float, Number(low=0.0, open_low=True)]


def solve_city(
    model: CityModel, *, columns: Literal["given", "generated"] = "given", tol: Tolerance = 1e-9
) -> CityResult:
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
    tol : float
        Natural residual of (18), in vehicles, kW, $/kWh and $ per trip, up to which the result counts as
        ``converged``; above 0. The method goes as far as it can whatever this is.

    Returns
    -------
    CityResult

    Raises
    ------
    InvalidInput
        If an argument is not of its kind, or electric classes value time differently: then there is
        no such program, and :func:`solve_city_mcp` is the way.
    Infeasible
        If no point keeps all limits; the message names the buses or stations.
    NotConverged
        If the interior point stopped early.

    Examples
    --------
    >>> result = solve_city(scenario("stress", v2g=False))
    >>> round(result.total_shed_kw, 6), round(result.max_dlmp, 6), round(float(result.od_cost[0, 2]), 2)
    (82.5, 38.398593, 36.38)

    References
    ----------
    Equations (1) to (18) of the city paper.
    """
    values = sorted({group.value_of_time for group in model.drivers if group.electric})
    if len(values) > 1:
        words = ", ".join(f"{theta:g}" for theta in values)
        raise InvalidInput(
            f"model: electric classes value time at {words} $/min: must be equal for the convex program; "
            "solve_city_mcp solves the complementarity problem for unequal values"
        )
    program = city_program(model)
    x, y, count = solve_program(program)
    while columns == "generated":
        more = better_paths(program, x, post_prices(program, x, y))
        if not more:
            break
        program = city_program(model, program.paths + more)
        x, y, steps = solve_program(program)
        count += steps
    return result_of(program, x, y, count, tol)


def solve_city_mcp(
    model: CityModel,
    *,
    smoothing: Annotated[float, Number(low=0.0)] = 1.0,
    tol: Tolerance = 1e-9,
    max_iter: Annotated[int, Whole(low=1)] = 200,
) -> CityResult:
    """Solve the coupled equilibrium as a mixed complementarity problem, from a cold start.

    Parameters
    ----------
    model : CityModel
        The instance; classes may value time differently.
    smoothing : float
        How smooth to begin, at least 0; with 0 the method stalls on the city.
    tol : float
        Natural residual of (18) to reach, in vehicles, kW, $/kWh and $ per trip; above 0. Below 1e-9 the
        method aims no lower, since rounding is near, and ``converged`` says whether it was enough.
    max_iter : int
        At most so many Newton steps.

    Returns
    -------
    CityResult

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
    >>> result = solve_city_mcp(small_city(ev_value_of_time=(0.3, 0.7)))
    >>> result.converged, all(certificate.holds for certificate in result.certificates)
    (True, True)

    References
    ----------
    Equation (18) of the city paper, which it leaves to the solver PATH.
    """
    program = city_program(model)
    found = solve_mcp(program, smoothing, tol, max_iter)
    if not found.converged:
        words = f"stalled at a residual of {found.residual:.1e} after {found.num_iter} steps"
        words = f"model: Newton's method {words}, from smoothing = {smoothing:g}"
        raise infeasibility(program) or NotConverged(words)
    columns = len(program.lower)
    return result_of(program, found.point[:columns], found.point[columns:], found.num_iter, tol)


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
    words = f"the interior point did not reach a residual of {ROUGH:g}, nor did the polish"
    raise infeasibility(program) or NotConverged(f"model: {words}")


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
    steps = 0
    for _ in range(POLISHES):
        slope = (program.gradient(x) / program.weight - program.matrix.T @ y)[free]
        error = program.matrix @ x - program.right
        size = natural_size(program, x, natural(program, y))
        if size >= least:
            break
        least, best = size, (x, natural(program, y))
        bend = program.curvature(x)[free] + PROXIMAL
        kkt = sparse.block_array([[sparse.diags_array(bend), -a.T], [a, PROXIMAL * sparse.eye_array(a.shape[0])]])
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


def solve_mcp(program: CityProgram, smoothing: float, tol: float, max_iter: int) -> ComplementarityResult:
    """Return what the smoothing Newton method makes of a program."""
    # Nothing is larger in the program's units than in those of the result, except by this factor.
    coarsest = max(float(program.unit.max()), float(program.row_unit.max()))
    return smoothing_newton(
        *program.complementarity_problem(),
        smoothing=smoothing,
        tol=max(SHARPER * tol / coarsest, 1e-13),
        max_iter=max_iter,
    )


def post_prices(program: CityProgram, x: FloatArray, y: FloatArray) -> FloatArray:
    """Return the multipliers with a price for every service that nobody uses: the DLMP of its bus.

    A service that is idle has a whole range of prices; the price of its bus is always one of them,
    since CNO and LSEs trade there at cost, and it is the least attractive one for drivers.
    """
    (buses, place), rows, columns = program.model.points, program.rows, program.columns
    y, dlmp, rent = y.copy(), full_dlmp(program, y), y[rows["limits"]]
    for service, trade, flow in (("charge", "charge_trade", "charged"), ("discharge", "discharge_trade", "discharged")):
        amount = KW * x[columns[service]]
        at_bus = np.bincount(place, weights=amount, minlength=len(buses))
        price = np.where(at_bus > USED, y[rows[trade]], dlmp[buses])
        y[rows[trade]] = price
        y[rows[flow]] = np.where(amount > USED, y[rows[flow]], price[place] + rent)
    return y


def full_dlmp(program: CityProgram, y: FloatArray) -> FloatArray:
    """Return tau plus w of every bus; w is zero at the source."""
    tree = program.model.market.grid.feeder
    return np.asarray(y[program.rows["tso"]][0] + np.insert(y[program.rows["injection"]], tree.root, 0.0))


def result_of(program: CityProgram, x: FloatArray, y: FloatArray, count: int, tol: float) -> CityResult:
    """Return a point and multipliers as the equilibrium that one reads, with its certificates."""
    model, table, at, rows = program.model, program.table, program.columns, program.rows
    market, grid = model.market, model.market.grid
    buses, place = model.points
    lses, homes, n = len(market.shares), market.load_buses, grid.feeder.num_buses
    x = np.clip(x, program.lower, program.upper)
    y = post_prices(program, x, y)
    value: dict[str, Any] = {name: KW * x[block] for name, block in at.items()}
    price = {name: y[block] for name, block in rows.items()}
    flow = VEHICLES * x[at["flow"]]
    theta = program.value_of_time * VEHICLES / MONEY
    slope = program.gradient(x)
    link_time, wait = slope[at["link"]] / theta, slope[at["visit"]] / theta
    energy = table.charge_kwh @ price["charged"] - table.discharge_kwh @ price["discharged"] + table.fixed_cost
    path_time, path_wait = table.links @ link_time, (table.charge_stops + table.discharge_stops) @ wait
    thetas = np.array([group.value_of_time for group in model.drivers])[table.driver]
    od_cost, unserved = np.full((2, len(model.drivers), len(model.pairs)), np.nan)
    classes, pairs = np.array(program.demands).T
    od_cost[classes, pairs] = price["demand"] * MONEY / VEHICLES
    unserved[classes, pairs] = 0.0 if model.unserved_cost is None else VEHICLES * x[at["unserved"]]

    def by_bus(amounts: FloatArray) -> FloatArray:
        spread = np.zeros((lses, n))
        spread[:, homes] = amounts.reshape(lses, len(homes))
        return spread

    generation, swing = np.zeros(len(grid.generator_bus)), np.zeros(len(grid.generator_bus))
    generation[grid.capacity_kw > 0.0] = value["generation"]
    swing[grid.reactive_kvar > 0.0] = value["reactive"]
    residual = float(np.abs(program.residual(x, y)).max())
    traded = [value[name].reshape(lses, len(buses)) for name in ("sold_to_cno", "bought_from_cno")]
    result = CityResult(
        model=model,
        paths=table.paths,
        path_flow=flow,
        path_cost=thetas * (path_time + path_wait + table.dwell_min) + energy,
        path_time_min=path_time,
        path_wait_min=path_wait,
        path_dwell_min=table.dwell_min,
        path_energy_cost=energy,
        link_flow=VEHICLES * x[at["link"]],
        link_time_min=link_time,
        visits=np.column_stack([table.charge_stops.T @ flow, table.discharge_stops.T @ flow]),
        wait_min=wait,
        charging_kw=value["charge"],
        discharging_kw=value["discharge"],
        price_charging=price["charged"],
        price_discharging=price["discharged"],
        trade_price_charging=price["charge_trade"][place],
        trade_price_discharging=price["discharge_trade"][place],
        limit_price=price["limits"],
        dlmp=full_dlmp(program, y),
        import_price=float(price["tso"][0]),
        wheeling_fee=full_dlmp(program, y) - float(price["tso"][0]),
        generation_kw=generation,
        generation_kvar=swing,
        import_kw=float(value["import"][0]),
        import_kvar=float(value["import_reactive"][0]),
        injection_kw=value["injection"],
        sales_kw=by_bus(value["sales"]),
        shed_kw=np.minimum(by_bus(value["shed"]), market.obligations_kw),
        purchase_kw=value["purchase"],
        traded_kw=np.stack(traded, axis=-1),
        active_kw=value["active"],
        line_kvar=value["line_reactive"],
        voltage_pu=np.sqrt(x[at["voltage"]]),
        od_cost=od_cost,
        unserved=unserved,
        point=x,
        multipliers=y,
        converged=residual <= tol,
        num_iter=count,
        residual=residual,
        certificates=(),
    )
    return replace(result, certificates=city_certificates(result))
