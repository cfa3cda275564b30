"""Trips of electric vehicles: a battery, stops on the way, and the pattern that they form.

Nodes are numbered as on the map, from 1.
"""

from dataclasses import dataclass
from typing import Annotated, Literal

from v2g_nb.arguments import Model, kind_of
from v2g_nb.checks import Number, Several, Whole, invalid

CHARGE, DISCHARGE = "+", "-"
PATTERNS = {"": "0", "+": "1-1", "++": "1-2", "-": "2", "+-": "3", "-+": "4"}
Node = Annotated[int, Whole(low=1)]
NonNegative = Annotated[float, Number(low=0.0)]
Positive = Annotated[float, Number(low=0.0, open_low=True)]
Part = Annotated[float, Number(low=0.0, high=1.0)]


@dataclass(frozen=True)
class Battery(Model):
    """The battery and its driver's rules (assumptions A2 to A4).

    Parameters
    ----------
    capacity_kwh : float
        E_max, also what every trip starts with; above 0.
    use_kwh_per_km : float
        Consumption e, at least 0.
    floor : float
        phi: a discharge goes down to this part of the capacity, or to what the way to the next stop
        or the destination needs, whichever is more.
    reserve : float
        alpha: part of the capacity that must be left at the destination.
    reserve_before_charging : float
        alpha_c: part that must be left on arrival at a charging stop.
    reserve_after_discharging : float
        alpha_d: part that must be left at the destination when the last stop was a discharge.
    least_discharge_kwh : float
        Q_min: who discharges, discharges at least this much.

    Raises
    ------
    InvalidInput
        If a value is out of its range.

    Examples
    --------
    >>> Battery().floor_kwh
    24.0

    References
    ----------
    Equation (2) and assumptions A2 to A4 of the city paper; the numbers are calibrated.
    """

    capacity_kwh: Positive = 60.0
    use_kwh_per_km: NonNegative = 2.2
    floor: Part = 0.4
    reserve: Part = 0.2
    reserve_before_charging: Part = 0.0
    reserve_after_discharging: Part = 0.0
    least_discharge_kwh: NonNegative = 1.0

    @property
    def floor_kwh(self) -> float:
        """The energy to which a discharge goes down at most [kWh]."""
        return self.floor * self.capacity_kwh


@dataclass(frozen=True)
class Stop(Model):
    """A stop on the way.

    Parameters
    ----------
    node : int
        Where, as on the map.
    kind : {"+", "-"}
        Charge or discharge.
    energy_kwh : float
        How much, at least 0.

    Raises
    ------
    InvalidInput
        If a field is out of range.

    Examples
    --------
    >>> Stop(12, "-", 7.2)
    Stop(node=12, kind='-', energy_kwh=7.2)
    """

    node: Node
    kind: Literal["+", "-"]
    energy_kwh: NonNegative


@dataclass(frozen=True)
class Trip(Model):
    """A path of the expanded network: the nodes passed, and the stops made.

    Parameters
    ----------
    nodes : tuple of int
        As on the map, at least two.
    stops : tuple of Stop
        In the order of travel: of a pattern of Table I, so at most two, and at most one discharge.
    length_km : float
        Length of the way, at least 0.

    Raises
    ------
    InvalidInput
        If a field is not of its kind, a stop is not on the way, or Table I has no such pattern of stops.

    Examples
    --------
    >>> Trip((1, 3, 12), (Stop(3, "+", 8.8),), 8.0).pattern
    '1-1'
    """

    nodes: tuple[Node, ...]
    stops: Annotated[tuple[Stop, ...], Several((kind_of(Stop),), empty=True)]
    length_km: NonNegative

    def _relations(self) -> None:
        if len(self.nodes) < 2:
            raise invalid("nodes", self.nodes, "at least two nodes")
        places = iter(self.nodes[1:-1])
        if not all(stop.node in places for stop in self.stops):
            raise invalid("stops", self.stops, "at nodes between the ends, in the order of travel")
        if self._kinds not in PATTERNS:
            raise invalid("stops", self._kinds, "of a pattern of Table I: no stop, '+', '++', '-', '+-' or '-+'")

    @property
    def _kinds(self) -> str:
        return "".join(stop.kind for stop in self.stops)

    @property
    def pattern(self) -> str:
        """The pattern's name in Table I: 0, 1-1, 1-2, 2, 3 or 4."""
        return PATTERNS[self._kinds]

    @property
    def charged_kwh(self) -> float:
        """Energy charged on the way."""
        return sum(stop.energy_kwh for stop in self.stops if stop.kind == CHARGE)

    @property
    def discharged_kwh(self) -> float:
        """Energy discharged on the way."""
        return sum(stop.energy_kwh for stop in self.stops if stop.kind == DISCHARGE)
