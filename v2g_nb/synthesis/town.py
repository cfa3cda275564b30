"""The common setting: cars with stays and a willingness to pay, two stations on a small feeder, a few hours."""

from dataclasses import dataclass
from functools import cached_property
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from v2g_nb import checks
from v2g_nb.checks import FloatArray
from v2g_nb.errors import InvalidInput
from v2g_nb.power.feeder import RadialFeeder
from v2g_nb.power.flow import lindistflow

IntArray = NDArray[np.int64]
FAST_BUS, SLOW_BUS, HOUSES_BUS = 2, 3, 1
BATTERY_KWH = 40.0  # every car's; its room says how empty it is
HOUSE_POWER_FACTOR = 0.3  # kvar a kW of the houses


class Options(NamedTuple):
    """All places and hours at which cars can charge: three integer arrays of one length."""

    car: IntArray
    station: IntArray
    hour: IntArray


class Limits(NamedTuple):
    """What both stations together may draw: ``matrix @ drawn <= right[:, hour]`` for the drawn kWh of an hour."""

    matrix: FloatArray
    right: FloatArray
    names: tuple[str, ...]


def town_feeder() -> RadialFeeder:
    """Return the feeder of the common setting: source, houses, and behind them a fast and a slow station.

    Returns
    -------
    RadialFeeder
        Buses 0 (source), 1 (houses), 2 (fast station, at the end of a weak line), 3 (slow station).

    Examples
    --------
    >>> town_feeder().num_buses
    4
    """
    names = ("source", "houses", "fast station", "slow station")
    return RadialFeeder(4, [0, 1, 1], [1, 2, 3], [0.10, 0.25, 0.05], [0.05, 0.10, 0.03], [np.inf] * 3, names=names)


@dataclass(frozen=True, eq=False)
class Town:
    """Cars, stations, hours and the grid's limits.

    A car that takes E kWh in all, of which E_j at station j, and pays m has the surplus
    ``w (E - E^2 / (2 n)) - sum_j (theta / P_j) E_j - m`` [EUR].

    Parameters
    ----------
    first_value : array_like, shape (cars,)
        w: what a car's first kWh is worth to it [EUR/kWh], above 0.
    room_kwh : array_like, shape (cars,)
        n: room in its battery, above 0, at most what the weaker charger gives in an hour (22 kWh, if `power_kw`
        is not given) and at most the battery's 40 kWh.
    time_value : array_like, shape (cars,)
        theta: what an hour of its driver's waiting is worth [EUR/h], at least 0.
    arrival, departure : array_like of int, shape (cars,)
        It can charge in the hours ``arrival, ..., departure - 1``.
    energy_price : array_like, shape (hours,)
        What a kWh costs whoever sells it [EUR/kWh], at least 0.
    house_kw : array_like, shape (hours,)
        Load of the houses on the same feeder, at least 0.
    chargers : array_like of int, shape (2,)
        Chargers of the fast and of the slow station, from 1 to a million.
    power_kw : array_like, shape (2,)
        Power P of one charger, at least the largest room, so that no car needs more than an hour.
    import_kw : float
        Largest power through the feeder's source, above 0.
    lowest_pu : float
        Lowest voltage allowed at any bus, above 0 and below the source's 1.

    Raises
    ------
    InvalidInput
        If a field has the wrong shape or is out of range, or the houses alone break a limit.

    Examples
    --------
    >>> town = Town([1.0], [10.0], [3.0], [0], [2], [0.2, 0.2], [50.0, 50.0])
    >>> town.size, town.hours, len(town.options.car)
    (1, 2, 4)
    """

    first_value: Any
    room_kwh: Any
    time_value: Any
    arrival: Any
    departure: Any
    energy_price: Any
    house_kw: Any
    chargers: Any = (3, 4)
    power_kw: Any = (50.0, 22.0)
    import_kw: float = 240.0
    lowest_pu: float = 0.965

    def __post_init__(self) -> None:
        """Check and convert the fields once."""
        value = checks.array("first_value", self.first_value, shape=(None,), low=0.0, open_low=True)
        cars = (len(value),)
        price = checks.array("energy_price", self.energy_price, shape=(None,), low=0.0)
        hours = (len(price),)
        power = checks.array("power_kw", self.power_kw, shape=(2,), low=0.0, open_low=True)
        fields = {
            "first_value": value,
            "energy_price": price,
            "power_kw": power,
            "room_kwh": checks.array(
                "room_kwh", self.room_kwh, shape=cars, low=0.0, open_low=True, high=min(float(power.min()), BATTERY_KWH)
            ),
            "time_value": checks.array("time_value", self.time_value, shape=cars, low=0.0),
            "house_kw": checks.array("house_kw", self.house_kw, shape=hours, low=0.0),
        }
        chargers = checks.array("chargers", self.chargers, shape=(2,), low=1.0, high=1e6, whole=True)
        first = checks.array("arrival", self.arrival, shape=cars, low=0.0, high=len(price) - 1.0, whole=True)
        last = checks.array("departure", self.departure, shape=cars, low=1.0, high=float(len(price)), whole=True)
        if (last <= first).any():
            i = int(np.argmax(last <= first))
            raise InvalidInput(f"departure[{i}] = {last[i]!r}: must lie after arrival[{i}] = {first[i]!r}")
        whole = {"chargers": chargers, "arrival": first, "departure": last}
        for name, column in (fields | {name: v.astype(np.int64) for name, v in whole.items()}).items():
            column.setflags(write=False)
            object.__setattr__(self, name, column)
        checks.real("import_kw", self.import_kw, low=0.0, open_low=True)
        checks.real("lowest_pu", self.lowest_pu, low=0.0, high=1.0, open_low=True, open_high=True)
        short = self.limits.right.min(axis=1)
        if short.min() <= 0.0:
            broken = self.limits.names[int(np.argmin(short))]
            raise InvalidInput(f"house_kw = {checks.shown(self.house_kw)}: must leave room under the limit {broken!r}")

    @property
    def size(self) -> int:
        """How many cars there are."""
        return len(self.first_value)

    @property
    def hours(self) -> int:
        """How many hours there are."""
        return len(self.energy_price)

    @cached_property
    def time_cost(self) -> FloatArray:
        """What waiting for a kWh costs each car at each station [EUR/kWh]; shape (cars, 2)."""
        result: FloatArray = self.time_value[:, None] / self.power_kw
        return result

    @cached_property
    def options(self) -> Options:
        """Every (car, station, hour) within the cars' stays."""
        hour = np.arange(self.hours)
        there = (hour >= self.arrival[:, None]) & (hour < self.departure[:, None])
        car, station, at = np.nonzero(np.repeat(there[:, None, :], 2, axis=1))
        return Options(car, station, at)

    @cached_property
    def limits(self) -> Limits:
        """The feeder's and the chargers' limits as rows; voltages are linear in LinDistFlow."""
        feeder, rows = town_feeder(), []
        places = np.array([FAST_BUS, SLOW_BUS])

        def squared(houses: float, drawn: tuple[float, float]) -> FloatArray:
            load = np.zeros(feeder.num_buses)
            load[HOUSES_BUS], load[places] = houses, drawn
            reactive = np.zeros(feeder.num_buses)
            reactive[HOUSES_BUS] = HOUSE_POWER_FACTOR * houses
            voltage: FloatArray = lindistflow(feeder, load, reactive).voltage_pu[places]
            return voltage**2

        free = np.array([squared(float(h), (0.0, 0.0)) for h in self.house_kw]).T
        for kw in ((1.0, 0.0), (0.0, 1.0)):
            rows.append(1.0 - squared(0.0, kw))
        matrix = np.vstack([np.eye(2), np.ones((1, 2)), 1e3 * np.array(rows).T])
        right = np.vstack(
            [
                np.tile((self.chargers * self.power_kw)[:, None], self.hours),
                self.import_kw - self.house_kw[None, :],
                1e3 * (free - self.lowest_pu**2),
            ]
        )
        names = ("chargers, fast", "chargers, slow", "import", "voltage, fast", "voltage, slow")
        return Limits(matrix, right, names)


def car_value(town: Town, energy_kwh: Any) -> FloatArray:
    """Return what its energy is worth to each car, less the cost of its time, before any payment.

    Parameters
    ----------
    town : Town
        The setting.
    energy_kwh : array_like, shape (cars, 2, hours)
        What each car takes at each station in each hour, at least 0.

    Returns
    -------
    numpy.ndarray, shape (cars,)
        In EUR.

    Raises
    ------
    InvalidInput
        If an argument is of another kind or shape.

    Examples
    --------
    >>> town = Town([1.0], [10.0], [5.0], [0], [1], [0.2], [50.0])
    >>> car_value(town, [[[5.0], [0.0]]])
    array([3.25])
    """
    checks.instance("town", town, Town)
    energy = checks.array("energy_kwh", energy_kwh, shape=(town.size, 2, town.hours), low=-1e-6)
    total = energy.sum(axis=(1, 2))
    worth = town.first_value * (total - total**2 / (2.0 * town.room_kwh))
    result: FloatArray = worth - (town.time_cost * energy.sum(axis=2)).sum(axis=1)
    return result


def draw_town(cars: int, rng: np.random.Generator, *, import_kw: float = 240.0, lowest_pu: float = 0.965) -> Town:
    """Return an evening of four hours with random cars; nothing else is random.

    The first kWh is worth 0.9 to 1.1 EUR, the battery has room for 8 to 20 kWh, an hour of waiting
    costs 2 to 4 EUR. Cars arrive early rather than late and stay one to three hours.

    Parameters
    ----------
    cars : int
        How many; at least 1.
    rng : numpy.random.Generator
        Where they are drawn from.
    import_kw, lowest_pu : float
        The grid's limits, as in :class:`Town`.

    Returns
    -------
    Town

    Raises
    ------
    InvalidInput
        If an argument is of another kind or out of range.

    Examples
    --------
    >>> draw_town(40, np.random.default_rng(1)).size
    40
    """
    checks.integer("cars", cars, low=1)
    checks.generator("rng", rng)
    arrival = rng.choice(4, size=cars, p=[0.4, 0.3, 0.2, 0.1])
    stay = rng.integers(1, 4, size=cars)
    return Town(
        rng.uniform(0.9, 1.1, cars),
        rng.uniform(8.0, 20.0, cars),
        rng.uniform(2.0, 4.0, cars),
        arrival,
        np.minimum(arrival + stay, 4),
        [0.24, 0.22, 0.20, 0.18],
        [120.0, 100.0, 80.0, 60.0],
        import_kw=import_kw,
        lowest_pu=lowest_pu,
    )
