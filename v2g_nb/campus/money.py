"""Who pays whom, before the cars take part and after; the gains add up to the fall in what leaves the campus."""

from dataclasses import dataclass
from typing import Any

import numpy as np

from v2g_nb import checks
from v2g_nb.campus.building import Campus, executed_request
from v2g_nb.campus.fleet import Fleet
from v2g_nb.campus.game import FleetGame, car_costs
from v2g_nb.checks import FloatArray
from v2g_nb.errors import InvalidInput

BASELINES = ("plug", "even", "pass-through")


@dataclass(frozen=True, eq=False)
class Money:
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

    cars_eur: Any
    discharged_kwh: Any
    aggregator_grid_eur: float
    building_energy_eur: float
    building_peak_eur: float
    fee_eur: float

    def __post_init__(self) -> None:
        """Check and freeze the fields once."""
        cars = checks.array("cars_eur", self.cars_eur, shape=(None,))
        given = checks.array("discharged_kwh", self.discharged_kwh, shape=cars.shape, low=0.0)
        object.__setattr__(self, "cars_eur", cars)
        object.__setattr__(self, "discharged_kwh", given)
        for name in ("aggregator_grid_eur", "building_energy_eur", "building_peak_eur", "fee_eur"):
            checks.real(name, getattr(self, name))

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


def settle(campus: Campus, game: FleetGame, plan_kw: Any) -> Money:
    """Return the payments when the cars carry out their plans.

    Parameters
    ----------
    campus : Campus
        Building, grid price and contracts.
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
    :func:`~v2g_nb.campus.aggregator.campus_game` makes a game in which they are the same.

    References
    ----------
    Shen et al., equations (10)-(16).

    Examples
    --------
    >>> fleet = Fleet(2, [0], [2], [0.5], [0.5])
    >>> campus = Campus([50.0, 90.0], [60.0, 0.0], [0.3, 0.3], [10.0, -10.0], [0.0, 0.0])
    >>> game = FleetGame(fleet, campus.request_kw, campus.baseline_kw, 0.01)
    >>> round(settle(campus, game, [[10.0, -10.0]]).fee_eur, 3)
    1.65
    """
    checks.instance("campus", campus, Campus)
    checks.instance("game", game, FleetGame)
    same_day(campus, game.fleet)
    plan = checks.array("plan_kw", plan_kw, shape=(game.fleet.size, game.fleet.slots))
    total = plan.sum(axis=0)
    exchange = executed_request(campus.request_kw, total)
    without = sum(campus.bill(np.zeros_like(exchange)))
    energy, peak = campus.bill(exchange)
    grid = _grid(campus, np.maximum(0.0, campus.baseline_kw + total - exchange))
    fee = campus.fee_share * (without - energy - peak)  # (16)
    return Money(car_costs(game, plan).energy_eur, _given(plan, campus), grid, energy, peak, fee)


def settle_before(campus: Campus, fleet: Fleet, baseline: str = "plug") -> Money:
    """Return the payments on the same day without the game: cars only charge, to their target.

    Parameters
    ----------
    campus : Campus
        Building, grid price and contracts.
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
    >>> fleet = Fleet(2, [0], [2], [0.5], [0.6])
    >>> campus = Campus([50.0, 90.0], [60.0, 0.0], [0.3, 0.3], [10.0, -10.0], [0.0, 0.0])
    >>> settle_before(campus, fleet).cars_eur.round(6)
    array([3.2])
    """
    checks.instance("campus", campus, Campus)
    checks.instance("fleet", fleet, Fleet)
    same_day(campus, fleet)
    checks.choice("baseline", baseline, BASELINES)
    plan = fleet.plug_and_charge()
    if baseline == "even":
        power = np.maximum(fleet.need_kwh, 0.0) / fleet.hours / (fleet.departure - fleet.arrival)
        plan = np.where(fleet.present, power[:, None], 0.0)
    price = np.full(fleet.slots, campus.retail_eur_per_kwh)
    if baseline == "pass-through":
        price += campus.grid_price_eur_per_kwh - campus.grid_price_eur_per_kwh.mean()
    energy, peak = campus.bill(np.zeros(fleet.slots))
    paid = plan @ price * campus.hours
    grid = _grid(campus, campus.baseline_kw + plan.sum(axis=0))
    return Money(paid, _given(plan, campus), grid, energy, peak, 0.0)


def same_day(campus: Campus, fleet: Fleet) -> None:
    """Raise unless campus and fleet have equally many slots of equal length."""
    if (len(campus.load_kw), campus.hours) != (fleet.slots, fleet.hours):
        raise InvalidInput(
            f"campus has {len(campus.load_kw)} slots of {campus.hours:g} h: must have the fleet's {fleet.slots} "
            f"of {fleet.hours:g} h"
        )


def _grid(campus: Campus, power: FloatArray) -> float:
    return float(campus.grid_price_eur_per_kwh @ power) * campus.hours


def _given(plan: FloatArray, campus: Campus) -> FloatArray:
    result: FloatArray = np.maximum(0.0, -plan).sum(axis=1) * campus.hours
    return result


@dataclass(frozen=True, eq=False)
class Gains:
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


def gains(before: Money, after: Money, wear_eur_per_kwh: float = 0.0) -> Gains:
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
    checks.instance("before", before, Money)
    checks.instance("after", after, Money)
    if before.cars_eur.shape != after.cars_eur.shape:
        raise InvalidInput(f"before has {len(before.cars_eur)} cars: must have as many as after, {len(after.cars_eur)}")
    checks.real("wear_eur_per_kwh", wear_eur_per_kwh, low=0.0)
    wear = wear_eur_per_kwh * (after.discharged_kwh - before.discharged_kwh)
    return Gains(
        before.cars_eur - after.cars_eur - wear,
        after.aggregator_eur - before.aggregator_eur,
        before.building_eur - after.building_eur,
        before.to_grid_eur - after.to_grid_eur - float(wear.sum()),
    )
