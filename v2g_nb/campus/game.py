"""The game between the cars: the price (1), each car's cost (2)-(5), and their potential."""

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

from v2g_nb import checks
from v2g_nb.campus.fleet import Fleet
from v2g_nb.checks import FloatArray
from v2g_nb.games.storage import SharedCost, StorageUsers, potential


def dynamic_price(price_base: float, baseline_kw: Any, total_kw: Any, request_kw: Any) -> FloatArray:
    """Return the aggregator's price (1), [EUR/kWh].

    Parameters
    ----------
    price_base : float
        Scale p_base; positive [EUR/kW^2h].
    baseline_kw, total_kw, request_kw : array_like, shape (slots,)
        The aggregator's other demand B, the cars' total S and the building's request R [kW].

    Returns
    -------
    numpy.ndarray, shape (slots,)

    Raises
    ------
    InvalidInput
        If an argument is out of range or of another shape.

    References
    ----------
    Shen et al., equation (1).

    Examples
    --------
    >>> dynamic_price(0.001, [120.0], [30.0], [-50.0])
    array([0.2])
    """
    checks.real("price_base", price_base, low=0.0, open_low=True)
    baseline = checks.array("baseline_kw", baseline_kw, shape=(None,))
    total = checks.array("total_kw", total_kw, shape=baseline.shape)
    request = checks.array("request_kw", request_kw, shape=baseline.shape)
    result: FloatArray = price_base * (baseline + total - request)
    return result


@dataclass(frozen=True, eq=False)
class FleetGame:
    """What the cars play once the aggregator has announced its price.

    Parameters
    ----------
    fleet : Fleet
        The cars.
    request_kw : array_like, shape (slots,)
        The building's request R: positive where it has power to spare.
    baseline_kw : array_like, shape (slots,)
        The aggregator's other demand B.
    price_base : float
        Scale p_base of the price (1) [EUR/kW^2h].
    deviation_weight : float
        Weight k_pos of unused surplus (4) [EUR/kW^2].
    soc_weight : float
        Weight gamma_SoC of the state of charge (5) [EUR]; above 0 it needs cars of one capacity,
        except in ``car_costs``, ``settle`` and ``printed_best_response``.
    hard_target : bool
        True: the target (7) must be reached and (5) holds as printed. False: (7) is dropped and
        (5) charges only what is missing.

    Raises
    ------
    InvalidInput
        If a field is out of range, or a profile does not fit the fleet's day.

    References
    ----------
    Shen et al., equations (1)-(9).

    Examples
    --------
    >>> fleet = Fleet(2, [0, 0], [2, 2], [0.5, 0.5], [0.5, 0.5])
    >>> FleetGame(fleet, [40.0, 0.0], [0.0, 0.0], 0.002).price([10.0, -10.0])
    array([-0.06, -0.02])
    """

    fleet: Fleet
    request_kw: Any
    baseline_kw: Any
    price_base: float
    deviation_weight: float = 1e-3
    soc_weight: float = 0.0
    hard_target: bool = True

    def __post_init__(self) -> None:
        """Check and freeze the fields once."""
        checks.instance("fleet", self.fleet, Fleet)
        for name in ("request_kw", "baseline_kw"):
            value = checks.array(name, getattr(self, name), shape=(self.fleet.slots,))
            object.__setattr__(self, name, value)
        checks.real("price_base", self.price_base, low=0.0, open_low=True)
        checks.real("deviation_weight", self.deviation_weight, low=0.0)
        checks.real("soc_weight", self.soc_weight, low=0.0)
        checks.flag("hard_target", self.hard_target)

    def price(self, total_kw: Any) -> FloatArray:
        """Return the price (1) at the cars' total [EUR/kWh].

        Parameters
        ----------
        total_kw : array_like, shape (slots,)
            The cars' total S.

        Returns
        -------
        numpy.ndarray, shape (slots,)

        Raises
        ------
        InvalidInput
            If `total_kw` has another shape.
        """
        return dynamic_price(self.price_base, self.baseline_kw, total_kw, self.request_kw)

    @cached_property
    def shared(self) -> SharedCost:
        """The price and the deviation term in the units of the storage game (EUR per kW and slot)."""
        slope = self.price_base * self.fleet.hours
        surplus = np.where(self.request_kw > 0, 2.0 * self.deviation_weight, 0.0)
        return SharedCost(slope * (self.baseline_kw - self.request_kw), slope, surplus, self.request_kw)

    @cached_property
    def users(self) -> StorageUsers:
        """The cars in the units of the storage game; all must share one capacity if gamma is not zero."""
        worth = 0.0
        if self.soc_weight > 0:
            if np.ptp(self.fleet.capacity_kwh) > 0:
                raise checks.invalid("soc_weight", self.soc_weight, "0 for cars of different capacity")
            worth = self.soc_weight * self.fleet.hours / float(self.fleet.capacity_kwh[0])
        return self.fleet.storage(self.hard_target, worth, worth if self.hard_target else 0.0)


@dataclass(frozen=True, eq=False)
class CarCosts:
    """Each car's three cost terms, shape (cars,): only energy is paid to anybody [EUR]."""

    energy_eur: FloatArray
    deviation_eur: FloatArray
    soc_eur: FloatArray

    @property
    def total_eur(self) -> FloatArray:
        """Their sum (2), what a car minimises; shape (cars,)."""
        result: FloatArray = self.energy_eur + self.deviation_eur + self.soc_eur
        return result


def car_costs(game: FleetGame, plan_kw: Any, printed: bool = False) -> CarCosts:
    """Return what each car's plan costs it.

    Parameters
    ----------
    game : FleetGame
        Cars and prices.
    plan_kw : array_like, shape (cars, slots)
        Charging power of each car, negative while discharging.
    printed : bool
        True: the deviation term (4) as printed, with the absolute value of the total; False: with
        the total itself, so that discharging into a surplus is not rewarded.

    Returns
    -------
    CarCosts

    Raises
    ------
    InvalidInput
        If an argument is of another kind or shape.

    References
    ----------
    Shen et al., equations (2)-(5).

    Examples
    --------
    >>> fleet = Fleet(2, [0, 0], [2, 2], [0.5, 0.5], [0.5, 0.5])
    >>> game = FleetGame(fleet, [40.0, 0.0], [0.0, 0.0], 0.002, deviation_weight=0.002)
    >>> plan = [[-5.0, 5.0], [-5.0, 5.0]]
    >>> [float(car_costs(game, plan, printed).deviation_eur[0]) for printed in (False, True)]
    [5.0, 1.8]
    """
    checks.instance("game", game, FleetGame)
    fleet = game.fleet
    plan = checks.array("plan_kw", plan_kw, shape=(fleet.size, fleet.slots))
    checks.flag("printed", printed)
    total = plan.sum(axis=0)
    energy = plan @ game.price(total) * fleet.hours
    used = np.abs(total) if printed else total
    unused = np.where(game.request_kw > 0, np.maximum(0.0, np.abs(game.request_kw) - used), 0.0)
    deviation = np.full(fleet.size, game.deviation_weight * float((unused**2).sum()))
    missing = fleet.soc_target - fleet.soc_start - plan.sum(axis=1) * fleet.hours / fleet.capacity_kwh
    if not game.hard_target:
        missing = np.maximum(0.0, missing)
    return CarCosts(energy, deviation, game.soc_weight * missing)


def fleet_potential(game: FleetGame, plan_kw: Any) -> float:
    """Return the potential of the cars' game [EUR].

    Parameters
    ----------
    game : FleetGame
        Cars and prices.
    plan_kw : array_like, shape (cars, slots)
        Charging power of each car.

    Returns
    -------
    float
        It changes by what a car's own cost changes when that car alone moves.

    Raises
    ------
    InvalidInput
        If an argument is of another kind or shape, or `soc_weight` is above 0 and capacities differ.

    Examples
    --------
    >>> fleet = Fleet(2, [0, 0], [2, 2], [0.5, 0.5], [0.5, 0.5])
    >>> game = FleetGame(fleet, [40.0, 0.0], [0.0, 0.0], 0.002, deviation_weight=0.002)
    >>> fleet_potential(game, np.zeros((2, 2)))
    3.2
    """
    checks.instance("game", game, FleetGame)
    plan = checks.array("plan_kw", plan_kw, shape=(game.fleet.size, game.fleet.slots))
    return potential(game.users, game.shared, plan)
