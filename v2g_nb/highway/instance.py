"""The road of the example: six nodes between Ohi-Matsuda and Suruga-wan Numazu, two of them with chargers.

The paper's map, inflow and batteries stand in figures whose numbers the text does not give. Nodes
and Table 1 are the paper's; distances come from public kilometre posts; the rest is ours.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from v2g_nb import checks
from v2g_nb.errors import Infeasible, InvalidInput
from v2g_nb.queueing.mmc import MAX_SERVERS

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.int64]

# Kilometre posts where two roads are used: the Tomei to Gotemba JCT, the Shin-Tomei from there.
TOMEI_KM = (57.9, 80.9, 83.7, 88.3)
SHIN_TOMEI_KM = (53.3, 66.5, 72.0)
NODES = (
    "Ohi-Matsuda IC",
    "Ashigara SA",
    "Gotemba IC",
    "Gotemba JCT",
    "Nagaizumi-Numazu IC",
    "Suruga-wan Numazu SA",
)
SPEED_KM_PER_H = 80.0
CAPACITIES_KWH = (24.0, 40.0, 50.0, 62.0)
SOC_RANGE = (0.12, 0.6)
MAX_NODE = 10**9  # far above the nodes of any road, and it fits an int64
MAX_CARS = 10**7


@dataclass(frozen=True, eq=False)
class Highway:
    """A one-way road whose nodes are entrances, exits or charging stations.

    Parameters
    ----------
    names : sequence of str, length nodes
        Name of each node, in driving order.
    travel_min : array_like, shape (nodes - 1,)
        d: minutes from each node to the next; above 0.
    station_nodes : array_like of int, shape (stations,)
        Which nodes have chargers, counted from 0, in driving order.
    chargers : array_like of int, shape (stations,)
        c: number of chargers of each station; 1 to 10 million.
    service_rate : float
        mu: cars that one charger serves in one scheduling interval; above 0.
    inflow : array_like, shape (nodes,)
        gamma: mean number of cars that enter at each node in one scheduling interval.
    consumption_per_min : float
        r: share of the battery used in one minute of driving; above 0.
    interval_min : int
        T: length of a scheduling interval [min].
    horizon_min : int
        K: length of the simulation [min]; a multiple of `interval_min`.
    window : int
        H_p: number of intervals over which arrival rates are averaged.

    Raises
    ------
    InvalidInput
        If a field is out of range, or the horizon is no multiple of the interval.
    Infeasible
        If as many or more cars enter than all chargers can serve.

    Examples
    --------
    >>> tomei().travel_min
    array([17.25 ,  2.1  ,  3.45 ,  9.9  ,  4.125])
    """

    names: Any
    travel_min: Any
    station_nodes: Any
    chargers: Any
    service_rate: float
    inflow: Any
    consumption_per_min: float
    interval_min: int = 15
    horizon_min: int = 120
    window: int = 4

    def __post_init__(self) -> None:
        """Check the fields once."""
        if isinstance(self.names, str) or not isinstance(self.names, (list, tuple)) or len(self.names) < 2:
            raise checks.invalid("names", self.names, "a list of at least two names")
        for name in self.names:
            checks.text("names", name)
        n = len(self.names)
        nodes = checks.array("station_nodes", self.station_nodes, shape=(None,), low=0, high=n - 1, whole=True)
        if np.any(np.diff(nodes) <= 0):
            raise checks.invalid("station_nodes", self.station_nodes, "in rising order")
        m = len(nodes)
        chargers = checks.array("chargers", self.chargers, shape=(m,), low=1, high=MAX_SERVERS, whole=True)
        fixed = {
            "names": tuple(self.names),
            "travel_min": checks.array("travel_min", self.travel_min, shape=(n - 1,), low=0, open_low=True),
            "station_nodes": nodes.astype(np.int64),
            "chargers": chargers.astype(np.int64),
            "inflow": checks.array("inflow", self.inflow, shape=(n,), low=0),
        }
        for name, value in fixed.items():
            object.__setattr__(self, name, value)
        checks.real("service_rate", self.service_rate, low=0, open_low=True)
        checks.real("consumption_per_min", self.consumption_per_min, low=0, open_low=True)
        for name in ("interval_min", "horizon_min", "window"):
            checks.integer(name, getattr(self, name), low=1)
        if self.horizon_min % self.interval_min:
            raise InvalidInput(
                f"horizon_min = {self.horizon_min}: must be a multiple of interval_min = {self.interval_min}"
            )
        capacity = float(self.service_rate * self.chargers.sum())
        if self.inflow.sum() >= capacity:
            raise Infeasible(
                f"inflow sums to {self.inflow.sum():g} cars an interval: must be below the capacity of all chargers, "
                f"service_rate x chargers = {capacity:g}, or the lines grow for ever"
            )

    @property
    def intervals(self) -> int:
        """Number of scheduling intervals in the horizon."""
        return self.horizon_min // self.interval_min

    @property
    def position_min(self) -> FloatArray:
        """Driving time from the first node to each node [min]."""
        return np.concatenate([[0.0], np.cumsum(self.travel_min)])

    @property
    def travel_steps(self) -> IntArray:
        """`travel_min` in whole minutes, as equation (1) needs them."""
        steps: IntArray = np.maximum(np.rint(self.travel_min), 1).astype(np.int64)
        return steps


@dataclass(frozen=True, eq=False)
class Cars:
    """Cars that enter the road.

    Parameters
    ----------
    node : array_like of int, shape (cars,)
        Where each enters, counted from 0.
    minute : array_like, shape (cars,)
        When each enters [min].
    capacity_kwh : array_like, shape (cars,)
        nu: battery of each; above 0.
    soc : array_like, shape (cars,)
        e: charge on entering, as a share of the battery; between 0 and 1.

    Raises
    ------
    InvalidInput
        If there is no car, or a field is out of range.

    Examples
    --------
    >>> len(Cars([0, 2], [3.0, 9.0], [40.0, 50.0], [0.3, 0.5]).node)
    2
    """

    node: Any
    minute: Any
    capacity_kwh: Any
    soc: Any

    def __post_init__(self) -> None:
        """Check the fields once."""
        node = checks.array("node", self.node, shape=(None,), low=0, high=MAX_NODE, whole=True)
        n = len(node)
        object.__setattr__(self, "node", node.astype(np.int64))
        object.__setattr__(self, "minute", checks.array("minute", self.minute, shape=(n,), low=0))
        capacity = checks.array("capacity_kwh", self.capacity_kwh, shape=(n,), low=0, open_low=True)
        object.__setattr__(self, "capacity_kwh", capacity)
        object.__setattr__(self, "soc", checks.array("soc", self.soc, shape=(n,), low=0, high=1))


def tomei(*, consumption_per_min: float = 0.005, window: int = 4) -> Highway:
    """Return the book's stretch of the Tomei and Shin-Tomei.

    Parameters
    ----------
    consumption_per_min : float
        r: share of the battery used in a minute. Table 1 gives 0.0005, with which nobody would
        ever run short on this road; ten times as much is the default.
    window : int
        H_p: number of intervals over which arrival rates are averaged; the paper gives no value.

    Returns
    -------
    Highway

    Raises
    ------
    InvalidInput
        If an argument is out of range.

    Examples
    --------
    >>> road = tomei()
    >>> [road.names[i] for i in road.station_nodes], road.chargers.tolist()
    (['Ashigara SA', 'Suruga-wan Numazu SA'], [8, 6])

    References
    ----------
    Yoshihara and Namerikawa, section 4 and Table 1.
    """
    km = np.concatenate([np.diff(TOMEI_KM), np.diff(SHIN_TOMEI_KM)])
    return Highway(
        names=NODES,
        travel_min=np.round(60.0 * km / SPEED_KM_PER_H, 9),
        station_nodes=[1, 5],
        chargers=[8, 6],
        service_rate=1.1,
        inflow=[6.5, 0.0, 2.5, 0.0, 1.0, 0.0],
        consumption_per_min=consumption_per_min,
        window=window,
    )


def draw_cars(
    highway: Highway,
    rng: np.random.Generator,
    *,
    capacities_kwh: Any = CAPACITIES_KWH,
    soc_range: Any = SOC_RANGE,
) -> Cars:
    """Draw all cars of the horizon: Poisson entries, batteries of a few sizes, uniform charge.

    Parameters
    ----------
    highway : Highway
        The road, whose `inflow` gives the mean number of entries.
    rng : numpy.random.Generator
        Source of randomness.
    capacities_kwh : array_like, shape (sizes,)
        Battery sizes, equally likely [kWh].
    soc_range : array_like, shape (2,)
        Least and largest charge on entering.

    Returns
    -------
    Cars
        In order of their minute.

    Raises
    ------
    InvalidInput
        If an argument is of the wrong kind or out of range, or more than 10 million cars are expected.
    Infeasible
        If no car was drawn, because nobody enters.

    Examples
    --------
    >>> cars = draw_cars(tomei(), np.random.default_rng(1))
    >>> bool((cars.minute < 120).all() and (cars.soc >= 0.12).all())
    True
    """
    checks.instance("highway", highway, Highway)
    checks.generator("rng", rng)
    sizes = checks.array("capacities_kwh", capacities_kwh, shape=(None,), low=0, open_low=True)
    low, high = checks.array("soc_range", soc_range, shape=(2,), low=0, high=1)
    if low > high:
        raise checks.invalid("soc_range", soc_range, "two shares, the smaller first")
    expected = highway.inflow * highway.intervals
    if expected.sum() > MAX_CARS:
        raise InvalidInput(f"highway has an inflow of {expected.sum():g} cars in all: must be at most {MAX_CARS}")
    counts = rng.poisson(expected)
    total = int(counts.sum())
    if total == 0:
        raise Infeasible(f"inflow = {highway.inflow.tolist()}: no car entered in the horizon")
    node = np.repeat(np.arange(len(counts)), counts)
    minute = rng.uniform(0.0, highway.horizon_min, total)
    order = np.argsort(minute, kind="stable")
    return Cars(node[order], minute[order], rng.choice(sizes, total), rng.uniform(low, high, total))


def arrival_soc(highway: Highway, cars: Cars) -> FloatArray:
    """Return the charge with which each car would reach each station without charging before.

    Parameters
    ----------
    highway : Highway
        The road.
    cars : Cars
        The cars.

    Returns
    -------
    numpy.ndarray, shape (cars, stations)
        Charge as a share of the battery, below 0 where the car does not get there;
        minus infinity where it entered behind the station.

    Raises
    ------
    InvalidInput
        If an argument is of the wrong kind, or a car enters at a node that does not exist.

    Examples
    --------
    >>> arrival_soc(tomei(), Cars([0, 2], [0.0, 0.0], [40.0, 40.0], [0.3, 0.3])).round(3)
    array([[0.214, 0.116],
           [ -inf, 0.213]])

    References
    ----------
    Yoshihara and Namerikawa, equations (10) and (25).
    """
    check_entries(highway, cars)
    at = highway.position_min
    minutes = at[highway.station_nodes][None, :] - at[cars.node][:, None]
    soc: FloatArray = cars.soc[:, None] - highway.consumption_per_min * minutes
    return np.where(minutes < 0, -np.inf, soc)


def check_entries(highway: Highway, cars: Cars) -> None:
    """Raise if the road lacks a node at which some car enters, or an argument is of the wrong kind."""
    checks.instance("highway", highway, Highway)
    checks.instance("cars", cars, Cars)
    last = len(highway.names) - 1
    if cars.node.max() > last:
        raise InvalidInput(f"cars enter at node {cars.node.max()}: must be 0 to {last}")


def check_minutes(highway: Highway, cars: Cars) -> None:
    """Raise if some car enters when the horizon has ended."""
    if cars.minute.max() >= highway.horizon_min:
        raise InvalidInput(f"cars enter until minute {cars.minute.max():g}: must be before {highway.horizon_min}")
