"""A day of the campus: its building, who pays whom, and the two days that the book looks at.

The bill of the building is (13)-(15). Payments are counted before the cars take part and after; the gains
add up to the fall in what leaves the campus.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Annotated, Any, Literal

import numpy as np
from scipy.optimize import brentq

from v2g_nb.arguments import Model, Record, checks_arguments
from v2g_nb.campus.fleet import Fleet, NonNegative, Positive, Share
from v2g_nb.campus.game import FleetGame, Plan
from v2g_nb.checks import Array, FloatArray
from v2g_nb.data.campus import load_campus_day
from v2g_nb.errors import InvalidInput

Profile = Annotated[FloatArray, Array("slots")]
SURCHARGE_EUR_PER_KWH = 0.16  # what network, taxes and levies add to the day-ahead price; an assumption
Power = Annotated[FloatArray, Array("slots", low=0.0)]


@dataclass(frozen=True, eq=False)
class Money(Model):
    """The payments of a day [EUR].

    Parameters
    ----------
    cars_eur : array_like, shape (cars,)
        What each car pays to the aggregator (its share of (11)).
    discharged_kwh : array_like, shape (cars,)
        Energy that each car gave.
    aggregator_grid_eur : float
        The aggregator's bill from the grid (12).
    building_energy_eur, building_peak_eur : float
        The building's bill from the grid (14) and for its peak (15).
    fee_eur : float
        What the building pays to the aggregator (16).

    Raises
    ------
    InvalidInput
        If a field is not finite or has another shape.

    Examples
    --------
    >>> Money([3.0, 4.0], [0.0, 0.0], 2.0, 10.0, 1.0, 0.5).aggregator_eur
    5.5
    """

    cars_eur: Annotated[FloatArray, Array("cars")]
    discharged_kwh: Annotated[FloatArray, Array("cars", low=0.0)]
    aggregator_grid_eur: float
    building_energy_eur: float
    building_peak_eur: float
    fee_eur: float

    @property
    def aggregator_eur(self) -> float:
        """What remains to the aggregator: its utility (10)."""
        return float(self.cars_eur.sum()) - self.aggregator_grid_eur + self.fee_eur

    @property
    def building_eur(self) -> float:
        """What the building pays: its cost (13) and the fee."""
        return self.building_energy_eur + self.building_peak_eur + self.fee_eur

    @property
    def to_grid_eur(self) -> float:
        """What leaves the campus."""
        return self.aggregator_grid_eur + self.building_energy_eur + self.building_peak_eur


@dataclass(frozen=True, eq=False)
class Gains(Record):
    """What each side gains in a day [EUR]; `worst_car_eur` is the smallest of the cars' gains."""

    cars_eur: FloatArray
    aggregator_eur: float
    building_eur: float
    saved_eur: float

    @property
    def fleet_eur(self) -> float:
        """Gain of all cars together."""
        return float(self.cars_eur.sum())

    @property
    def worst_car_eur(self) -> float:
        """Gain of the car that gains least."""
        return float(self.cars_eur.min())

    @property
    def imbalance_eur(self) -> float:
        """Gains less what is saved on bills from the grid: zero but for rounding."""
        return self.fleet_eur + self.aggregator_eur + self.building_eur - self.saved_eur


def gains(before: Money, after: Money, wear_eur_per_kwh: NonNegative = 0.0) -> Gains:
    """Return who gains what.

    Parameters
    ----------
    before, after : Money
        Payments without and with the game.
    wear_eur_per_kwh : float
        What a discharged kWh costs in battery life; it lessens the cars' gains and the savings.

    Returns
    -------
    Gains

    Raises
    ------
    InvalidInput
        If an argument is of another kind, or the two count different numbers of cars.

    Notes
    -----
    Every payment between two sides of the campus is one's cost and the other's revenue, so that the
    gains add up to the fall of the two bills from the grid.

    Examples
    --------
    >>> before = Money([10.0], [0.0], 6.0, 50.0, 5.0, 0.0)
    >>> after = Money([8.0], [4.0], 5.0, 44.0, 4.0, 4.0)
    >>> found = gains(before, after)
    >>> found.fleet_eur, found.aggregator_eur, found.building_eur, found.saved_eur
    (2.0, 3.0, 3.0, 8.0)
    """
    if before.cars_eur.shape != after.cars_eur.shape:
        raise InvalidInput(f"before has {len(before.cars_eur)} cars: must have as many as after, {len(after.cars_eur)}")
    wear = wear_eur_per_kwh * (after.discharged_kwh - before.discharged_kwh)
    return Gains(
        before.cars_eur - after.cars_eur - wear,
        after.aggregator_eur - before.aggregator_eur,
        before.building_eur - after.building_eur,
        before.to_grid_eur - after.to_grid_eur - float(wear.sum()),
    )


@dataclass(frozen=True, eq=False)
class Campus(Model):
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
        Length of a slot [h]; given by name.

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

    load_kw: Power
    pv_kw: Power
    grid_price_eur_per_kwh: Profile
    request_kw: Profile
    baseline_kw: Power
    peak_price_eur_per_kw: NonNegative = 0.20
    fee_share: Share = 0.6
    retail_eur_per_kwh: NonNegative = 0.40
    hours: Positive = field(kw_only=True)

    @property
    def slots(self) -> int:
        """Number of time slots."""
        return len(self.load_kw)

    @checks_arguments
    def game(self, fleet: Fleet, price_base: Positive, **weights: Any) -> FleetGame:
        """Return the game that the cars play on a campus at one price.

        Parameters
        ----------
        fleet : Fleet
            The cars.
        price_base : float
            Scale p_base of the price (1) [EUR/kW^2h].
        **weights
            ``deviation_weight``, ``soc_weight`` and ``hard_target`` as in :class:`FleetGame`.

        Returns
        -------
        FleetGame

        Raises
        ------
        InvalidInput
            If an argument is of another kind or out of range, or campus and fleet disagree on slots.

        Examples
        --------
        >>> Campus.calibrated().game(Fleet(96, [32], [64], [0.4], [0.8], hours=0.25), 1e-3).fleet.size
        1
        """
        same_day(self, fleet)
        return FleetGame(fleet, self.request_kw, self.baseline_kw, price_base, **weights)

    @checks_arguments
    def bill(self, exchange_kw: Annotated[FloatArray, Array("self.slots")]) -> tuple[float, float]:
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
        net = self.load_kw - self.pv_kw + exchange_kw
        energy = float(self.grid_price_eur_per_kwh @ np.maximum(0.0, net)) * self.hours
        return energy, float(net.max()) * self.peak_price_eur_per_kw

    @checks_arguments
    def settle(self, game: FleetGame, plan_kw: Plan) -> Money:
        """Return the payments when the cars carry out their plans.

        Parameters
        ----------
        game : FleetGame
            Cars and prices.
        plan_kw : array_like, shape (cars, slots)
            Charging power of each car.

        Returns
        -------
        Money

        Raises
        ------
        InvalidInput
            If an argument is of another kind or shape, or campus and game disagree on slots.

        Notes
        -----
        The price uses the game's request and other demand; the exchange and the bills use the campus's.
        :meth:`game` makes a game in which they are the same.

        References
        ----------
        Shen et al., equations (10)-(16).

        Examples
        --------
        >>> fleet = Fleet(2, [0], [2], [0.5], [0.5], hours=0.25)
        >>> campus = Campus([50.0, 90.0], [60.0, 0.0], [0.3, 0.3], [10.0, -10.0], [0.0, 0.0], hours=0.25)
        >>> round(campus.settle(campus.game(fleet, 0.01), [[10.0, -10.0]]).fee_eur, 3)
        1.65
        """
        same_day(self, game.fleet)
        total = plan_kw.sum(axis=0)
        exchange = executed_request(self.request_kw, total)
        without = sum(self.bill(np.zeros_like(exchange)))
        energy, peak = self.bill(exchange)
        grid = self._grid(np.maximum(0.0, self.baseline_kw + total - exchange))
        fee = self.fee_share * (without - energy - peak)  # (16)
        return Money(game.car_costs(plan_kw).energy_eur, self._given(plan_kw), grid, energy, peak, fee)

    @checks_arguments
    def settle_before(self, fleet: Fleet, baseline: Literal["plug", "even", "pass-through"] = "plug") -> Money:
        """Return the payments on the same day without the game: cars only charge, to their target.

        Parameters
        ----------
        fleet : Fleet
            The cars.
        baseline : str
            ``"plug"``: full power on arrival at the flat tariff; ``"even"``: the same energy evenly over
            the stay; ``"pass-through"``: full power on arrival at the grid's price plus a margin that
            makes the day's mean the flat tariff.

        Returns
        -------
        Money

        Raises
        ------
        InvalidInput
            If an argument is of another kind, or campus and fleet disagree on slots.

        Examples
        --------
        >>> fleet = Fleet(2, [0], [2], [0.5], [0.6], hours=0.25)
        >>> campus = Campus([50.0, 90.0], [60.0, 0.0], [0.3, 0.3], [10.0, -10.0], [0.0, 0.0], hours=0.25)
        >>> campus.settle_before(fleet).cars_eur.round(6)
        array([3.2])
        """
        same_day(self, fleet)
        plan = fleet.plug_and_charge()
        if baseline == "even":
            power = np.maximum(fleet.need_kwh, 0.0) / fleet.hours / (fleet.departure - fleet.arrival)
            plan = np.where(fleet.present, power[:, None], 0.0)
        price = np.full(fleet.slots, self.retail_eur_per_kwh)
        if baseline == "pass-through":
            price += self.grid_price_eur_per_kwh - self.grid_price_eur_per_kwh.mean()
        energy, peak = self.bill(np.zeros(fleet.slots))
        grid = self._grid(self.baseline_kw + plan.sum(axis=0))
        return Money(plan @ price * self.hours, self._given(plan), grid, energy, peak, 0.0)

    @classmethod
    def calibrated(cls) -> "Campus":
        """Return the day whose profiles were tuned until the gains came near the paper's.

        Returns
        -------
        Campus

        Examples
        --------
        >>> round(float(Campus.calibrated().request_kw.max()))
        206
        """
        h = np.arange(0.5, 96.0) / 4.0
        awake = 1.0 / (1.0 + np.exp(-(h - 7.4) / 0.4)) / (1.0 + np.exp((h - 17.4) / 0.5))

        def bump(height: float, at: float, width: float) -> FloatArray:
            return np.asarray(height * np.exp(-(((h - at) / width) ** 2)))

        load = 110.0 + 310.0 * awake * (0.80 + bump(-0.06, 12.4, 0.7) + bump(0.30, 15.3, 0.9) + bump(0.05, 8.8, 0.8))
        pv = np.where((h > 6.0) & (h < 19.5), bump(610.0 * 0.9, 12.2, 2.05), 0.0)
        price = 0.26 + bump(0.05, 8.3, 1.3) + bump(0.09, 17.6, 2.0) + bump(-0.07, 12.8, 2.0)
        price -= np.where((h < 5.5) | (h > 22.5), 0.02, 0.0)
        request = regulation_request(load, pv, 32, 66)
        return Campus(load, pv, price, request, _baseline(h), fee_share=0.61, hours=0.25)

    @classmethod
    def real(cls) -> "Campus":
        """Return the day of real shapes, nothing tuned: BDEW load, clear sky over Dresden, Dutch prices.

        Returns
        -------
        Campus
            Sizes are those of the calibrated day: 445 kW peak load, 610 kWp.

        Examples
        --------
        >>> round(float(Campus.real().request_kw.max()))
        59
        """
        day = load_campus_day()
        load = 445.0 * day.load_shape / day.load_shape.max()
        pv = 610.0 * day.pv_kw_per_kwp
        price = day.price_eur_per_kwh + SURCHARGE_EUR_PER_KWH
        request = regulation_request(load, pv, 32, 66)
        return Campus(load, pv, price, request, _baseline(day.hour_h), hours=0.25)

    def _grid(self, power: FloatArray) -> float:
        return float(self.grid_price_eur_per_kwh @ power) * self.hours

    def _given(self, plan: FloatArray) -> FloatArray:
        return np.asarray(np.maximum(0.0, -plan).sum(axis=1) * self.hours)


def same_day(campus: Campus, fleet: Fleet) -> None:
    """Raise unless campus and fleet have equally many slots of equal length."""
    if (campus.slots, campus.hours) != (fleet.slots, fleet.hours):
        raise InvalidInput(
            f"campus has {campus.slots} slots of {campus.hours:g} h: must have the fleet's {fleet.slots} "
            f"of {fleet.hours:g} h"
        )


def executed_request(request: FloatArray, total: FloatArray) -> FloatArray:
    """Return what of the request the cars carry out: their total, cut off at the request and at zero.

    >>> executed_request(np.array([10.0, -10.0, 0.0]), np.array([15.0, 5.0, 3.0]))
    array([10.,  0.,  0.])
    """
    return np.clip(total, np.minimum(request, 0.0), np.maximum(request, 0.0))


def regulation_request(load: FloatArray, pv: FloatArray, first: int, stop: int) -> FloatArray:
    """Return a request that gives away the surplus and takes as much energy back to shave the peak.

    It is ``max(0, PV - load) - max(0, load - PV - m)`` in slots ``first, ..., stop - 1``, 0 outside; the level m
    makes its sum zero. Where surplus exceeds demand, all demand is asked for, and surplus only up to a level
    with the same effect.

    >>> regulation_request(np.array([5.0, 1.0, 7.0]), np.array([1.0, 4.0, 0.0]), 0, 3)
    array([ 0.,  3., -3.])
    """
    inside = (load - pv)[first:stop]
    surplus: FloatArray = np.maximum(0.0, -inside)
    demand: FloatArray = np.maximum(0.0, inside)
    energy = min(surplus.sum(), demand.sum())
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


def _baseline(hour: FloatArray) -> FloatArray:
    """Return the aggregator's other demand: 120 kW from 6 to 20 h."""
    return np.where((hour > 6.0) & (hour < 20.0), 120.0, 0.0)
