"""Trips of electric vehicles: a battery, stops on the way, and the pattern that they form.

Nodes are numbered as on the map, from 1.
"""

from dataclasses import dataclass

from v2g_nb import checks

CHARGE, DISCHARGE = "+", "-"
PATTERNS = {"": "0", "+": "1-1", "++": "1-2", "-": "2", "+-": "3", "-+": "4"}


@dataclass(frozen=True)
class Battery:
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

    capacity_kwh: float = 60.0
    use_kwh_per_km: float = 2.2
    floor: float = 0.4
    reserve: float = 0.2
    reserve_before_charging: float = 0.0
    reserve_after_discharging: float = 0.0
    least_discharge_kwh: float = 1.0

    def __post_init__(self) -> None:
        """Check the fields once."""
        checks.real("capacity_kwh", self.capacity_kwh, low=0.0, open_low=True)
        checks.real("use_kwh_per_km", self.use_kwh_per_km, low=0.0)
        for name in ("floor", "reserve", "reserve_before_charging", "reserve_after_discharging"):
            checks.real(name, getattr(self, name), low=0.0, high=1.0)
        checks.real("least_discharge_kwh", self.least_discharge_kwh, low=0.0)

    @property
    def floor_kwh(self) -> float:
        """The energy to which a discharge goes down at most [kWh]."""
        return self.floor * self.capacity_kwh


@dataclass(frozen=True)
class Stop:
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

    node: int
    kind: str
    energy_kwh: float

    def __post_init__(self) -> None:
        """Check the fields once."""
        checks.integer("node", self.node, low=1)
        checks.choice("kind", self.kind, (CHARGE, DISCHARGE))
        checks.real("energy_kwh", self.energy_kwh, low=0.0)


@dataclass(frozen=True)
class Trip:
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

    nodes: tuple[int, ...]
    stops: tuple[Stop, ...]
    length_km: float

    def __post_init__(self) -> None:
        """Check the fields once."""
        if not isinstance(self.nodes, tuple) or len(self.nodes) < 2:
            raise checks.invalid("nodes", self.nodes, "a tuple of at least two nodes")
        for node in self.nodes:
            checks.integer("nodes", node, low=1)
        if not isinstance(self.stops, tuple) or any(not isinstance(stop, Stop) for stop in self.stops):
            raise checks.invalid("stops", self.stops, "a tuple of Stop")
        places = iter(self.nodes[1:-1])
        if not all(stop.node in places for stop in self.stops):
            raise checks.invalid("stops", self.stops, "at nodes between the ends, in the order of travel")
        if self._kinds not in PATTERNS:
            right = "of a pattern of Table I: no stop, '+', '++', '-', '+-' or '-+'"
            raise checks.invalid("stops", self._kinds, right)
        checks.real("length_km", self.length_km, low=0.0)

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
