"""The coupled city: who drives, where one charges, and who sells power to whom."""

from dataclasses import dataclass
from typing import Any

import numpy as np

from v2g_nb import checks
from v2g_nb.checks import FloatArray
from v2g_nb.city.roads import RoadMap
from v2g_nb.city.trips import Battery, Trip
from v2g_nb.power.dispatch import DispatchProblem


@dataclass(frozen=True)
class Station:
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

    node: int
    bus: str
    base_wait_min: float = 3.0
    wait_slope: float = 0.5
    capacity: float = 90.0
    lowest_kw: float = -3000.0
    highest_kw: float = 3000.0

    def __post_init__(self) -> None:
        """Check the fields once."""
        checks.integer("node", self.node, low=1)
        checks.text("bus", self.bus)
        for name in ("base_wait_min", "wait_slope", "capacity"):
            checks.real(name, getattr(self, name), low=0.0)
        for name in ("lowest_kw", "highest_kw"):
            checks.real(name, getattr(self, name), infinite=True)
        if self.lowest_kw >= self.highest_kw:
            raise checks.invalid("lowest_kw", self.lowest_kw, f"below highest_kw = {self.highest_kw!r}")


@dataclass(frozen=True, eq=False)
class DriverClass:
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
    value_of_time: float
    volumes: Any
    electric: bool = True

    def __post_init__(self) -> None:
        """Check the fields once."""
        checks.text("name", self.name)
        checks.real("value_of_time", self.value_of_time, low=0.0, open_low=True)
        object.__setattr__(self, "volumes", checks.array("volumes", self.volumes, shape=(None,), low=0.0))
        checks.flag("electric", self.electric)


@dataclass(frozen=True, eq=False)
class PowerMarket:
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
    >>> from v2g_nb.city.dispatch import calibrated_dispatch
    >>> from v2g_nb.city.feeder import ieee123
    >>> market = PowerMarket(calibrated_dispatch(ieee123()), [0, 0, 0, 1, 1, 2, 2, 2], [1 / 3, 1 / 3, 1 / 3])
    >>> market.slope[market.load_buses[0]].round(6), market.intercept.max().round(6)
    (np.float64(0.033333), np.float64(1.533333))

    References
    ----------
    Equations (9) and (10) of the city paper.
    """

    grid: DispatchProblem
    owner: Any
    shares: Any
    retail_price: float = 0.20
    elasticity: float = 0.15
    obligation: float = 1.0

    def __post_init__(self) -> None:
        """Check the fields once."""
        grid = checks.instance("grid", self.grid, DispatchProblem)
        if grid.facets % 2:  # opposite sides share a row
            raise checks.invalid("facets", grid.facets, "even for the coupled program")
        checks.array("load_kw", grid.load_kw, low=0.0)  # households buy; who feeds in is a generator
        shares = checks.array("shares", self.shares, shape=(None,), low=0.0, high=1.0)
        if shares.sum() > 1.0 + 1e-9:
            raise checks.invalid("shares", self.shares, f"of a sum of at most 1, not {shares.sum():g}")
        size, top = (len(grid.generator_bus),), len(shares) - 1.0
        owner = checks.array("owner", self.owner, shape=size, low=0.0, high=top, whole=True, empty=True)
        object.__setattr__(self, "shares", shares)
        object.__setattr__(self, "owner", owner.astype(np.int64))
        checks.real("retail_price", self.retail_price, low=0.0)
        checks.real("elasticity", self.elasticity, low=0.0, open_low=True)
        checks.real("obligation", self.obligation, low=0.0, high=1.0)

    @property
    def load_buses(self) -> Any:
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

    def bus(self, name: str) -> int:
        """Return the number of a bus.

        Parameters
        ----------
        name : str
            What the bus is called.

        Returns
        -------
        int

        Raises
        ------
        InvalidInput
            If there is no such bus.

        Examples
        --------
        >>> from v2g_nb.city.scenarios import scenario
        >>> scenario("base").market.bus("150")
        0
        """
        names = self.grid.feeder.names or ()
        checks.choice("name", name, names)
        return list(names).index(name)


@dataclass(frozen=True)
class CityModel:
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
    >>> from v2g_nb.city.scenarios import scenario
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
    period_h: float = 1.0
    wear_cost: float = 0.05
    missing_energy_cost: float = 0.0
    pile_kw: float = 150.0
    sharpness: float = 0.5
    v2g: bool = True
    count: int = 6
    stretch: float = 1.6
    only_needed: bool = True
    unserved_cost: float | None = None

    def __post_init__(self) -> None:
        """Check the fields once."""
        network = checks.instance("roads", self.roads, RoadMap).network
        if network.first_through > 0:  # stations and routes would have to keep out of zones
            right = "0 for the coupled city, whose drivers may pass through every node"
            raise checks.invalid("first_through", network.first_through, right)
        checks.instance("battery", self.battery, Battery)
        checks.instance("market", self.market, PowerMarket)
        for name, kind in (("stations", Station), ("drivers", DriverClass)):
            value = getattr(self, name)
            if not isinstance(value, tuple) or not value or any(not isinstance(one, kind) for one in value):
                raise checks.invalid(name, value, f"a tuple of at least one {kind.__name__}")
        self._check_places(network.num_nodes)
        self._check_trips()
        for name in ("period_h", "pile_kw", "sharpness"):
            checks.real(name, getattr(self, name), low=0.0, open_low=True)
        for name in ("wear_cost", "missing_energy_cost"):
            checks.real(name, getattr(self, name), low=0.0)
        if self.unserved_cost is not None:
            checks.real("unserved_cost", self.unserved_cost, low=0.0)
        checks.flag("v2g", self.v2g)
        checks.flag("only_needed", self.only_needed)
        checks.integer("count", self.count, low=1)
        checks.real("stretch", self.stretch, low=1.0)

    def _check_trips(self) -> None:
        """Check that every class has a volume for each pair, and that somebody travels."""
        for group in self.drivers:
            if len(group.volumes) != len(self.pairs):
                raise checks.invalid("drivers", group, f"with one volume for each of {len(self.pairs)} pairs")
        if not any(group.volumes.any() for group in self.drivers):
            raise checks.invalid("drivers", self.drivers, "of at least one trip: all volumes are 0")

    def _check_places(self, nodes: int) -> None:
        """Check the pairs, and that stations stand on nodes and buses."""
        if not isinstance(self.pairs, tuple) or not self.pairs:
            raise checks.invalid("pairs", self.pairs, "a tuple of at least one pair of nodes")
        for pair in self.pairs:
            if not isinstance(pair, tuple) or len(pair) != 2 or pair[0] == pair[1]:
                raise checks.invalid("pairs", pair, "a pair of different nodes")
            for node in pair:
                checks.integer("pairs", node, low=1, high=nodes)
        places = [station.node for station in self.stations]
        if max(places) > nodes or len(set(places)) < len(places):
            raise checks.invalid("stations", self.stations, f"at different nodes from 1 to {nodes}")
        for station in self.stations:
            if station.bus not in (self.market.grid.feeder.names or ()):
                raise checks.invalid("stations", station, "at a bus of the feeder")

    @property
    def station_bus(self) -> Any:
        """The number of each station's bus."""
        return np.array([self.market.bus(station.bus) for station in self.stations])


@dataclass(frozen=True)
class CityPath:
    """A path of one class of drivers.

    Parameters
    ----------
    driver, pair : int
        Which class and which pair of nodes, from 0.
    trip : Trip
        Nodes and stops.

    Raises
    ------
    InvalidInput
        If a field is not of its kind.

    Examples
    --------
    >>> CityPath(0, 2, Trip((1, 2, 6), (), 9.0)).trip.pattern
    '0'
    """

    driver: int
    pair: int
    trip: Trip

    def __post_init__(self) -> None:
        """Check the fields once."""
        checks.integer("driver", self.driver, low=0)
        checks.integer("pair", self.pair, low=0)
        checks.instance("trip", self.trip, Trip)
