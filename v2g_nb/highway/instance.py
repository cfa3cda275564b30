"""A road, its cars and their flow; the example has six nodes between Ohi-Matsuda and Suruga-wan Numazu.

The paper's map, inflow and batteries stand in figures whose numbers the text does not give. Nodes
and Table 1 are the paper's; distances come from public kilometre posts; the rest is ours.
"""

import math
from dataclasses import dataclass
from typing import Annotated

import numpy as np
from numpy.typing import ArrayLike

from v2g_nb import checks
from v2g_nb.arguments import Model, checks_arguments
from v2g_nb.certificate import Certificate, Result
from v2g_nb.checks import Array, FloatArray, IntArray, Number, Whole
from v2g_nb.errors import Infeasible, InvalidInput
from v2g_nb.queueing.mmc import MAX_SERVERS

# Kilometre posts where two roads are used: the Tomei to Gotemba JCT, the Shin-Tomei from there.
TOMEI_KM = (57.9, 80.9, 83.7, 88.3)
SHIN_TOMEI_KM = (53.3, 66.5, 72.0)
NODES = ("Ohi-Matsuda IC", "Ashigara SA", "Gotemba IC", "Gotemba JCT", "Nagaizumi-Numazu IC", "Suruga-wan Numazu SA")
SPEED_KM_PER_H = 80.0
CAPACITIES_KWH = (24.0, 40.0, 50.0, 62.0)
SOC_RANGE = (0.12, 0.6)
MAX_NODE = 10**9  # far above the nodes of any road, and it fits an int64
MAX_CARS = 10**7

Positive = Annotated[float, Number(low=0, open_low=True)]
Count = Annotated[int, Whole(1)]
Sizes = Annotated[ArrayLike, Array("sizes", low=0, open_low=True)]
Range = Annotated[ArrayLike, Array("2", low=0, high=1)]


@dataclass(frozen=True, eq=False)
class Cars(Model):
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

    node: Annotated[IntArray, Array("cars", low=0, high=MAX_NODE, index=True)]
    minute: Annotated[FloatArray, Array("cars", low=0)]
    capacity_kwh: Annotated[FloatArray, Array("cars", low=0, open_low=True)]
    soc: Annotated[FloatArray, Array("cars", low=0, high=1)]


@dataclass(frozen=True, eq=False)
class Highway(Model):
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

    names: tuple[str, ...]
    travel_min: Annotated[FloatArray, Array("edges", low=0, open_low=True)]
    station_nodes: Annotated[IntArray, Array("stations", low=0, high=MAX_NODE, index=True)]
    chargers: Annotated[IntArray, Array("stations", low=1, high=MAX_SERVERS, index=True)]
    service_rate: Positive
    inflow: Annotated[FloatArray, Array("nodes", low=0)]
    consumption_per_min: Positive
    interval_min: Count = 15
    horizon_min: Count = 120
    window: Count = 4

    def _relations(self) -> None:
        """Check lengths, order and capacity."""
        n = len(self.names)
        if n < 2:
            raise checks.invalid("names", self.names, "a sequence of at least two names")
        checks.array("travel_min", self.travel_min, shape=(n - 1,))
        checks.array("inflow", self.inflow, shape=(n,))
        checks.array("station_nodes", self.station_nodes, high=n - 1)
        if np.any(np.diff(self.station_nodes) <= 0):
            raise checks.invalid("station_nodes", self.station_nodes, "in rising order")
        if self.horizon_min % self.interval_min:
            raise checks.invalid("horizon_min", self.horizon_min, f"a multiple of interval_min = {self.interval_min}")
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
        return np.maximum(np.rint(self.travel_min), 1).astype(np.int64)

    @checks_arguments
    def arrival_soc(self, cars: Cars) -> FloatArray:
        """Return the charge with which each car would reach each station without charging before.

        Parameters
        ----------
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
            If `cars` is no Cars, or one enters at a node that does not exist.

        Examples
        --------
        >>> tomei().arrival_soc(Cars([0, 2], [0.0, 0.0], [40.0, 40.0], [0.3, 0.3])).round(3)
        array([[0.214, 0.116],
               [ -inf, 0.213]])

        References
        ----------
        Yoshihara and Namerikawa, equations (10) and (25).
        """
        check_entries(self, cars, math.inf)
        at = self.position_min
        minutes = at[self.station_nodes][None, :] - at[cars.node][:, None]
        return np.where(minutes < 0, -np.inf, cars.soc[:, None] - self.consumption_per_min * minutes)


@dataclass(frozen=True, eq=False)
class Flow(Result):
    """Flows of every minute.

    Parameters
    ----------
    entering : numpy.ndarray, shape (minutes, nodes)
        gamma: cars that enter the road at each node in each minute.
    arriving : numpy.ndarray, shape (minutes, nodes)
        alpha: cars that arrive at each node, entering ones included.
    leaving : numpy.ndarray, shape (minutes, nodes)
        y: cars that drive on from each node.
    into : numpy.ndarray, shape (minutes, stations)
        f: cars that turn into each station.
    out : numpy.ndarray, shape (minutes, stations)
        g: cars that come out of each station.
    number : numpy.ndarray, shape (minutes + 1, stations)
        x: cars in each station at the start of each minute, and at the end.
    certificates : tuple of Certificate
        The equations of the chain, the balance of every minute, and no negative flow.
    """

    entering: FloatArray
    arriving: FloatArray
    leaving: FloatArray
    into: FloatArray
    out: FloatArray
    number: FloatArray
    certificates: tuple[Certificate, ...] = ()


def check_entries(highway: Highway, cars: Cars, end_min: float) -> None:
    """Raise if the road lacks a node at which some car enters, or one enters when all has ended."""
    last = len(highway.names) - 1
    if cars.node.max() > last:
        raise InvalidInput(f"cars enter at node {cars.node.max()}: must be 0 to {last}")
    if cars.minute.max() >= end_min:
        raise InvalidInput(f"cars enter until minute {cars.minute.max():g}: must be before {end_min}")


def tomei(*, consumption_per_min: Positive = 0.005, window: Count = 4) -> Highway:
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
        station_nodes=np.array([1, 5]),
        chargers=np.array([8, 6]),
        service_rate=1.1,
        inflow=np.array([6.5, 0.0, 2.5, 0.0, 1.0, 0.0]),
        consumption_per_min=consumption_per_min,
        window=window,
    )


def draw_cars(
    highway: Highway, rng: np.random.Generator, *, capacities_kwh: Sizes = CAPACITIES_KWH, soc_range: Range = SOC_RANGE
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
    low, high = np.asarray(soc_range)
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
    capacity = rng.choice(np.asarray(capacities_kwh), total)
    return Cars(node[order], minute[order], capacity, rng.uniform(low, high, total))
