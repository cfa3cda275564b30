"""Least-cost dispatch of a radial feeder, with the price of a kWh at every bus."""

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from scipy import sparse

from v2g_nb.arguments import needed
from v2g_nb.certificate import Certificate, Result
from v2g_nb.checks import FloatArray
from v2g_nb.errors import Infeasible, NotConverged
from v2g_nb.power.certificates import dispatch_certificates
from v2g_nb.power.feeder import DispatchProblem, RadialFeeder  # noqa: F401 - examples
from v2g_nb.power.feeder_rows import Blocks, add_feeder_rows, picks, polygon_sides, rated_lines

GAP = 1e-11  # what the interior point aims at; the certificates say what it reached
# Clarabel's own regularisation, and a weaker one where that blurs rows of very different size
REGULARISATIONS = (1e-8, 1e-12)
WEAK = ("AlmostSolved", "InsufficientProgress")  # no optimum in itself, unless the certificates find it one


@dataclass(frozen=True, eq=False)
class DispatchResult(Result):
    """A least-cost dispatch.

    ``generation_kw`` and ``reactive_kvar`` of the generators, ``import_kw`` and ``import_kvar`` at
    the source, ``shed_kw`` of each bus, ``active_kw`` and ``line_kvar`` into each line's head,
    ``voltage_pu`` of each bus; ``dlmp`` and ``reactive_price`` [$/kWh, $/kvarh] of each bus;
    ``voltage_price`` [$/h per pu of squared voltage] of each bus, positive where the lower limit
    binds; ``line_price`` [$/kWh], shape (lines, facets), of the polygons' sides; ``cost`` [$/h]; ``num_iter`` of
    the interior point.
    """

    generation_kw: FloatArray
    reactive_kvar: FloatArray
    import_kw: float
    import_kvar: float
    shed_kw: FloatArray
    active_kw: FloatArray
    line_kvar: FloatArray
    voltage_pu: FloatArray
    dlmp: FloatArray
    reactive_price: FloatArray
    voltage_price: FloatArray
    line_price: FloatArray
    cost: float
    num_iter: int
    certificates: tuple[Certificate, ...]


class _Program:
    """The dispatch as min x'Px/2 + c'x, with equality rows first and then rows at most b; in MW and MVA."""

    def __init__(self, problem: DispatchProblem) -> None:
        tree = problem.feeder
        n, m, g = tree.num_buses, tree.num_lines, len(problem.generator_bus)
        self.base = base = tree.base_kva
        self.rated = rated_lines(tree)
        blocks = Blocks()
        sizes = {"generation": g, "reactive": g, "import": 1, "import_reactive": 1, "shed": n}
        sizes |= {"active": m, "line_reactive": m, "voltage": n}
        for name, count in sizes.items():
            blocks.variables(name, count)
        at = picks(problem.generator_bus, n)
        active = (problem.load_kw / base, {"generation": at, "shed": sparse.eye_array(n)})
        reactive = (problem.load_kvar / base, {"reactive": at})
        add_feeder_rows(blocks, tree, problem.source_voltage_pu, active, reactive, unit_kw=base)
        self.equal = blocks.height
        _add_limits(blocks, problem)
        self.place = blocks.columns
        self.matrix, self.right = blocks.matrix(), np.concatenate(blocks.right)
        self.matrix.eliminate_zeros()
        self.cost, curve = np.zeros(blocks.width), np.zeros(blocks.width)
        self.cost[self.place["generation"]] = problem.cost_per_kwh * base
        self.cost[self.place["import"]] = problem.import_cost_per_kwh * base
        self.cost[self.place["shed"]] = problem.shed_cost_per_kwh * base
        curve[self.place["generation"]] = problem.cost_slope * base**2
        self.curve = sparse.diags_array(curve).tocsc()


def _add_limits(blocks: Blocks, problem: DispatchProblem) -> None:
    """Add the rows that are at most their right-hand side: polygons, then voltages, then bounds."""
    tree, base = problem.feeder, problem.feeder.base_kva
    angles = 2.0 * np.pi * np.arange(problem.facets) / problem.facets  # the circle lies inside its polygon
    active, reactive = polygon_sides(tree, angles)
    rating = tree.rating_kva[rated_lines(tree)] / base
    blocks.equations("polygon", np.tile(rating, problem.facets), active=active, line_reactive=reactive)
    unit = sparse.eye_array(tree.num_buses)
    blocks.equations("highest", np.full(tree.num_buses, problem.highest_pu**2), voltage=unit)
    blocks.equations("lowest", np.full(tree.num_buses, -(problem.lowest_pu**2)), voltage=-unit)
    capacity, swing = problem.capacity_kw / base, problem.reactive_kvar / base
    # A bus without load has nothing to shed; one that feeds in neither.
    top = np.maximum(problem.load_kw, 0.0) / base
    imports, reactive = np.array([problem.import_kw / base]), np.array([problem.import_kvar / base])
    bounds = {"generation": (0 * capacity, capacity), "reactive": (-swing, swing), "shed": (0 * top, top)}
    bounds |= {"import": (0 * imports, imports), "import_reactive": (-reactive, reactive)}
    for key, (low, high) in bounds.items():
        unit = sparse.eye_array(len(low))
        blocks.equations(f"{key} at most", high, **{key: unit})
        blocks.equations(f"{key} at least", -low, **{key: -unit})


def solve_dispatch(problem: DispatchProblem) -> DispatchResult:
    """Return the least-cost dispatch of a feeder and the prices that go with it.

    The dispatch is a convex quadratic program, solved by the interior point of Clarabel. The price
    of a bus (DLMP) is the multiplier of its active balance: what one more kWh of load there costs.
    Where all load of a bus is shed one more kWh costs `shed_cost_per_kwh`, while the multiplier may
    be anything from there on.

    Parameters
    ----------
    problem : DispatchProblem
        Loads, generators and limits.

    Returns
    -------
    DispatchResult

    Raises
    ------
    InvalidInput
        If `problem` is no DispatchProblem.
    Infeasible
        If no dispatch keeps all limits, even with shedding.
    NotConverged
        If the interior point stopped early and the certificates do not show that it was at the optimum.

    Examples
    --------
    >>> feeder = RadialFeeder(2, [0], [1], [0.01], [0.01], [np.inf])
    >>> problem = DispatchProblem(feeder, [0, 100], [0, 0], [1], [0.2], [0.0], [50], [0], 0.1)
    >>> result = solve_dispatch(problem)
    >>> round(result.import_kw, 3), result.dlmp.round(6).tolist()
    (100.0, [0.1, 0.1])

    References
    ----------
    Equation (9) of the city paper, with the generators' costs of (10) in place of prices.
    """
    program = _Program(problem)
    found: list[DispatchResult] = []
    for regularisation in REGULARISATIONS:
        answer = _interior_point(program, regularisation)
        status = str(answer.status)
        if status == "PrimalInfeasible":
            raise Infeasible(
                "problem: no dispatch serves the reactive load and keeps voltages, lines and an import of at least 0 "
                "within their limits, even with all active load shed"
            )
        if status == "Solved" or status in WEAK:
            with np.errstate(all="ignore"):  # a weak answer may be far from any voltage
                result = _unpack(problem, program, np.array(answer.x), np.array(answer.z), int(answer.iterations))
            if status == "Solved" and _certified(result):
                return result
            if status == "Solved" or _certified(result):
                found.append(result)
    if not found:
        raise NotConverged(f"problem: Clarabel stopped with status {status} after {answer.iterations} iterations")
    return min(found, key=lambda result: (not _certified(result), max(c.value for c in result.certificates)))


def _certified(result: DispatchResult) -> bool:
    return all(c.holds for c in result.certificates)


def _interior_point(program: _Program, regularisation: float) -> Any:
    """Return Clarabel's answer."""
    clarabel = needed("clarabel")
    cones = [clarabel.ZeroConeT(program.equal), clarabel.NonnegativeConeT(len(program.right) - program.equal)]
    settings = clarabel.DefaultSettings()
    settings.verbose = False
    settings.tol_gap_abs = settings.tol_gap_rel = settings.tol_feas = GAP
    settings.static_regularization_constant = regularisation
    return clarabel.DefaultSolver(program.curve, program.cost, program.matrix, program.right, cones, settings).solve()


def _unpack(problem: DispatchProblem, program: _Program, x: FloatArray, z: FloatArray, count: int) -> DispatchResult:
    tree, base = problem.feeder, program.base
    n, m = tree.num_buses, tree.num_lines
    values = {key: x[place] * (1.0 if key == "voltage" else base) for key, place in program.place.items()}
    sides = len(program.rated) * problem.facets
    polygons = z[program.equal : program.equal + sides].reshape(problem.facets, len(program.rated))
    line_price = np.zeros((m, problem.facets))
    line_price[program.rated] = polygons.T / base
    upper, lower = z[program.equal + sides :][:n], z[program.equal + sides + n :][:n]
    g, imports = values["generation"], float(values["import"][0])
    cost = float(problem.cost_per_kwh @ g + 0.5 * problem.cost_slope @ g**2)
    cost += problem.import_cost_per_kwh * imports + problem.shed_cost_per_kwh * float(values["shed"].sum())
    draft = DispatchResult(
        generation_kw=g,
        reactive_kvar=values["reactive"],
        import_kw=imports,
        import_kvar=float(values["import_reactive"][0]),
        shed_kw=values["shed"],
        active_kw=values["active"],
        line_kvar=values["line_reactive"],
        voltage_pu=np.sqrt(values["voltage"]),
        dlmp=-z[:n] / base,
        reactive_price=-z[n : 2 * n] / base,
        voltage_price=lower - upper,
        line_price=line_price,
        cost=cost,
        num_iter=count,
        certificates=(),
    )
    return replace(draft, certificates=dispatch_certificates(problem, draft))
