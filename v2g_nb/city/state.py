"""An equilibrium of the coupled city, in the units in which one reads it."""

from dataclasses import dataclass
from typing import Any

import numpy as np

from v2g_nb.certificate import Certificate
from v2g_nb.checks import FloatArray
from v2g_nb.city.model import CityModel, CityPath

USED = 1e-6  # vehicles or kW below which something counts as not used


@dataclass(frozen=True, eq=False)
class CityEquilibrium:
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

    @property
    def _electric(self) -> Any:
        groups = self.model.drivers
        return np.array([groups[path.driver].electric for path in self.paths])

    def _share(self, wanted: Any) -> float:
        trips = float(sum(group.volumes.sum() for group in self.model.drivers if group.electric))
        return float(self.path_flow[self._electric & wanted].sum()) / trips if trips else 0.0

    @property
    def visit_share(self) -> float:
        """Which part of electric trips stops at a station."""
        return self._share(np.array([bool(path.trip.stops) for path in self.paths]))

    @property
    def discharge_share(self) -> float:
        """Which part of electric trips discharges."""
        return self._share(np.array([any(stop.kind == "-" for stop in path.trip.stops) for path in self.paths]))

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
        found = {
            path.pair + 1
            for path, flow in zip(self.paths, self.path_flow, strict=True)
            if flow > USED and any(stop.kind == "-" for stop in path.trip.stops)
        }
        return tuple(sorted(found))

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
        >>> from v2g_nb.city.equilibrium import solve_city
        >>> from v2g_nb.city.scenarios import scenario
        >>> result = solve_city(scenario("stress"))
        >>> result.paths[result.dominant(3)].trip.nodes
        (1, 3, 12, 13, 24, 21, 20)
        """
        from v2g_nb import checks

        which = checks.integer("pair", pair, low=1, high=len(self.model.pairs)) - 1
        group = checks.integer("driver", driver, low=0, high=len(self.model.drivers) - 1)
        own = [k for k, path in enumerate(self.paths) if (path.pair, path.driver) == (which, group)]
        if not own:
            raise checks.invalid("pair", pair, "one with trips of that class")
        return max(own, key=lambda k: float(self.path_flow[k]))
