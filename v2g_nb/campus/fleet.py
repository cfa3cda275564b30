"""The cars of the campus: who parks when, with how much in the battery, and which are asked to help."""

import math
from dataclasses import dataclass, field, replace
from typing import Annotated, Any

import numpy as np

from v2g_nb import checks
from v2g_nb.arguments import Model, Record, checks_arguments
from v2g_nb.checks import Array, BoolArray, FloatArray, IntArray, Number, Whole
from v2g_nb.data.campus import load_workplace_sessions
from v2g_nb.errors import Infeasible, InvalidInput

PER_CAR = ("arrival", "departure", "soc_start", "soc_target", "capacity_kwh", "power_kw")
DAY_H = 24.0
PerCar = Annotated[Any, Array(low=0.0, open_low=True)]  # or a number for all
Share = Annotated[float, Number(low=0.0, high=1.0)]
BatteryShare = Annotated[float, Number(low=0.2, high=1.0)]
Positive = Annotated[float, Number(low=0.0, open_low=True)]
NonNegative = Annotated[float, Number(low=0.0)]
Profile = Annotated[FloatArray, Array("fleet.slots")]
Count = Annotated[int, Whole(low=1)]
Index = Annotated[int, Whole(low=0)]


@dataclass(frozen=True, eq=False)
class Fleet(Model):
    """Cars and their stays; a stay is half-open: slots ``arrival, ..., departure - 1``.

    Parameters
    ----------
    slots : int
        Number of time slots T of the day.
    arrival, departure : array_like of int, shape (cars,)
        Slot of arrival and first slot after departure.
    soc_start, soc_target : array_like, shape (cars,)
        State of charge on arrival and wanted on departure, as a share of the capacity.
    capacity_kwh : array_like, shape (cars,) or number
        Battery capacity C_bat.
    power_kw : array_like, shape (cars,) or number
        Power limit of the charging point, both ways.
    soc_low, soc_high : float
        Bounds (6) of the state of charge.
    hours : float
        Length of a slot [h]; given by name.

    Raises
    ------
    InvalidInput
        If a field has the wrong shape or range, or a window is empty or leaves the day.
    Infeasible
        If a car cannot reach its target; the message names it by index.

    References
    ----------
    Shen et al., equations (6)-(9) and Table 1.

    Examples
    --------
    >>> Fleet(96, [32], [64], [0.4], [0.8], hours=0.25).size
    1
    """

    slots: Count
    arrival: Annotated[IntArray, Array("cars", low=0.0, index=True)]
    departure: Annotated[IntArray, Array("cars", low=1.0, index=True)]
    soc_start: Annotated[FloatArray, Array("cars", low=0.0, high=1.0)]
    soc_target: Annotated[FloatArray, Array("cars", low=0.0, high=1.0)]
    capacity_kwh: PerCar = 80.0
    power_kw: PerCar = 22.0
    soc_low: Share = 0.2
    soc_high: Share = 1.0
    hours: Positive = field(kw_only=True)

    def _relations(self) -> None:
        checks.array("departure", self.departure, high=self.slots)
        empty = self.departure <= self.arrival
        if empty.any():
            i = int(np.argmax(empty))
            raise InvalidInput(
                f"departure[{i}] = {self.departure[i]}: must come after arrival[{i}] = {self.arrival[i]}"
            )
        checks.real("soc_high", self.soc_high, low=self.soc_low, open_low=True)
        for name in ("soc_start", "soc_target"):
            checks.array(name, getattr(self, name), low=self.soc_low, high=self.soc_high)
        for name in ("capacity_kwh", "power_kw"):
            value = getattr(self, name)
            checks.array(name, value, shape=(self.size,) if value.ndim else None)
            object.__setattr__(self, name, np.broadcast_to(value, self.size))
        reach = self.soc_start + self.power_kw * self.hours * (self.departure - self.arrival) / self.capacity_kwh
        short = reach < self.soc_target - 1e-12
        if short.any():
            i = int(np.argmax(short))
            raise Infeasible(
                f"car {i}: soc_target = {self.soc_target[i]:g} is out of reach, at most {reach[i]:.4g} by departure"
            )

    @property
    def size(self) -> int:
        """Number of cars N."""
        return len(self.arrival)

    @property
    def present(self) -> BoolArray:
        """Whether a car is parked in a slot (9); shape (cars, slots)."""
        t = np.arange(self.slots)
        return np.asarray((t >= self.arrival[:, None]) & (t < self.departure[:, None]))

    @property
    def need_kwh(self) -> FloatArray:
        """Energy from arrival to target; shape (cars,)."""
        return np.asarray((self.soc_target - self.soc_start) * self.capacity_kwh)

    def plug_and_charge(self) -> FloatArray:
        """Return the plan without coordination: full power from arrival until the target; shape (cars, slots)."""
        waited = np.clip(np.arange(self.slots) - self.arrival[:, None], 0, None)
        full = (self.power_kw * self.hours)[:, None]
        left = np.maximum(self.need_kwh, 0.0)[:, None] - waited * full
        return np.where(self.present, np.clip(left, 0.0, full) / self.hours, 0.0)

    @checks_arguments
    def chosen(self, cars: Annotated[IntArray, Array("*", low=0.0, index=True)]) -> "Fleet":
        """Return the fleet of some of the cars.

        Parameters
        ----------
        cars : array_like of int, shape (any,)
            Their indices.

        Returns
        -------
        Fleet

        Raises
        ------
        InvalidInput
            If an index is out of range.
        """
        checks.array("cars", cars, high=self.size - 1)
        return replace(self, **{name: getattr(self, name)[cars] for name in PER_CAR})


@dataclass(frozen=True)
class FleetRules(Model):
    """How cars are drawn and which are asked to help (section 2 and Table 1 of the paper).

    Parameters
    ----------
    cars : int
        Number of cars M that park on the campus.
    slots : int
        Number of time slots T of the day.
    arrival_mean, arrival_std : float
        Arrival [slots].
    stay_mean, stay_std : float
        Parking duration [slots].
    stay_least : int
        Shortest stay D_min that is considered [slots].
    soc_mean, soc_std : float
        State of charge on arrival.
    soc_least, soc_most : float
        Range of it that is considered (Table 1; not the bound (6), which would forbid the target).
    soc_target : float
        Target on departure; a car that arrives with more keeps that as its target.
    capacity_kwh, power_kw : float
        Battery capacity and power limit.
    willing : float
        Probability that an owner takes part.
    safety : float
        Factor on the number of cars needed.

    Raises
    ------
    InvalidInput
        If a field is out of range.

    References
    ----------
    Shen et al., section 2 and Table 1.

    Examples
    --------
    >>> FleetRules().needed(206.0)
    12
    """

    cars: Count = 200
    slots: Count = 96
    arrival_mean: NonNegative = 32.0
    arrival_std: NonNegative = 4.0
    stay_mean: Positive = 32.0
    stay_std: NonNegative = 5.0
    stay_least: Count = 10
    soc_mean: BatteryShare = 0.4
    soc_std: NonNegative = 0.1
    soc_least: BatteryShare = 0.2
    soc_most: BatteryShare = 0.7
    soc_target: BatteryShare = 0.8
    capacity_kwh: Positive = 80.0
    power_kw: Positive = 22.0
    willing: Share = 0.8
    safety: Positive = 1.2

    def _relations(self) -> None:
        checks.integer("stay_least", self.stay_least, high=self.slots)
        checks.real("arrival_mean", self.arrival_mean, high=self.slots)
        checks.real("stay_mean", self.stay_mean, low=self.stay_least, high=self.slots)
        checks.real("soc_most", self.soc_most, low=self.soc_least)
        checks.real("soc_mean", self.soc_mean, low=self.soc_least, high=self.soc_most)

    @checks_arguments
    def needed(self, peak_kw: NonNegative) -> int:
        """Return how many cars a request needs: peak over power limit, times the safety factor.

        Parameters
        ----------
        peak_kw : float
            Largest power requested, either way.

        Returns
        -------
        int

        Raises
        ------
        InvalidInput
            If `peak_kw` is negative or not finite.
        """
        return math.ceil(self.safety * peak_kw / self.power_kw)


def draw_fleet(rules: FleetRules, rng: np.random.Generator) -> Fleet:
    """Draw the cars of a day: normal, rounded to slots, drawn again while out of range or the target is out of reach.

    Parameters
    ----------
    rules : FleetRules
        Means, deviations and ranges.
    rng : numpy.random.Generator
        Where to draw from.

    Returns
    -------
    Fleet

    Raises
    ------
    InvalidInput
        If an argument is of another kind, or 1000 rounds leave a car out of range or its target out of reach.

    References
    ----------
    Shen et al., section 2 and Table 1.

    Examples
    --------
    >>> fleet = draw_fleet(FleetRules(), np.random.default_rng(1))
    >>> fleet.size, bool((fleet.departure - fleet.arrival >= 10).all())
    (200, True)
    """
    stays = np.empty((rules.cars, 3))
    missing = np.arange(rules.cars)
    for _ in range(1000):
        n = len(missing)
        arrival = np.round(rng.normal(rules.arrival_mean, rules.arrival_std, n))
        stay = np.round(rng.normal(rules.stay_mean, rules.stay_std, n))
        soc = rng.normal(rules.soc_mean, rules.soc_std, n)
        stays[missing] = np.column_stack([arrival, arrival + stay, soc])
        fits = (arrival >= 0) & (stay >= rules.stay_least) & (arrival + stay <= rules.slots)
        reach = soc + rules.power_kw * stay * DAY_H / rules.slots / rules.capacity_kwh
        fits &= (soc >= rules.soc_least) & (soc <= rules.soc_most) & (reach >= rules.soc_target)
        missing = missing[~fits]
        if not len(missing):
            break
    else:
        raise checks.invalid("rules", rules, "such that draws fall into their ranges")
    arrival, departure = stays[:, :2].T.astype(np.int64)
    target = np.maximum(rules.soc_target, stays[:, 2])
    sizes = rules.capacity_kwh, rules.power_kw
    return Fleet(rules.slots, arrival, departure, stays[:, 2], target, *sizes, hours=DAY_H / rules.slots)


def draw_real_fleet(rules: FleetRules, rng: np.random.Generator) -> Fleet:
    """Draw cars from the real workplace sessions, each as likely as any other and none twice.

    Parameters
    ----------
    rules : FleetRules
        Number of cars, shortest stay, range of the state of charge, target, capacity and power.
    rng : numpy.random.Generator
        Where to draw from.

    Returns
    -------
    Fleet
        Arrival is rounded up and departure down to a slot; the state of charge on arrival is the
        target less the energy that the session delivered.

    Raises
    ------
    InvalidInput
        If an argument is of another kind, or there are fewer sessions than cars.

    Examples
    --------
    >>> draw_real_fleet(FleetRules(), np.random.default_rng(1)).size
    200
    """
    sessions = load_workplace_sessions()
    per_hour = rules.slots / 24.0
    arrival = np.ceil(sessions.arrival_h * per_hour).astype(np.int64)
    departure = np.floor(sessions.departure_h * per_hour).astype(np.int64)
    soc = rules.soc_target - sessions.energy_kwh / rules.capacity_kwh
    fits = (departure - arrival >= rules.stay_least) & (soc >= rules.soc_least) & (soc <= rules.soc_most)
    fits &= soc + rules.power_kw * (departure - arrival) / per_hour / rules.capacity_kwh >= rules.soc_target
    pool = np.flatnonzero(fits)
    if len(pool) < rules.cars:
        raise checks.invalid("rules", rules, f"for at most {len(pool)} cars: only so many sessions fit")
    pick = rng.choice(pool, rules.cars, replace=False)
    target = np.full(rules.cars, rules.soc_target)
    sizes = rules.capacity_kwh, rules.power_kw
    return Fleet(rules.slots, arrival[pick], departure[pick], soc[pick], target, *sizes, hours=1.0 / per_hour)


def regulation_window(request: FloatArray) -> tuple[int, int]:
    """Return the window around the largest request: the run of one sign and of at least half its size.

    >>> regulation_window(np.array([0.0, 4.0, 10.0, 6.0, 4.0, -5.0]))
    (2, 4)
    """
    peak = int(np.argmax(np.abs(request)))
    if request[peak] == 0:
        raise checks.invalid("request_kw", request, "different from zero in some slot")
    inside = request * np.sign(request[peak]) >= 0.5 * abs(request[peak])
    outside = np.flatnonzero(~inside).tolist()
    before, after = [t for t in outside if t < peak], [t for t in outside if t > peak]
    return max(before, default=-1) + 1, min(after, default=len(request))


@dataclass(frozen=True, eq=False)
class Selection(Record):
    """Who is asked to help: `fleet` of the chosen, their indices `cars`, and how many passed each filter.

    `window` are the first slot around the peak request and the slot after the last; `needed` is what the
    request calls for; `short` says that fewer were willing, so that all of them were taken.
    """

    fleet: Fleet
    cars: IntArray
    window: tuple[int, int]
    parked: int
    overlapping: int
    willing: int
    needed: int

    @property
    def short(self) -> bool:
        """Whether fewer cars were willing than the request needs."""
        return self.willing < self.needed


def select_cars(fleet: Fleet, request_kw: Profile, rules: FleetRules, rng: np.random.Generator) -> Selection:
    """Choose the cars that are asked to help.

    Parameters
    ----------
    fleet : Fleet
        All cars on the campus.
    request_kw : array_like, shape (slots,)
        The building's request R.
    rules : FleetRules
        Shortest stay, range of the state of charge, willingness, safety factor.
    rng : numpy.random.Generator
        Where willingness is drawn from.

    Returns
    -------
    Selection

    Raises
    ------
    InvalidInput
        If an argument is of another kind or shape, or the request is zero throughout.
    Infeasible
        If no car is left at all.

    Notes
    -----
    1. Long enough a stay, state of charge within the range. 2. Parked during the whole window
    around the peak request. 3. Willing. 4. The highest states of charge first, as many as needed.

    References
    ----------
    Shen et al., section 2.

    Examples
    --------
    >>> request = np.where(np.arange(96) // 8 == 5, 100.0, 0.0)
    >>> rng = np.random.default_rng(1)
    >>> select_cars(draw_fleet(FleetRules(), rng), request, FleetRules(), rng).needed
    6
    """
    window = first, stop = regulation_window(request_kw)
    fit = (fleet.departure - fleet.arrival >= rules.stay_least) & (fleet.soc_start >= rules.soc_least)
    fit &= fleet.soc_start <= rules.soc_most
    overlap = fit & (fleet.arrival <= first) & (fleet.departure >= stop)
    asked = overlap & (rng.random(fleet.size) < rules.willing)
    needed = rules.needed(float(np.max(np.abs(request_kw))))
    if not asked.any():
        raise Infeasible(f"no car of {fleet.size} is left: {int(overlap.sum())} overlap the window, none is willing")
    cars = np.flatnonzero(asked)
    best = cars[np.argsort(-fleet.soc_start[cars], kind="stable")[:needed]]
    best = np.sort(best)
    return Selection(fleet.chosen(best), best, window, fleet.size, int(overlap.sum()), len(cars), needed)
