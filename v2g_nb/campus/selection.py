"""Which cars park on the campus and which are asked to help: section 2 and Table 1 of the paper."""

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from v2g_nb import checks
from v2g_nb.campus.fleet import Fleet
from v2g_nb.errors import Infeasible

DAY_H = 24.0


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
        raise checks.invalid("rules", rules, "such that draws fall into their ranges")
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
        raise checks.invalid("request_kw", request_kw, "different from zero in some slot")
    inside = request * np.sign(request[peak]) >= 0.5 * abs(request[peak])
    first, stop = peak, peak + 1
    while first > 0 and inside[first - 1]:
        first -= 1
    while stop < len(request) and inside[stop]:
        stop += 1
    return first, stop


@dataclass(frozen=True, eq=False)
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
