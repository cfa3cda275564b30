"""One program for all players: its columns, rows, and derivatives; and the same as a complementarity problem.

Inside, powers are in MW, vehicles in hundreds and money in 1000 $, which keeps all numbers near one.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy import sparse

from v2g_nb import checks
from v2g_nb.checks import FloatArray
from v2g_nb.city.market import KW, add_market_rows, add_network_rows, add_variables
from v2g_nb.city.model import CityModel, CityPath
from v2g_nb.city.paths import PathTable, city_paths, path_table
from v2g_nb.city.stations import waiting_time
from v2g_nb.errors import Infeasible
from v2g_nb.power.feeder_rows import Blocks, picks

VEHICLES, MONEY = 100.0, 1000.0
UNITS = dict.fromkeys(("flow", "link", "visit", "unserved", "demand"), VEHICLES)
UNITS |= dict.fromkeys(("voltage", "drop", "source_voltage"), 1.0)  # all else is power
Function = Callable[[FloatArray], Any]


@dataclass(frozen=True, eq=False)
class CityProgram:
    """All players' problems as ``matrix @ x = right``, ``lower <= x <= upper``, and marginal costs.

    ``columns`` and ``rows`` name the blocks; ``unit`` and ``row_unit`` are the vehicles, kW or per
    unit in one unit of each; ``forces`` is the matrix by which multipliers act on decisions: the
    transpose of ``matrix``, except where a class values time unlike the others.
    """

    model: CityModel
    table: PathTable
    columns: dict[str, slice]
    rows: dict[str, slice]
    matrix: Any
    forces: Any
    right: FloatArray
    lower: FloatArray
    upper: FloatArray
    unit: FloatArray
    row_unit: FloatArray
    weight: FloatArray
    linear: FloatArray
    quadratic: FloatArray
    value_of_time: float
    demands: tuple[tuple[int, int], ...]

    @property
    def paths(self) -> tuple[CityPath, ...]:
        """What drivers may choose from: one entry each of the block ``flow``."""
        return self.table.paths

    def gradient(self, x: FloatArray) -> FloatArray:
        """Return the marginal costs at a point; every multiplier acts through ``forces``.

        Parameters
        ----------
        x : numpy.ndarray, shape (columns,)
            A point.

        Returns
        -------
        numpy.ndarray, shape (columns,)

        Examples
        --------
        >>> from v2g_nb.city import scenario
        >>> program = city_program(scenario("base"))
        >>> slope = program.gradient(np.zeros(len(program.lower)))
        >>> float(slope[program.columns["import"]][0])
        0.12
        """
        slope = self.linear + self.quadratic * x
        road = self.model.roads.network
        slope[self.columns["link"]] += self._theta * road.free_flow_time * (1.0 + road.b * self._load(x) ** road.power)
        slope[self.columns["link"]] += self._theta * road.fixed_cost
        visits = VEHICLES * x[self.columns["visit"]]
        wait = waiting_time(visits, **self.model.queues, sharpness=self.model.sharpness)
        slope[self.columns["visit"]] += self._theta * wait
        return slope

    def curvature(self, x: FloatArray) -> FloatArray:
        """Return the derivatives of :meth:`gradient`, each by its own variable.

        Parameters
        ----------
        x : numpy.ndarray, shape (columns,)
            A point.

        Returns
        -------
        numpy.ndarray, shape (columns,)

        Examples
        --------
        >>> from v2g_nb.city import scenario
        >>> program = city_program(scenario("base"))
        >>> bool((program.curvature(np.zeros(len(program.lower))) >= 0).all())
        True
        """
        bend = self.quadratic.copy()
        road = self.model.roads.network
        steeper = np.where(road.power > 0.0, self._load(x) ** np.maximum(road.power - 1.0, 0.0), 0.0)
        per_unit = road.free_flow_time * road.b * road.power * steeper * VEHICLES / road.capacity
        bend[self.columns["link"]] += self._theta * per_unit
        queues = self.model.queues
        beyond = self.model.sharpness * (VEHICLES * x[self.columns["visit"]] - queues["capacity"])
        per_visit = self._theta * queues["slope"] * VEHICLES
        bend[self.columns["visit"]] += per_visit * np.exp(-np.logaddexp(0.0, -beyond))
        return bend

    @property
    def _theta(self) -> float:
        """Thousand $ for a hundred vehicles' minute."""
        return self.value_of_time * VEHICLES / MONEY

    def _load(self, x: FloatArray) -> FloatArray:
        flow = np.maximum(x[self.columns["link"]], 0.0)
        return np.asarray(VEHICLES * flow / self.model.roads.network.capacity)

    def residual(self, x: FloatArray, y: FloatArray) -> FloatArray:
        """Return the natural residual of (18) in vehicles, kW, $/kWh and $ per trip, per unit for voltages.

        Parameters
        ----------
        x : numpy.ndarray, shape (columns,)
            Decisions.
        y : numpy.ndarray, shape (rows,)
            Multipliers.

        Returns
        -------
        numpy.ndarray, shape (columns + rows,)

        Examples
        --------
        >>> from v2g_nb.city import scenario
        >>> program = city_program(scenario("base"))
        >>> program.residual(np.zeros(len(program.lower)), np.zeros(len(program.right))).max().round(1)
        np.float64(590.0)
        """
        point = x * self.unit
        force = (self.gradient(x) - self.forces @ y) * (MONEY / self.unit)
        outside = point - np.clip(point - force, self.lower * self.unit, self.upper * self.unit)
        return np.concatenate([outside, (self.matrix @ x - self.right) * self.row_unit])

    def complementarity_problem(self) -> tuple[Function, Function, FloatArray, FloatArray, FloatArray]:
        """Return the problem (18): marginal costs against multipliers, and all rows.

        Returns
        -------
        tuple
            F, its derivative, the lower and upper ends of the box, and where to begin, as
            :func:`v2g_nb.complementarity.newton_steps` takes them. All decisions come first, then all multipliers:
            ``F(x, y) = (f'(x) - forces y, matrix x - right)``, in the program's units.

        Examples
        --------
        >>> from v2g_nb.city import small_city
        >>> function, jacobian, lower, upper, start = city_program(small_city()).complementarity_problem()
        >>> function(start).shape == lower.shape
        True

        References
        ----------
        Equations (14) to (18) of the city paper.
        """
        columns, rows = len(self.lower), len(self.right)
        free = np.full(rows, np.inf)

        def function(z: FloatArray) -> FloatArray:
            x, y = z[:columns], z[columns:]
            return np.concatenate([self.gradient(x) - self.forces @ y, self.matrix @ x - self.right])

        def jacobian(z: FloatArray) -> Any:
            bend = sparse.diags_array(self.curvature(z[:columns]))
            blocks: Any = [[bend, -self.forces], [self.matrix, None]]
            return sparse.block_array(blocks)

        start = np.concatenate([np.clip(np.zeros(columns), self.lower, self.upper), np.zeros(rows)])
        return function, jacobian, np.concatenate([self.lower, -free]), np.concatenate([self.upper, free]), start


def city_program(model: CityModel, paths: tuple[CityPath, ...] | None = None) -> CityProgram:
    """Return the program of an instance over a set of paths.

    Parameters
    ----------
    model : CityModel
        The instance.
    paths : tuple of CityPath, optional
        What drivers may choose from, such as the ``paths`` of a program or a result; by default what Algorithm 1
        finds for every class and pair with trips.

    Returns
    -------
    CityProgram

    Raises
    ------
    InvalidInput
        If an argument is not of its kind, or a path does not belong to the model.
    Infeasible
        If a pair with trips has no path: no route joins it, or (without `unserved_cost`) the battery allows none.

    Examples
    --------
    >>> program = city_program(scenario("base"))
    >>> program.matrix.shape[1] == len(program.lower)
    True

    References
    ----------
    Equations (1) and (3) to (18) of the city paper.
    """
    table = path_table(model, city_paths(model) if paths is None else paths)
    market, grid = model.market, model.market.grid
    demands = [(m, k) for m, group in enumerate(model.drivers) for k in np.flatnonzero(group.volumes > 0.0).tolist()]
    stays = demands if model.unserved_cost is not None else []
    blocks = Blocks()
    blocks.variables("flow", len(table.paths), 0.0)
    blocks.variables("link", model.roads.network.num_links)
    blocks.variables("visit", len(model.stations))
    blocks.variables("unserved", len(stays), 0.0)
    add_variables(blocks, model)
    _add_driver_rows(blocks, model, table, demands)
    add_market_rows(blocks, model)
    add_network_rows(blocks, model)

    linear, quadratic = np.zeros(blocks.width), np.zeros(blocks.width)
    hours, lses = model.period_h, len(market.shares)
    at = blocks.columns
    thetas = np.array([group.value_of_time for group in model.drivers])
    # what roads and queues are priced with: the value of time of the (first) electric class
    reference = next((group for group in model.drivers if group.electric), model.drivers[0]).value_of_time
    own = thetas[table.driver] * table.dwell_min + table.fixed_cost
    linear[at["flow"]] = own * VEHICLES / MONEY
    linear[at["unserved"]] = (model.unserved_cost or 0.0) * VEHICLES / MONEY
    used = np.flatnonzero(grid.capacity_kw > 0.0)
    linear[at["generation"]] = hours * grid.cost_per_kwh[used]
    quadratic[at["generation"]] = hours * grid.cost_slope[used] * KW
    linear[at["import"]] = hours * grid.import_cost_per_kwh
    linear[at["shed"]] = hours * grid.shed_cost_per_kwh
    homes, slope = market.load_buses, hours * market.slope[market.load_buses] * KW
    linear[at["total_sales"]] = -hours * market.intercept[homes]
    quadratic[at["total_sales"]] = slope
    quadratic[at["sales"]] = np.tile(slope, lses)

    weight = np.ones(blocks.width)
    weight[at["flow"]] = thetas[table.driver] / reference
    # a trip that is not made costs money of the class, as the class's paths do
    weight[at["unserved"]] = [thetas[m] / reference for m, _ in stays]
    matrix = blocks.matrix()
    return CityProgram(
        model,
        table,
        blocks.columns,
        blocks.rows,
        matrix,
        _forces(matrix, blocks, weight),
        np.concatenate(blocks.right),
        np.concatenate(blocks.lower),
        np.concatenate(blocks.upper),
        _units(blocks.columns),
        _units(blocks.rows),
        weight,
        linear,
        quadratic,
        reference,
        tuple(demands),
    )


def _units(blocks: dict[str, slice]) -> FloatArray:
    """Return the vehicles, kW or per unit in one unit of each column or row."""
    return np.concatenate([np.full(part.stop - part.start, UNITS.get(name, KW)) for name, part in blocks.items()])


def _forces(matrix: Any, blocks: Blocks, weight: FloatArray) -> Any:
    """Return the transposed matrix with delays as each class values them."""
    transposed = sparse.csr_array(matrix.T)
    if np.all(weight == 1.0):
        return transposed
    delays = np.zeros(blocks.height)
    delays[blocks.rows["link"]] = delays[blocks.rows["visit"]] = 1.0
    more = sparse.diags_array(weight - 1.0) @ transposed @ sparse.diags_array(delays)
    return sparse.csr_array(transposed + more)


def _add_driver_rows(blocks: Blocks, model: CityModel, table: PathTable, demands: list[tuple[int, int]]) -> None:
    """Add (3) to (6) and (8): trips, link flows, visits, and the stations' energies."""
    row = {key: k for k, key in enumerate(demands)}
    of_path = [row.get((m, k), -1) for m, k in zip(table.driver.tolist(), table.pair.tolist(), strict=True)]
    if min(of_path) < 0:
        raise checks.invalid("paths", table.paths[int(np.argmin(of_path))], "of a class and pair with trips")
    if model.unserved_cost is None and len(set(of_path)) < len(demands):
        m, k = demands[min(set(range(len(demands))) - set(of_path))]
        raise Infeasible(
            f"paths: none leads from {model.pairs[k][0]} to {model.pairs[k][1]} for {model.drivers[m].name}"
        )
    volumes = np.array([model.drivers[m].volumes[k] for m, k in demands])
    unserved = sparse.eye_array(len(demands), blocks.columns["unserved"].stop - blocks.columns["unserved"].start)
    blocks.equations("demand", volumes / VEHICLES, flow=picks(of_path, len(demands)), unserved=unserved)
    links, stations, hours = model.roads.network.num_links, len(model.stations), model.period_h
    blocks.equations("link", np.zeros(links), link=sparse.eye_array(links), flow=-table.links.T)
    stops = (table.charge_stops + table.discharge_stops).T
    unit = sparse.eye_array(stations)
    blocks.equations("visit", np.zeros(stations), visit=unit, flow=-stops)
    energy = VEHICLES / KW
    blocks.equations("charged", np.zeros(stations), charge=hours * unit, flow=-energy * table.charge_kwh.T)
    blocks.equations("discharged", np.zeros(stations), discharge=-hours * unit, flow=energy * table.discharge_kwh.T)
