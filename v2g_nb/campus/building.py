"""The building: its bill (13)-(15), what it asks of the cars, and the days that the book looks at."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy.optimize import brentq

from v2g_nb import checks
from v2g_nb.campus.fleet import Fleet
from v2g_nb.campus.selection import FleetRules
from v2g_nb.checks import FloatArray
from v2g_nb.data.campus import load_campus_day, load_workplace_sessions

PROFILES = ("load_kw", "pv_kw", "grid_price_eur_per_kwh", "request_kw", "baseline_kw")


@dataclass(frozen=True, eq=False)
class Campus:
    """A day of the campus: building, sun, grid price and contracts.

    Parameters
    ----------
    load_kw, pv_kw : array_like, shape (slots,)
        The building's load and its photovoltaic output.
    grid_price_eur_per_kwh : array_like, shape (slots,)
        Price of electricity from the grid, for building and aggregator.
    request_kw : array_like, shape (slots,)
        The request R: positive where cars should take surplus, negative where they should give.
    baseline_kw : array_like, shape (slots,)
        The aggregator's other demand B.
    peak_price_eur_per_kw : float
        Charge c_peak on the day's largest power.
    fee_share : float
        Share c_ems of the building's savings that goes to the aggregator.
    retail_eur_per_kwh : float
        Flat tariff that cars pay before they take part.
    hours : float
        Length of a slot [h].

    Raises
    ------
    InvalidInput
        If a profile has another length than the load, or a number is out of range.

    References
    ----------
    Shen et al., equations (13)-(16).

    Examples
    --------
    >>> Campus([5.0], [1.0], [0.3], [0.0], [0.0], hours=1.0).bill([0.0])
    (1.2, 0.8)
    """

    load_kw: Any
    pv_kw: Any
    grid_price_eur_per_kwh: Any
    request_kw: Any
    baseline_kw: Any
    peak_price_eur_per_kw: float = 0.20
    fee_share: float = 0.6
    retail_eur_per_kwh: float = 0.40
    hours: float = 0.25

    def __post_init__(self) -> None:
        """Check and freeze the fields once."""
        slots = len(checks.array("load_kw", self.load_kw, shape=(None,)))
        for name in PROFILES:
            low = 0.0 if name in ("load_kw", "pv_kw", "baseline_kw") else -np.inf
            object.__setattr__(self, name, checks.array(name, getattr(self, name), shape=(slots,), low=low))
        checks.real("peak_price_eur_per_kw", self.peak_price_eur_per_kw, low=0.0)
        checks.real("fee_share", self.fee_share, low=0.0, high=1.0)
        checks.real("retail_eur_per_kwh", self.retail_eur_per_kwh, low=0.0)
        checks.real("hours", self.hours, low=0.0, open_low=True)

    def bill(self, exchange_kw: Any) -> tuple[float, float]:
        """Return the building's bill for energy (14) and for its peak (15) [EUR].

        Parameters
        ----------
        exchange_kw : array_like, shape (slots,)
            Power P_eva that the aggregator takes from the building.

        Returns
        -------
        tuple of float

        Raises
        ------
        InvalidInput
            If `exchange_kw` has another shape.
        """
        exchange = checks.array("exchange_kw", exchange_kw, shape=self.load_kw.shape)
        net = self.load_kw - self.pv_kw + exchange
        energy = float(self.grid_price_eur_per_kwh @ np.maximum(0.0, net)) * self.hours
        return energy, float(net.max()) * self.peak_price_eur_per_kw


def executed_request(request_kw: Any, total_kw: Any) -> FloatArray:
    """Return what of the request the cars carry out: their total, cut off at the request and at zero.

    Parameters
    ----------
    request_kw, total_kw : array_like, shape (slots,)
        The request R and the cars' total S.

    Returns
    -------
    numpy.ndarray, shape (slots,)
        The exchange P_eva.

    Raises
    ------
    InvalidInput
        If an argument has another shape.

    Examples
    --------
    >>> executed_request([10.0, -10.0, 0.0], [15.0, 5.0, 3.0])
    array([10.,  0.,  0.])
    """
    request = checks.array("request_kw", request_kw, shape=(None,))
    total = checks.array("total_kw", total_kw, shape=request.shape)
    result: FloatArray = np.clip(total, np.minimum(request, 0.0), np.maximum(request, 0.0))
    return result


def regulation_request(load_kw: Any, pv_kw: Any, first: int, stop: int) -> FloatArray:
    """Return a request that gives away the surplus and takes as much energy back to shave the peak.

    Parameters
    ----------
    load_kw, pv_kw : array_like, shape (slots,)
        Load and photovoltaic output.
    first, stop : int
        Window of the request: slots ``first, ..., stop - 1``.

    Returns
    -------
    numpy.ndarray, shape (slots,)
        ``max(0, PV - load) - max(0, load - PV - m)`` within the window, 0 outside; the level m makes
        its sum zero. Where surplus exceeds demand, all demand is asked for, and surplus only up to a
        level with the same effect.

    Raises
    ------
    InvalidInput
        If an argument is out of range, or the window has no surplus or no demand.

    Examples
    --------
    >>> regulation_request([5.0, 1.0, 7.0], [1.0, 4.0, 0.0], 0, 3)
    array([ 0.,  3., -3.])
    """
    load = checks.array("load_kw", load_kw, shape=(None,))
    net = load - checks.array("pv_kw", pv_kw, shape=load.shape)
    checks.integer("first", first, low=0, high=len(load) - 1)
    checks.integer("stop", stop, low=first + 1, high=len(load))
    inside = net[first:stop]
    surplus: FloatArray = np.maximum(0.0, -inside)
    demand: FloatArray = np.maximum(0.0, inside)
    energy = min(surplus.sum(), demand.sum())
    if energy == 0.0:
        raise checks.invalid("pv_kw", pv_kw, "such that the window has surplus in some slots and demand in others")
    if surplus.sum() > energy:  # all demand is met, surplus is taken up to a level
        level = _level(lambda m: np.minimum(-inside, m).clip(0.0).sum() - energy, surplus.max())
        surplus = np.clip(-inside, 0.0, level)
    else:  # all surplus is taken, demand is met above a level
        demand = np.maximum(0.0, inside - _level(lambda m: np.maximum(0.0, inside - m).sum() - energy, inside.max()))
    request = np.zeros(len(load))
    request[first:stop] = surplus - demand
    return request


def _level(excess: Callable[[float], float], most: float) -> float:
    """Return the level at which `excess` is zero; it changes sign between 0 and `most`, or is zero there."""
    if excess(0.0) * excess(most) >= 0.0:
        return 0.0 if excess(0.0) == 0.0 else most
    return float(brentq(excess, 0.0, most, xtol=1e-12))


def _hours() -> FloatArray:
    return np.arange(0.5, 96.0) / 4.0


def _baseline(hour: FloatArray) -> FloatArray:
    """Return the aggregator's other demand: 120 kW from 6 to 20 h."""
    return np.where((hour > 6.0) & (hour < 20.0), 120.0, 0.0)


def calibrated_campus(fee_share: float = 0.61) -> Campus:
    """Return the day whose profiles were tuned until the gains came near the paper's.

    Parameters
    ----------
    fee_share : float
        Share c_ems of the building's savings that goes to the aggregator.

    Returns
    -------
    Campus

    Raises
    ------
    InvalidInput
        If `fee_share` is out of range.

    Examples
    --------
    >>> round(float(calibrated_campus().request_kw.max()))
    206
    """
    h = _hours()
    awake = 1.0 / (1.0 + np.exp(-(h - 7.4) / 0.4)) / (1.0 + np.exp((h - 17.4) / 0.5))

    def bump(height: float, at: float, width: float) -> FloatArray:
        result: FloatArray = height * np.exp(-(((h - at) / width) ** 2))
        return result

    load = 110.0 + 310.0 * awake * (0.80 + bump(-0.06, 12.4, 0.7) + bump(0.30, 15.3, 0.9) + bump(0.05, 8.8, 0.8))
    pv = np.where((h > 6.0) & (h < 19.5), bump(610.0 * 0.9, 12.2, 2.05), 0.0)
    price = 0.26 + bump(0.05, 8.3, 1.3) + bump(0.09, 17.6, 2.0) + bump(-0.07, 12.8, 2.0)
    price -= np.where((h < 5.5) | (h > 22.5), 0.02, 0.0)
    request = regulation_request(load, pv, 32, 66)
    return Campus(load, pv, price, request, _baseline(h), fee_share=fee_share)


def real_campus(fee_share: float = 0.6, surcharge_eur_per_kwh: float = 0.16) -> Campus:
    """Return the day of real shapes, nothing tuned: BDEW load, clear sky over Dresden, Dutch prices.

    Parameters
    ----------
    fee_share : float
        Share c_ems of the building's savings that goes to the aggregator.
    surcharge_eur_per_kwh : float
        What network, taxes and levies add to the day-ahead price; an assumption.

    Returns
    -------
    Campus
        Sizes are those of the calibrated day: 445 kW peak load, 610 kWp.

    Raises
    ------
    InvalidInput
        If an argument is out of range.

    Examples
    --------
    >>> round(float(real_campus().request_kw.max()))
    59
    """
    checks.real("surcharge_eur_per_kwh", surcharge_eur_per_kwh, low=0.0)
    day = load_campus_day()
    load = 445.0 * day.load_shape / day.load_shape.max()
    pv = 610.0 * day.pv_kw_per_kwp
    price = day.price_eur_per_kwh + surcharge_eur_per_kwh
    request = regulation_request(load, pv, 32, 66)
    return Campus(load, pv, price, request, _baseline(day.hour_h), fee_share=fee_share)


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
    checks.instance("rules", rules, FleetRules)
    checks.generator("rng", rng)
    sessions = load_workplace_sessions()
    per_hour = rules.slots / 24.0
    arrival = np.ceil(sessions.arrival_h * per_hour)
    departure = np.floor(sessions.departure_h * per_hour)
    soc = rules.soc_target - sessions.energy_kwh / rules.capacity_kwh
    fits = (departure - arrival >= rules.stay_least) & (soc >= rules.soc_least) & (soc <= rules.soc_most)
    fits &= soc + rules.power_kw * (departure - arrival) / per_hour / rules.capacity_kwh >= rules.soc_target
    pool = np.flatnonzero(fits)
    if len(pool) < rules.cars:
        raise checks.invalid("rules", rules, f"for at most {len(pool)} cars: only so many sessions fit")
    pick = rng.choice(pool, rules.cars, replace=False)
    target = np.full(rules.cars, rules.soc_target)
    return Fleet(
        rules.slots, arrival[pick], departure[pick], soc[pick], target, rules.capacity_kwh, rules.power_kw,
        hours=1.0 / per_hour,
    )  # fmt: skip
