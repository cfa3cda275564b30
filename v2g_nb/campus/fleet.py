"""The cars of the campus: who parks when, with how much in the battery, and what it can do with it."""

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from v2g_nb import checks
from v2g_nb.checks import FloatArray
from v2g_nb.errors import Infeasible, InvalidInput
from v2g_nb.games.storage import StorageUsers

PER_CAR = ("soc_start", "soc_target", "capacity_kwh", "power_kw")


@dataclass(frozen=True, eq=False)
class Fleet:
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
