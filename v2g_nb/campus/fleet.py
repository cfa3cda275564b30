"""The cars of the campus: who parks when, with how much in the battery, and who is asked to help."""

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from v2g_nb import checks
from v2g_nb.checks import FloatArray
from v2g_nb.errors import Infeasible, InvalidInput
from v2g_nb.methods.storage_game import StorageUsers

__all__ = ["Fleet", "FleetRules", "Selection", "draw_fleet", "regulation_window", "select_cars"]

PER_CAR = ("soc_start", "soc_target", "capacity_kwh", "power_kw")
DAY_H = 24.0


@dataclass(frozen=True)
class Fleet:
    """Cars and their stays; a stay is half-open: slots ``arrival, ..., departure - 1``.

    Parameters
    ----------
    slots : int
        Number of time slots T of the day.
    arrival, departure : array_like of int, shape (cars,)
        Slot of arrival and first slot after departure.
    soc_start, soc_target : array_like, shape (cars,)
        State of charge on arrival and wanted on departure, of 1.
    capacity_kwh : array_like, shape (cars,) or number
        Battery capacity C_bat.
    power_kw : array_like, shape (cars,) or number
        Power limit of the charging point, both ways.
    soc_low, soc_high : float
        Bounds (6) of the state of charge.
    hours : float
        Length of a slot [h].

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
    >>> Fleet(96, [32], [64], [0.4], [0.8]).size
    1
    """

    slots: int
    arrival: Any
    departure: Any
    soc_start: Any
    soc_target: Any
    capacity_kwh: Any = 80.0
    power_kw: Any = 22.0
    soc_low: float = 0.2
    soc_high: float = 1.0
    hours: float = 0.25

    def __post_init__(self) -> None:
        """Check and freeze the fields once."""
        checks.integer("slots", self.slots, low=1)
        arrival = checks.array("arrival", self.arrival, shape=(None,), low=0, high=self.slots - 1, whole=True)
        cars = len(arrival)
        departure = checks.array("departure", self.departure, shape=(cars,), low=1, high=self.slots, whole=True)
        object.__setattr__(self, "arrival", arrival.astype(np.int64))
        object.__setattr__(self, "departure", departure.astype(np.int64))
        empty = departure <= arrival
        if empty.any():
            i = int(np.argmax(empty))
            raise InvalidInput(
                f"departure[{i}] = {int(departure[i])}: must come after arrival[{i}] = {int(arrival[i])}"
            )
        checks.real("soc_low", self.soc_low, low=0.0, high=1.0)
        checks.real("soc_high", self.soc_high, low=self.soc_low, high=1.0, open_low=True)
        checks.real("hours", self.hours, low=0.0, open_low=True)
        for name in PER_CAR:
            low, high = (self.soc_low, self.soc_high) if name.startswith("soc") else (0.0, math.inf)
            value = getattr(self, name)
            value = checks.array(name, value, shape=None if np.ndim(value) == 0 else (cars,), low=low, high=high,
                                 open_low=high > 1)  # fmt: skip
            object.__setattr__(self, name, np.broadcast_to(value, cars).copy())
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
    def present(self) -> NDArray[np.bool_]:
        """Whether a car is parked in a slot (9); shape (cars, slots)."""
        t = np.arange(self.slots)
        result: NDArray[np.bool_] = (t >= self.arrival[:, None]) & (t < self.departure[:, None])
        return result

    @property
    def need_kwh(self) -> FloatArray:
        """Energy from arrival to target; shape (cars,)."""
        result: FloatArray = (self.soc_target - self.soc_start) * self.capacity_kwh
        return result

    def state_of_charge(self, plan_kw: Any) -> FloatArray:
        """Return the state of charge after each slot.

        Parameters
        ----------
        plan_kw : array_like, shape (cars, slots)
            Charging power, negative while discharging.

        Returns
        -------
        numpy.ndarray, shape (cars, slots)

        Raises
        ------
        InvalidInput
            If `plan_kw` has another shape.
        """
        plan = checks.array("plan_kw", plan_kw, shape=(self.size, self.slots))
        result: FloatArray = self.soc_start[:, None] + np.cumsum(plan, axis=1) * self.hours / self.capacity_kwh[:, None]
        return result

    def plug_and_charge(self) -> FloatArray:
        """Return the plan without coordination: full power from arrival until the target; shape (cars, slots)."""
        waited = np.clip(np.arange(self.slots) - self.arrival[:, None], 0, None)
        full = (self.power_kw * self.hours)[:, None]
        left = np.maximum(self.need_kwh, 0.0)[:, None] - waited * full
        result: FloatArray = np.where(self.present, np.clip(left, 0.0, full) / self.hours, 0.0)
        return result

    def chosen(self, cars: Any) -> "Fleet":
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
        pick = checks.array("cars", cars, shape=(None,), low=0, high=self.size - 1, whole=True).astype(np.int64)
        parts = {name: getattr(self, name)[pick] for name in ("arrival", "departure", *PER_CAR)}
        return Fleet(self.slots, **parts, soc_low=self.soc_low, soc_high=self.soc_high, hours=self.hours)

    def storage(self, hard: bool = True, value_below: float = 0.0, value_above: float = 0.0) -> StorageUsers:
        """Return the cars as players of the storage game: levels in kW times slots.

        Parameters
        ----------
        hard : bool
            Whether the target (7) must be reached.
        value_below, value_above : float
            What a kW-slot is worth below and beyond the target [EUR].

        Returns
        -------
        StorageUsers

        Raises
        ------
        InvalidInput
            If an argument is of another kind.
        """
        unit = self.capacity_kwh / self.hours
        return StorageUsers(
            self.slots, self.arrival, self.departure, -self.power_kw, self.power_kw,
            self.soc_start * unit, self.soc_low * unit, self.soc_high * unit, self.soc_target * unit,
            hard, value_below, value_above,
        )  # fmt: skip


@dataclass(frozen=True)
class FleetRules:
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
        Target on departure.
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

    cars: int = 200
    slots: int = 96
    arrival_mean: float = 32.0
    arrival_std: float = 4.0
    stay_mean: float = 32.0
    stay_std: float = 5.0
    stay_least: int = 10
    soc_mean: float = 0.4
    soc_std: float = 0.1
    soc_least: float = 0.2
    soc_most: float = 0.7
    soc_target: float = 0.8
    capacity_kwh: float = 80.0
    power_kw: float = 22.0
    willing: float = 0.8
    safety: float = 1.2

    def __post_init__(self) -> None:
        """Check the fields once."""
        checks.integer("cars", self.cars, low=1)
        checks.integer("slots", self.slots, low=1)
        checks.integer("stay_least", self.stay_least, low=1, high=self.slots)
        checks.real("arrival_mean", self.arrival_mean, low=0.0, high=self.slots)
        checks.real("stay_mean", self.stay_mean, low=self.stay_least, high=self.slots)
        for name in ("arrival_std", "stay_std", "soc_std"):
            checks.real(name, getattr(self, name), low=0.0)
        checks.real("soc_least", self.soc_least, low=0.2, high=1.0)
        checks.real("soc_most", self.soc_most, low=self.soc_least, high=1.0)
        checks.real("soc_mean", self.soc_mean, low=self.soc_least, high=self.soc_most)
        checks.real("soc_target", self.soc_target, low=0.2, high=1.0)
        for name in ("capacity_kwh", "power_kw", "safety"):
            checks.real(name, getattr(self, name), low=0.0, open_low=True)
        checks.real("willing", self.willing, low=0.0, high=1.0)

    def needed(self, peak_kw: float) -> int:
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
        return math.ceil(self.safety * checks.real("peak_kw", peak_kw, low=0.0) / self.power_kw)


def draw_fleet(rules: FleetRules, rng: np.random.Generator) -> Fleet:
    """Draw the cars of a day: normal draws, rounded to slots, drawn again while out of range.

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
        If an argument is of another kind, or 1000 rounds leave a car out of range.

    References
    ----------
    Shen et al., section 2 and Table 1.

    Examples
    --------
    >>> fleet = draw_fleet(FleetRules(), np.random.default_rng(1))
    >>> fleet.size, bool((fleet.departure - fleet.arrival >= 10).all())
    (200, True)
    """
    checks.instance("rules", rules, FleetRules)
    checks.generator("rng", rng)
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
        raise checks.complain("rules", rules, "such that draws fall into their ranges")
    target = np.maximum(rules.soc_target, stays[:, 2])
    return Fleet(
        rules.slots, stays[:, 0], stays[:, 1], stays[:, 2], target, rules.capacity_kwh, rules.power_kw,
        hours=DAY_H / rules.slots,
    )  # fmt: skip


def regulation_window(request_kw: Any) -> tuple[int, int]:
    """Return the window around the largest request: the run of one sign and of at least half its size.

    Parameters
    ----------
    request_kw : array_like, shape (slots,)
        The building's request R.

    Returns
    -------
    tuple of int
        First slot and the slot after the last.

    Raises
    ------
    InvalidInput
        If the request is zero throughout or not one-dimensional.

    Examples
    --------
    >>> regulation_window([0, 4, 10, 6, 4, -5])
    (2, 4)
    """
    request = checks.array("request_kw", request_kw, shape=(None,))
    peak = int(np.argmax(np.abs(request)))
    if request[peak] == 0:
        raise checks.complain("request_kw", request_kw, "different from zero in some slot")
    inside = request * np.sign(request[peak]) >= 0.5 * abs(request[peak])
    first, stop = peak, peak + 1
    while first > 0 and inside[first - 1]:
        first -= 1
    while stop < len(request) and inside[stop]:
        stop += 1
    return first, stop


@dataclass(frozen=True)
class Selection:
    """Who is asked to help: `fleet` of the chosen, their indices `cars`, and how many passed each filter.

    `needed` is what the request calls for; `short` says that fewer were willing, so that all of
    them were taken.
    """

    fleet: Fleet
    cars: NDArray[np.int64]
    parked: int
    overlapping: int
    willing: int
    needed: int

    @property
    def short(self) -> bool:
        """Whether fewer cars were willing than the request needs."""
        return self.willing < self.needed


def select_cars(fleet: Fleet, request_kw: Any, rules: FleetRules, rng: np.random.Generator) -> Selection:
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
        If an argument is of another kind or shape.
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
    checks.instance("fleet", fleet, Fleet)
    request = checks.array("request_kw", request_kw, shape=(fleet.slots,))
    checks.instance("rules", rules, FleetRules)
    checks.generator("rng", rng)
    first, stop = regulation_window(request)
    fit = (fleet.departure - fleet.arrival >= rules.stay_least) & (fleet.soc_start >= rules.soc_least)
    fit &= fleet.soc_start <= rules.soc_most
    overlap = fit & (fleet.arrival <= first) & (fleet.departure >= stop)
    asked = overlap & (rng.random(fleet.size) < rules.willing)
    needed = rules.needed(float(np.max(np.abs(request))))
    if not asked.any():
        raise Infeasible(f"no car of {fleet.size} is left: {int(overlap.sum())} overlap the window, none is willing")
    cars = np.flatnonzero(asked)
    best = cars[np.argsort(-fleet.soc_start[cars], kind="stable")[:needed]]
    best = np.sort(best)
    return Selection(fleet.chosen(best), best, fleet.size, int(overlap.sum()), len(cars), needed)
