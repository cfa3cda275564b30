"""The common setting: cars with stays and a willingness to pay, two stations on a small feeder, a few hours.

And what a mechanism leaves behind there: who took what, and who paid whom.
"""

from dataclasses import dataclass
from functools import cached_property
from typing import Annotated, Any, NamedTuple

import numpy as np

from v2g_nb import checks
from v2g_nb.arguments import Model, checks_arguments
from v2g_nb.certificate import Certificate, Result
from v2g_nb.checks import Array, BoolArray, FloatArray, IntArray, Number, Whole
from v2g_nb.errors import InvalidInput
from v2g_nb.power.feeder import RadialFeeder
from v2g_nb.power.flow import lindistflow

BATTERY_KWH = 40.0  # every car's; what it can take says how empty it is
HOUSE_POWER_FACTOR = 0.3  # kvar a kW of the houses

PositiveOfCars = Annotated[FloatArray, Array("cars", low=0.0, open_low=True)]
WholeOfCars = Annotated[IntArray, Array("cars", low=0, index=True)]
Count = Annotated[int, Whole(low=1)]
OfHours = Annotated[FloatArray, Array("hours", low=0.0)]
Positive = Annotated[float, Number(low=0.0, open_low=True)]
Voltage = Annotated[float, Number(low=0.0, high=1.0, open_low=True, open_high=True)]


class Limits(NamedTuple):
    """What both stations together may draw: ``matrix @ drawn <= right[:, hour]`` for the drawn kWh of an hour."""

    matrix: FloatArray
    right: FloatArray
    names: tuple[str, ...]


def town_feeder() -> RadialFeeder:
    """Return the feeder: source, houses, and behind them a fast station, at the end of a weak line, and a slow one."""
    names = ("source", "houses", "fast station", "slow station")
    return RadialFeeder(4, [0, 1, 1], [1, 2, 3], [0.10, 0.25, 0.05], [0.05, 0.10, 0.03], [np.inf] * 3, names=names)


@dataclass(frozen=True, eq=False)
class Town(Model):
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
    >>> town.size, town.hours, len(town.options[0])
    (1, 2, 4)
    """

    first_value: PositiveOfCars
    room_kwh: PositiveOfCars
    time_value: Annotated[FloatArray, Array("cars", low=0.0)]
    arrival: WholeOfCars
    departure: WholeOfCars
    energy_price: OfHours
    house_kw: OfHours
    chargers: Annotated[Any, Array("2", low=1, high=1e6, index=True)] = (3, 4)
    power_kw: Annotated[Any, Array("2", low=0.0, open_low=True)] = (50.0, 22.0)
    import_kw: Positive = 240.0
    lowest_pu: Voltage = 0.965

    def _relations(self) -> None:
        """Check the stays, what cars can take, and that the houses alone break no limit."""
        checks.array("room_kwh", self.room_kwh, low=0.0, open_low=True, high=min(self.power_kw.min(), BATTERY_KWH))
        checks.array("departure", self.departure, high=self.hours)
        if (self.departure <= self.arrival).any():
            i = int(np.argmax(self.departure <= self.arrival))
            right = f"must lie after arrival[{i}] = {self.arrival[i]}"
            raise InvalidInput(f"departure[{i}] = {self.departure[i]}: {right}")
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
        return np.asarray(self.time_value[:, None] / self.power_kw)

    @cached_property
    def there(self) -> BoolArray:
        """Whether each car is there in each hour; shape (cars, hours)."""
        hour = np.arange(self.hours)
        return (hour >= self.arrival[:, None]) & (hour < self.departure[:, None])

    @cached_property
    def options(self) -> tuple[IntArray, IntArray, IntArray]:
        """Car, station and hour of every place and hour at which cars can charge."""
        car, station, hour = np.nonzero(np.repeat(self.there[:, None, :], 2, axis=1))
        return car, station, hour

    @cached_property
    def limits(self) -> Limits:
        """The feeder's and the chargers' limits as rows; voltages are linear in LinDistFlow."""
        feeder = town_feeder()

        def squared(houses: float, fast: float, slow: float) -> FloatArray:
            reactive = np.array([0.0, HOUSE_POWER_FACTOR * houses, 0.0, 0.0])
            voltage = lindistflow(feeder, np.array([0.0, houses, fast, slow]), reactive).voltage_pu[2:]
            return np.square(voltage)

        free = np.array([squared(float(house), 0.0, 0.0) for house in self.house_kw]).T
        drop = 1.0 - np.array([squared(0.0, 1.0, 0.0), squared(0.0, 0.0, 1.0)]).T
        matrix = np.vstack([np.eye(2), np.ones((1, 2)), 1e3 * drop])
        right = np.vstack(
            [
                np.tile((self.chargers * self.power_kw)[:, None], self.hours),
                self.import_kw - self.house_kw[None, :],
                1e3 * (free - self.lowest_pu**2),
            ]
        )
        names = ("chargers, fast", "chargers, slow", "import", "voltage, fast", "voltage, slow")
        return Limits(matrix, right, names)

    @checks_arguments
    def dual_bound(self, limit_price: Annotated[FloatArray, Array("5 self.hours", low=0.0)]) -> float:
        """Return a number that the welfare of no outcome within the limits exceeds, whatever the mechanism.

        Parameters
        ----------
        limit_price : array_like, shape (limits, hours)
            A price of at least 0 for each limit; any will do, those of the optimum give the optimum.

        Returns
        -------
        float
            The cars' best surplus at the prices that follow, and what the limits would earn if all were used [EUR].

        Raises
        ------
        InvalidInput
            If the argument is of another kind, shape or sign.

        Examples
        --------
        >>> town = Town([1.0], [10.0], [5.0], [0], [1], [0.2], [50.0])
        >>> round(town.dual_bound(np.zeros((5, 1))), 6)
        2.45
        """
        best = best_surplus(self, local_prices(self, limit_price))
        return float(best.sum() + (limit_price * self.limits.right).sum())


def arrived(town: Town, hour: int) -> IntArray:
    """Return the cars that arrive in an hour."""
    return np.flatnonzero(town.arrival == hour)


def local_prices(town: Town, limit_price: FloatArray) -> FloatArray:
    """Return energy's price and what each limit's price adds to it, shape (2, hours) [EUR/kWh]."""
    return np.asarray(town.energy_price + town.limits.matrix.T @ limit_price)


def car_value(town: Town, energy_kwh: FloatArray) -> FloatArray:
    """Return what its energy is worth to each car, less the cost of its time, before any payment [EUR]."""
    total = energy_kwh.sum(axis=(1, 2))
    worth = town.first_value * (total - total**2 / (2.0 * town.room_kwh))
    return np.asarray(worth - (town.time_cost * energy_kwh.sum(axis=2)).sum(axis=1))


def best_surplus(town: Town, price: FloatArray) -> FloatArray:
    """Return the most that each car can gain at given prices: it takes all at its cheapest place and hour [EUR].

    That is n (w - c)^2 / (2 w) with the lowest sum c of price and time.
    """
    cost = np.where(town.there[:, None, :], price + town.time_cost[:, :, None], np.inf).min(axis=(1, 2))
    w, n = town.first_value, town.room_kwh
    surplus: FloatArray = n * np.maximum(w - cost, 0.0) ** 2 / (2.0 * w)
    # below a cost of 0 a full car stops all the same: the battery holds no more than its room
    return np.where(cost < 0.0, n * (0.5 * w - cost), surplus)


@dataclass(frozen=True, eq=False)
class TownOutcome(Result):
    """One mechanism's evening.

    Parameters
    ----------
    mechanism : str
        Its name.
    town : Town
        Where it took place.
    energy_kwh : numpy.ndarray, shape (cars, 2, hours)
        What each car took where and when.
    payment_eur : numpy.ndarray, shape (cars,)
        What each car paid.
    seller_eur : float
        Profit of stations or aggregator, after buying the energy.
    grid_eur : float
        What the grid's operator keeps; negative where it pays an incentive.
    price : numpy.ndarray, shape (2, hours)
        What the last kWh cost at each station in each hour [EUR/kWh]; NaN where nothing was offered.
    leader : numpy.ndarray
        What the leader decides: the posted prices; the price scale p and the other demand B of the
        aggregator's price p (B + S); the incentives; or the limits' prices.
    converged : bool
        Whether everything below it converged.
    num_iter : int
        Iterations of what was solved, in the unit of the mechanism's own solver.
    certificates : tuple of Certificate
        Those of the mechanism's own solver, and the shared ones.
    """

    mechanism: str
    town: Town
    energy_kwh: FloatArray
    payment_eur: FloatArray
    seller_eur: float
    grid_eur: float
    price: FloatArray
    leader: FloatArray
    converged: bool
    num_iter: int
    certificates: tuple[Certificate, ...] = ()

    @property
    def car_surplus(self) -> FloatArray:
        """What each car gains: the worth of its energy, less its time, less what it pays; shape (cars,) [EUR]."""
        return np.asarray(car_value(self.town, self.energy_kwh) - self.payment_eur)

    @property
    def welfare(self) -> float:
        """The worth of all energy to the cars, less their time and the cost of the energy [EUR]; payments cancel."""
        bought = self.town.energy_price @ self.energy_kwh.sum(axis=(0, 1))
        return float(car_value(self.town, self.energy_kwh).sum() - bought)

    @checks_arguments
    def loss_by_car(
        self, limit_price: Annotated[FloatArray, Array("5 self.town.hours", low=0.0)]
    ) -> tuple[FloatArray, float]:
        """Return how the distance from the dual bound divides: by car, and into room left unused.

        Parameters
        ----------
        limit_price : array_like, shape (limits, hours)
            A price of at least 0 for each limit.

        Returns
        -------
        numpy.ndarray, shape (cars,)
            By how much each car's gain, if it paid those prices, is below its best surplus at them; at least 0 [EUR].
        float
            The worth of what the limits would still have let through [EUR].

        Raises
        ------
        InvalidInput
            If the argument is of another kind, shape or sign.
        """
        limits, price = self.town.limits, local_prices(self.town, limit_price)
        had = car_value(self.town, self.energy_kwh) - np.einsum("ijt,jt->i", self.energy_kwh, price)
        unused = float((limit_price * (limits.right - limits.matrix @ self.energy_kwh.sum(axis=0))).sum())
        return best_surplus(self.town, price) - had, unused


def draw_town(
    cars: Count, rng: np.random.Generator, *, import_kw: Positive = 240.0, lowest_pu: Voltage = 0.965
) -> Town:
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
    arrival = rng.choice(4, size=cars, p=[0.4, 0.3, 0.2, 0.1])
    departure = np.minimum(arrival + rng.integers(1, 4, size=cars), 4)
    first, most, time = (rng.uniform(low, high, cars) for low, high in ((0.9, 1.1), (8.0, 20.0), (2.0, 4.0)))
    price, houses = np.array([0.24, 0.22, 0.20, 0.18]), np.array([120.0, 100.0, 80.0, 60.0])
    return Town(first, most, time, arrival, departure, price, houses, import_kw=import_kw, lowest_pu=lowest_pu)
