"""What the procedure of section 3 decides, interval by interval and for the whole horizon."""

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from v2g_nb import checks
from v2g_nb.certificate import Certificate
from v2g_nb.highway.instance import Cars

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class Interval:
    """What is decided at the start of one scheduling interval.

    Parameters
    ----------
    cars : numpy.ndarray of int
        Which cars are about to enter and are let in, by their number.
    held : numpy.ndarray of int
        Which cars wait at their entrance for the next interval, in order of their turn.
    quota : numpy.ndarray of int, shape (stations,)
        f*: cars allowed to each station.
    wait_min : numpy.ndarray, shape (stations,)
        Mean wait that the quotas and the last intervals give [min].
    partner : numpy.ndarray of int, shape (cars,)
        Station of each car; -1 for none.
    price : numpy.ndarray, shape (stations,)
        Price at each station [money per kWh]; NaN where nobody comes.
    energy_kwh : numpy.ndarray, shape (cars,)
        What each car buys.
    profit : numpy.ndarray, shape (stations,)
        Profit of each station [money].
    proposals : int
        Proposals that the matching needed.
    certificates : tuple of Certificate
        Of quotas, matching and prices.
    """

    cars: IntArray
    held: IntArray
    quota: IntArray
    wait_min: FloatArray
    partner: IntArray
    price: FloatArray
    energy_kwh: FloatArray
    profit: FloatArray
    proposals: int
    certificates: tuple[Certificate, ...]


@dataclass(frozen=True, eq=False)
class Schedule:
    """All intervals of the horizon.

    Parameters
    ----------
    quota : numpy.ndarray of int, shape (intervals, stations)
        f*.
    wait_min : numpy.ndarray, shape (intervals, stations)
        W [min].
    price : numpy.ndarray, shape (intervals, stations)
        p [money per kWh]; NaN where nobody comes.
    profit : numpy.ndarray, shape (intervals, stations)
        Q [money].
    partner : numpy.ndarray of int, shape (cars,)
        Station of each car; -1 if it drives past, because it reaches no station or every wait is
        too long for it, or still waits at the end.
    energy_kwh : numpy.ndarray, shape (cars,)
        E of each car.
    entry_min : numpy.ndarray, shape (cars,)
        When each car enters [min]: later than it came if it had to wait, and infinite if it still
        waits at the end.
    held : numpy.ndarray of int, shape (intervals,)
        Cars that wait at an entrance when each interval ends.
    converged : bool
        Always true: every part is direct.
    num_iter : int
        Proposals made in all matchings together.
    residual : float
        The largest violation among the certificates.
    certificates : tuple of Certificate
        For each kind of condition, the worst interval.
    """

    quota: IntArray
    wait_min: FloatArray
    price: FloatArray
    profit: FloatArray
    partner: IntArray
    energy_kwh: FloatArray
    entry_min: FloatArray
    held: IntArray
    converged: bool
    num_iter: int
    residual: float
    certificates: tuple[Certificate, ...]


def as_entered(cars: Cars, schedule: Schedule) -> tuple[Cars, IntArray]:
    """Return the cars that entered, with the minutes in which they did, and their stations.

    Parameters
    ----------
    cars : Cars
        The cars as they came.
    schedule : Schedule
        What was decided about them.

    Returns
    -------
    Cars
        Without those that still wait at an entrance when the horizon ends.
    numpy.ndarray of int
        Station of each of them; -1 for none.

    Raises
    ------
    InvalidInput
        If an argument is of the wrong kind, the schedule is of other cars, or no car entered.

    Examples
    --------
    >>> from v2g_nb.highway.instance import draw_cars, tomei
    >>> from v2g_nb.highway.loop import solve_schedule
    >>> road = tomei()
    >>> cars = draw_cars(road, np.random.default_rng(4))  # a day with too many cars
    >>> entered, partner = as_entered(cars, solve_schedule(road, cars, overload="wait"))
    >>> bool((partner >= 0).all())
    True
    """
    checks.instance("cars", cars, Cars)
    checks.instance("schedule", schedule, Schedule)
    if schedule.entry_min.shape != cars.minute.shape:
        raise checks.invalid("schedule", schedule.entry_min.shape, f"a schedule of {len(cars.minute)} cars")
    inside = np.isfinite(schedule.entry_min)
    fields = {name: getattr(cars, name)[inside] for name in ("node", "capacity_kwh", "soc")}
    return replace(cars, **fields, minute=schedule.entry_min[inside]), schedule.partner[inside]
