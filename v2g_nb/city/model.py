"""The coupled city: who drives, where one charges, and who sells power to whom."""

from dataclasses import dataclass
from typing import Annotated, Any

import numpy as np

from v2g_nb import checks
from v2g_nb.arguments import Model
from v2g_nb.checks import Array, FloatArray, IntArray, Number, Whole
from v2g_nb.city.roads import RoadMap
from v2g_nb.city.trips import Battery, Node, NonNegative, Part, Positive, Trip
from v2g_nb.power.feeder import DispatchProblem

Power = Annotated[float, Number(infinite=True)]
Index = Annotated[int, Whole(low=0)]


@dataclass(frozen=True)
class Station(Model):
    """A fast charging station: a node of the roads, a bus of the feeder, a queue.

    Parameters
    ----------
    node : int
        Where on the map, from 1.
    bus : str
        Which bus of the feeder it hangs on.
    base_wait_min, wait_slope, capacity : float
        W0 [min], beta [min/(veh/h)] and C_n [veh/h] of the waiting time (4b); at least 0.
    lowest_kw, highest_kw : float
        Limits of what it takes in net; negative where it feeds in.

    Raises
    ------
    InvalidInput
        If a field is out of range, or the lower limit is not below the upper.

    Examples
    --------
    >>> Station(12, "86").base_wait_min
    3.0

    References
    ----------
    Equations (1b) and (4b) of the city paper.
    """

    node: Node
    bus: str
    base_wait_min: NonNegative = 3.0
    wait_slope: NonNegative = 0.5
    capacity: NonNegative = 90.0
    lowest_kw: Power = -3000.0
    highest_kw: Power = 3000.0

    def _relations(self) -> None:
        if self.lowest_kw >= self.highest_kw:
            raise checks.invalid("lowest_kw", self.lowest_kw, f"below highest_kw = {self.highest_kw!r}")


@dataclass(frozen=True, eq=False)
class DriverClass(Model):
    """Drivers who value time alike and drive alike.

    Parameters
    ----------
    name : str
        Such as ``"EV"``.
    value_of_time : float
        theta [$/min], above 0.
    volumes : array_like, shape (pairs,)
        Trips of each pair of nodes in the period [veh], at least 0.
    electric : bool
        Whether they need a battery, and may stop to charge or discharge.

    Raises
    ------
    InvalidInput
        If a field is out of range.

    Examples
    --------
    >>> DriverClass("EV", 0.52, [50.0]).electric
    True
    """

    name: str
    value_of_time: Positive
    volumes: Annotated[FloatArray, Array("pairs", low=0.0)]
    electric: bool = True


@dataclass(frozen=True, eq=False)
class PowerMarket(Model):
    """The feeder with its households, and the load serving entities (LSEs) that sell to them.

    Parameters
    ----------
    grid : DispatchProblem
        Feeder, household loads, generators, import, limits; its cost of shedding is VOLL; an even number of facets;
        active loads at least 0.
    owner : array_like of int, shape (generators,)
        Which LSE owns each generator, from 0.
    shares : array_like, shape (LSEs,)
        gamma: which part of each household load an LSE must serve or shed; sums to at most 1.
    retail_price : float
        Price at which households take their load [$/kWh], at least 0.
    elasticity : float
        Of their demand at that point, above 0.
    obligation : float
        Factor on what must be served; 1 in the paper, 0 leaves sales to the market alone.

    Raises
    ------
    InvalidInput
        If a field is out of range, an owner is no LSE, the number of facets is odd, or a load is negative.

    Examples
    --------
    >>> grid = scenario("base").market.grid
    >>> market = PowerMarket(grid, [0, 0, 0, 1, 1, 2, 2, 2], [1 / 3, 1 / 3, 1 / 3])
    >>> market.slope[market.load_buses[0]].round(6), market.intercept.max().round(6)
    (np.float64(0.033333), np.float64(1.533333))

    References
    ----------
    Equations (9) and (10) of the city paper.
    """

    grid: DispatchProblem
    owner: Annotated[IntArray, Array("grid.generator_bus.size", low=0.0, empty=True, index=True)]
    shares: Annotated[FloatArray, Array("LSEs", low=0.0, high=1.0)]
    retail_price: NonNegative = 0.20
    elasticity: Positive = 0.15
    obligation: Part = 1.0

    def _relations(self) -> None:
        if self.grid.facets % 2:  # opposite sides share a row
            raise checks.invalid("facets", self.grid.facets, "even for the coupled program")
        checks.array("load_kw", self.grid.load_kw, low=0.0)  # households buy; who feeds in is a generator
        if self.shares.sum() > 1.0 + 1e-9:
            raise checks.invalid("shares", self.shares, f"of a sum of at most 1, not {self.shares.sum():g}")
        if self.owner.max(initial=0) >= len(self.shares):
            raise checks.invalid("owner", self.owner, f"of LSEs from 0 to {len(self.shares) - 1}")

    @property
    def load_buses(self) -> IntArray:
        """The buses with households."""
        return np.flatnonzero(self.grid.load_kw > 0.0)

    @property
    def slope(self) -> FloatArray:
        """How the inverse demand falls at each bus, b [$/kWh per kW]; zero where nobody lives."""
        load = np.where(self.grid.load_kw > 0.0, self.grid.load_kw, np.inf)
        return np.asarray(self.retail_price / (self.elasticity * load), dtype=np.float64)

    @property
    def intercept(self) -> FloatArray:
        """Inverse demand at zero, a [$/kWh]; zero where nobody lives."""
        return np.where(self.grid.load_kw > 0.0, self.retail_price * (1.0 + 1.0 / self.elasticity), 0.0)

    @property
    def obligations_kw(self) -> FloatArray:
        """What each LSE must serve or shed at each bus, shape (LSEs, buses)."""
        return self.obligation * np.outer(self.shares, self.grid.load_kw)


@dataclass(frozen=True, eq=False)
class CityModel(Model):
    """One coupled instance: roads, stations, drivers and the power market for one period.

    Parameters
    ----------
    roads : RoadMap
        The roads; trips come from `drivers`. All nodes may be passed through (``first_through`` is 0).
    battery : Battery
        Of every electric vehicle.
    stations : tuple of Station
        At different nodes.
    pairs : tuple of (int, int)
        Origin and destination of each pair; pair 1 of the text is number 0 here.
    drivers : tuple of DriverClass
        Each with one volume a pair; at least one trip in all.
    market : PowerMarket
        Feeder, households and LSEs.
    period_h : float
        T, length of the period; above 0. Trips, and the capacities of roads and stations, count
        vehicles in one period.
    wear_cost : float
        kappa, wear of the battery per kWh discharged [$/kWh], at least 0.
    missing_energy_cost : float
        sigma, what a driver pays for each kWh that is missing on arrival [$/kWh], at least 0.
    pile_kw : float
        Power of a charging pile, above 0: how long a stop takes.
    sharpness : float
        k of the smoothed waiting time (7) [h/veh], above 0.
    v2g : bool
        Whether batteries may discharge.
    count, stretch : int, float
        Base routes of each pair: at most so many, and no longer than the shortest by this factor.
    only_needed : bool
        Whether nobody charges who need not.
    unserved_cost : float, optional
        What a trip that is not made costs [$]; without it every trip must be made.

    Raises
    ------
    InvalidInput
        If a field is out of range, a station is on no node or bus, nobody travels, or some nodes of the roads
        may not be passed through.

    Examples
    --------
    >>> model = scenario("base")
    >>> len(model.pairs), [station.node for station in model.stations]
    (20, [2, 11, 12, 15])
    """

    roads: RoadMap
    battery: Battery
    stations: tuple[Station, ...]
    pairs: tuple[tuple[int, int], ...]
    drivers: tuple[DriverClass, ...]
    market: PowerMarket
    period_h: Positive = 1.0
    wear_cost: NonNegative = 0.05
    missing_energy_cost: NonNegative = 0.0
    pile_kw: Positive = 150.0
    sharpness: Positive = 0.5
    v2g: bool = True
    count: Annotated[int, Whole(low=1)] = 6
    stretch: Annotated[float, Number(low=1.0)] = 1.6
    only_needed: bool = True
    unserved_cost: NonNegative | None = None

    def _relations(self) -> None:
        network = self.roads.network
        if network.first_through > 0:  # stations and routes would have to keep out of zones
            right = "0 for the coupled city, whose drivers may pass through every node"
            raise checks.invalid("first_through", network.first_through, right)
        for pair in self.pairs:
            if pair[0] == pair[1] or min(pair) < 1 or max(pair) > network.num_nodes:
                raise checks.invalid("pairs", pair, f"a pair of different nodes from 1 to {network.num_nodes}")
        places = [station.node for station in self.stations]
        if max(places) > network.num_nodes or len(set(places)) < len(places):
            raise checks.invalid("stations", self.stations, f"at different nodes from 1 to {network.num_nodes}")
        for station in self.stations:
            if station.bus not in (self.market.grid.feeder.names or ()):
                raise checks.invalid("stations", station, "at a bus of the feeder")
        for group in self.drivers:
            if len(group.volumes) != len(self.pairs):
                raise checks.invalid("drivers", group, f"with one volume for each of {len(self.pairs)} pairs")
        if not any(group.volumes.any() for group in self.drivers):
            raise checks.invalid("drivers", self.drivers, "of at least one trip: all volumes are 0")

    @property
    def station_bus(self) -> IntArray:
        """The number of each station's bus."""
        names = list(self.market.grid.feeder.names or ())
        return np.array([names.index(station.bus) for station in self.stations])

    @property
    def points(self) -> tuple[IntArray, IntArray]:
        """The buses with stations, in order of appearance, and the place of each station's bus among them."""
        buses = list(dict.fromkeys(self.station_bus.tolist()))
        return np.array(buses), np.array([buses.index(bus) for bus in self.station_bus.tolist()])

    @property
    def queues(self) -> dict[str, Any]:
        """What :func:`waiting_time` wants to know of the stations."""
        names = {"base": "base_wait_min", "slope": "wait_slope", "capacity": "capacity"}
        return {key: np.array([getattr(one, name) for one in self.stations]) for key, name in names.items()}


@dataclass(frozen=True)
class CityPath(Model):
    """A path of one class of drivers: which class and which pair of nodes, from 0, and the trip."""

    driver: Index
    pair: Index
    trip: Trip
