"""An equilibrium of the coupled city, in the units in which one reads it."""

from dataclasses import dataclass

import numpy as np

from v2g_nb import checks
from v2g_nb.certificate import Certificate, Result
from v2g_nb.checks import FloatArray
from v2g_nb.city.model import CityModel, CityPath
from v2g_nb.city.trips import CHARGE, DISCHARGE

USED = 1e-6  # vehicles or kW below which something counts as not used


@dataclass(frozen=True, eq=False)
class CityResult(Result):
    """Everybody's decisions and the prices that hold them together.

    Paths (one entry each of ``paths``): ``path_flow`` [veh in the period], ``path_cost`` [$], and its
    parts ``path_time_min``, ``path_wait_min``, ``path_dwell_min``, ``path_energy_cost`` [$], wear of
    the battery and missing energy included. Roads: ``link_flow`` [veh], ``link_time_min``. Times on the
    road include the ``fixed_cost`` of the links.

    Stations: ``visits`` [veh], shape (stations, 2), who charges and who discharges; ``wait_min``;
    ``charging_kw``, ``discharging_kw`` (q+, q-); ``price_charging``, ``price_discharging`` (rho+,
    rho-) [$/kWh]; ``trade_price_charging``, ``trade_price_discharging`` (pi+, pi-), with each
    station's bus; ``limit_price`` (mu).

    Feeder: ``dlmp`` of each bus [$/kWh], which is ``import_price`` (tau) plus ``wheeling_fee`` (w), zero
    at the source; ``generation_kw``, ``generation_kvar`` of each generator; ``import_kw``,
    ``import_kvar``; ``injection_kw`` of each bus; ``sales_kw``, ``shed_kw``, shape (LSEs, buses);
    ``purchase_kw`` of each LSE; ``traded_kw``, shape (LSEs, stations' buses, 2), sold to and bought
    from the CNO; ``active_kw``, ``line_kvar`` of each line; ``voltage_pu`` of each bus.

    ``od_cost`` [$], shape (classes, pairs), NaN where nobody drives. ``unserved`` [veh], the same shape.
    ``residual`` is the largest natural residual of (18), in vehicles, kW, $/kWh and $ per trip.
    ``point`` and ``multipliers`` are z of (18) in the units of the program.
    """

    model: CityModel
    paths: tuple[CityPath, ...]
    path_flow: FloatArray
    path_cost: FloatArray
    path_time_min: FloatArray
    path_wait_min: FloatArray
    path_dwell_min: FloatArray
    path_energy_cost: FloatArray
    link_flow: FloatArray
    link_time_min: FloatArray
    visits: FloatArray
    wait_min: FloatArray
    charging_kw: FloatArray
    discharging_kw: FloatArray
    price_charging: FloatArray
    price_discharging: FloatArray
    trade_price_charging: FloatArray
    trade_price_discharging: FloatArray
    limit_price: FloatArray
    dlmp: FloatArray
    import_price: float
    wheeling_fee: FloatArray
    generation_kw: FloatArray
    generation_kvar: FloatArray
    import_kw: float
    import_kvar: float
    injection_kw: FloatArray
    sales_kw: FloatArray
    shed_kw: FloatArray
    purchase_kw: FloatArray
    traded_kw: FloatArray
    active_kw: FloatArray
    line_kvar: FloatArray
    voltage_pu: FloatArray
    od_cost: FloatArray
    unserved: FloatArray
    point: FloatArray
    multipliers: FloatArray
    converged: bool
    num_iter: int
    residual: float
    certificates: tuple[Certificate, ...]

    @property
    def max_dlmp(self) -> float:
        """The highest price of a bus [$/kWh]."""
        return float(self.dlmp.max())

    @property
    def total_shed_kw(self) -> float:
        """Household load that is not served [kW]."""
        return float(self.shed_kw.sum())

    @property
    def station_load_kw(self) -> FloatArray:
        """What each station takes in net [kW]; negative where it feeds in."""
        return self.charging_kw - self.discharging_kw

    def _share(self, *kinds: str) -> float:
        """Return which part of electric trips makes a stop of one of these kinds."""
        groups = self.model.drivers
        trips = float(sum(group.volumes.sum() for group in groups if group.electric))
        wanted = [groups[p.driver].electric and any(s.kind in kinds for s in p.trip.stops) for p in self.paths]
        return float(self.path_flow[np.array(wanted)].sum()) / trips if trips else 0.0

    @property
    def visit_share(self) -> float:
        """Which part of electric trips stops at a station."""
        return self._share(CHARGE, DISCHARGE)

    @property
    def discharge_share(self) -> float:
        """Which part of electric trips discharges."""
        return self._share(DISCHARGE)

    @property
    def charged_kwh(self) -> float:
        """Energy charged in the period [kWh]."""
        return float(self.charging_kw.sum()) * self.model.period_h

    @property
    def discharged_kwh(self) -> float:
        """Energy discharged in the period [kWh]."""
        return float(self.discharging_kw.sum()) * self.model.period_h

    @property
    def dwell_h(self) -> float:
        """Time that all drivers together wait, charge and discharge [veh h]."""
        return float(self.path_flow @ (self.path_wait_min + self.path_dwell_min)) / 60.0

    @property
    def discharging_pairs(self) -> tuple[int, ...]:
        """The pairs of nodes, counted from 1, of which somebody discharges."""
        used = [path for path, flow in zip(self.paths, self.path_flow, strict=True) if flow > USED]
        sells = [path.pair + 1 for path in used if any(stop.kind == DISCHARGE for stop in path.trip.stops)]
        return tuple(sorted(set(sells)))

    @property
    def social_cost(self) -> dict[str, float]:
        """What the period costs all together, by part [$]; money that changes hands cancels.

        ``time`` of all drivers, on the road (the ``fixed_cost`` of links included, which none of the players
        receives), waiting and at the pile; ``wear`` of batteries; ``generation``; ``import``; ``shedding``;
        ``total``. Trips that are not made are not in it.
        """
        model, grid = self.model, self.model.market.grid
        thetas = np.array([model.drivers[path.driver].value_of_time for path in self.paths])
        minutes = self.path_time_min + self.path_wait_min + self.path_dwell_min
        g = self.generation_kw
        parts = {
            "time": float(self.path_flow @ (thetas * minutes)),
            "wear": model.wear_cost * self.discharged_kwh,
            "generation": model.period_h * float(grid.cost_per_kwh @ g + 0.5 * grid.cost_slope @ g**2),
            "import": model.period_h * grid.import_cost_per_kwh * self.import_kw,
            "shedding": model.period_h * grid.shed_cost_per_kwh * self.total_shed_kw,
        }
        return parts | {"total": sum(parts.values())}

    @property
    def accounts(self) -> dict[str, float]:
        """What each kind of player gains in the period, by its own objective [$].

        ``electric drivers``, ``other drivers`` (what their trips cost, negative), ``CNO``, ``DSO``,
        ``LSEs`` (profits) and ``households`` (what power is worth to them beyond its price), after (1), (3), (9)
        and (10) of the city paper. Together they are the worth of what households are served, less the social
        cost, what drivers pay for missing energy, and the cost of trips that are not made.
        """
        model, market, grid, fee = self.model, self.model.market, self.model.market.grid, self.wheeling_fee
        trips = {True: 0.0, False: 0.0}
        for group, cost in zip(model.drivers, self.od_cost, strict=True):
            used = group.volumes > 0.0
            trips[group.electric] += float(group.volumes[used] @ cost[used])
        buy, sell, at = self.trade_price_charging, self.trade_price_discharging, fee[model.station_bus]
        cno = (self.price_charging - buy) @ self.charging_kw + (sell - self.price_discharging) @ self.discharging_kw
        dso = (self.import_price - grid.import_cost_per_kwh) * self.import_kw - fee @ self.injection_kw
        sales, made = self.sales_kw.sum(axis=0), self.generation_kw
        lses = (market.intercept - market.slope * sales - fee) @ sales
        lses -= (grid.cost_per_kwh + 0.5 * grid.cost_slope * made - fee[grid.generator_bus]) @ made
        lses += (buy - at) @ self.charging_kw - (sell - at) @ self.discharging_kw
        lses -= self.import_price * self.purchase_kw.sum() + grid.shed_cost_per_kwh * self.total_shed_kw
        return {
            "electric drivers": -trips[True],
            "other drivers": -trips[False],
            "CNO": model.period_h * float(cno),
            "DSO": model.period_h * float(dso),
            "LSEs": model.period_h * float(lses),
            "households": model.period_h * 0.5 * float(market.slope @ sales**2),
        }

    def dominant(self, pair: int, driver: int = 0) -> int:
        """Return the path that most drivers of a class take between a pair of nodes.

        Parameters
        ----------
        pair : int
            The pair, from 1 as in the paper.
        driver : int
            The class, from 0.

        Returns
        -------
        int
            Its place in ``paths``.

        Raises
        ------
        InvalidInput
            If the class has no path for the pair.

        Examples
        --------
        >>> result = solve_city(scenario("stress"))
        >>> result.paths[result.dominant(3)].trip.nodes
        (1, 3, 12, 13, 24, 21, 20)
        """
        which = checks.integer("pair", pair, low=1, high=len(self.model.pairs)) - 1
        group = checks.integer("driver", driver, low=0, high=len(self.model.drivers) - 1)
        own = [k for k, path in enumerate(self.paths) if (path.pair, path.driver) == (which, group)]
        if not own:
            raise checks.invalid("pair", pair, "one with trips of that class")
        return max(own, key=lambda k: float(self.path_flow[k]))
