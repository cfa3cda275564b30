"""The game between the cars: the price (1), each car's cost (2)-(5), and the storage game that it is."""

from dataclasses import dataclass
from functools import cached_property
from typing import Annotated

import numpy as np

from v2g_nb import checks
from v2g_nb.arguments import Model, Record, checks_arguments
from v2g_nb.campus.fleet import Fleet, NonNegative, Positive, Profile
from v2g_nb.checks import Array, FloatArray
from v2g_nb.games.storage import StorageGame

Total = Annotated[FloatArray, Array("self.fleet.slots")]
Plan = Annotated[FloatArray, Array("game.fleet.size game.fleet.slots")]


def dynamic_price(price_base: float, baseline: FloatArray, total: FloatArray, request: FloatArray) -> FloatArray:
    """Return the aggregator's price (1) [EUR/kWh] at other demand B, the cars' total S and the request R [kW].

    >>> dynamic_price(0.001, np.array([120.0]), np.array([30.0]), np.array([-50.0]))
    array([0.2])
    """
    return np.asarray(price_base * (baseline + total - request))


@dataclass(frozen=True, eq=False)
class CarCosts(Record):
    """Each car's three cost terms, shape (cars,): only energy is paid to anybody [EUR]."""

    energy_eur: FloatArray
    deviation_eur: FloatArray
    soc_eur: FloatArray

    @property
    def total_eur(self) -> FloatArray:
        """Their sum (2), what a car minimises; shape (cars,)."""
        return np.asarray(self.energy_eur + self.deviation_eur + self.soc_eur)


@dataclass(frozen=True, eq=False)
class FleetGame(Model):
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
        except in ``car_costs``, ``Campus.settle`` and ``printed_best_response``.
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
    >>> fleet = Fleet(2, [0, 0], [2, 2], [0.5, 0.5], [0.5, 0.5], hours=0.25)
    >>> FleetGame(fleet, [40.0, 0.0], [0.0, 0.0], 0.002).price([10.0, -10.0])
    array([-0.06, -0.02])
    """

    fleet: Fleet
    request_kw: Profile
    baseline_kw: Profile
    price_base: Positive
    deviation_weight: NonNegative = 1e-3
    soc_weight: NonNegative = 0.0
    hard_target: bool = True

    @checks_arguments
    def price(self, total_kw: Total) -> FloatArray:
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

    @checks_arguments
    def paid(self, total_kw: Total) -> float:
        """Return what the cars pay together for energy (11) [EUR].

        Parameters
        ----------
        total_kw : array_like, shape (slots,)
            The cars' total S.

        Returns
        -------
        float

        Raises
        ------
        InvalidInput
            If `total_kw` has another shape.
        """
        return float(total_kw @ self.price(total_kw)) * self.fleet.hours

    @checks_arguments
    def car_costs(
        self, plan_kw: Annotated[FloatArray, Array("self.fleet.size self.fleet.slots")], printed: bool = False
    ) -> CarCosts:
        """Return what each car's plan costs it.

        Parameters
        ----------
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
        >>> fleet = Fleet(2, [0, 0], [2, 2], [0.5, 0.5], [0.5, 0.5], hours=0.25)
        >>> game = FleetGame(fleet, [40.0, 0.0], [0.0, 0.0], 0.002, deviation_weight=0.002)
        >>> plan = [[-5.0, 5.0], [-5.0, 5.0]]
        >>> [float(game.car_costs(plan, printed).deviation_eur[0]) for printed in (False, True)]
        [5.0, 1.8]
        """
        fleet, total = self.fleet, plan_kw.sum(axis=0)
        used = np.abs(total) if printed else total
        unused = np.where(self.request_kw > 0, np.maximum(0.0, np.abs(self.request_kw) - used), 0.0)
        deviation = np.full(fleet.size, self.deviation_weight * float((unused**2).sum()))
        missing = fleet.soc_target - fleet.soc_start - plan_kw.sum(axis=1) * fleet.hours / fleet.capacity_kwh
        if not self.hard_target:
            missing = np.maximum(0.0, missing)
        return CarCosts(plan_kw @ self.price(total) * fleet.hours, deviation, self.soc_weight * missing)

    @cached_property
    def storage(self) -> StorageGame:
        """The same game with levels in kW times slots and costs in EUR; one capacity for all if gamma is not zero."""
        fleet, worth = self.fleet, 0.0
        if self.soc_weight > 0:
            if np.ptp(fleet.capacity_kwh) > 0:
                raise checks.invalid("soc_weight", self.soc_weight, "0 for cars of different capacity")
            worth = self.soc_weight * fleet.hours / float(fleet.capacity_kwh[0])
        slope, unit = self.price_base * fleet.hours, fleet.capacity_kwh / fleet.hours
        return StorageGame(
            slope * (self.baseline_kw - self.request_kw), slope, fleet.arrival, fleet.departure,
            -fleet.power_kw, fleet.power_kw,
            fleet.soc_start * unit, fleet.soc_low * unit, fleet.soc_high * unit, fleet.soc_target * unit,
            self.hard_target, worth, worth if self.hard_target else 0.0,
            np.where(self.request_kw > 0, 2.0 * self.deviation_weight, 0.0), self.request_kw,
        )  # fmt: skip
