"""What an AC power flow is computed on: buses, branches, demand and set-points."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from numbers import Complex
from typing import Any

import numpy as np
from numpy.typing import NDArray

from v2g_nb import checks
from v2g_nb.errors import InvalidInput

FloatArray = NDArray[np.float64]
KINDS = ("slack", "pv", "pq")


@dataclass(frozen=True, eq=False)
class PowerNetwork:
    """Buses and branches in the columns of a MATPOWER case, in megawatts and per unit.

    Parameters
    ----------
    bus : array_like of int, shape (n,)
        Number of each bus; each stands once.
    kind : sequence of str, length n
        ``"slack"`` (exactly one: holds magnitude and angle), ``"pv"`` (holds its magnitude and
        generates a given active power) or ``"pq"`` (neither).
    demand_mw, demand_mvar : array_like, shape (n,)
        Constant-power demand [MW, Mvar]; demand that lags has positive Mvar.
    shunt_mw, shunt_mvar : array_like, shape (n,)
        Shunt at 1 pu: active power drawn [MW], reactive power fed in [Mvar].
    generation_mw : array_like, shape (n,)
        Scheduled generation [MW]; that of the slack bus is not read.
    set_point_pu : array_like, shape (n,)
        Voltage that slack and pv buses hold [pu]; not read elsewhere.
    from_bus, to_bus : array_like of int, shape (m,)
        Ends of each branch, by bus number.
    resistance_pu, reactance_pu, charging_pu : array_like, shape (m,)
        Series impedance and total line charging of the pi model [pu].
    tap, shift_deg : array_like, shape (m,)
        Ratio and phase shift of the ideal transformer at the `from` end; 1 and 0 for a line.
    rating_mva : array_like, shape (m,)
        Thermal rating at 1 pu voltage [MVA]; infinite where there is none.
    base_mva : float
        Base power of the per-unit values [MVA].

    Raises
    ------
    InvalidInput
        If lengths differ, a bus stands twice, there is not exactly one slack bus, a branch has no
        impedance or ends at an unknown bus, or a bus has no path to the slack bus.

    Examples
    --------
    >>> two = PowerNetwork(bus=[1, 2], kind=["slack", "pq"], demand_mw=[0, 50], demand_mvar=[0, 20],
    ...     shunt_mw=[0, 0], shunt_mvar=[0, 0], generation_mw=[0, 0], set_point_pu=[1, 1],
    ...     from_bus=[1], to_bus=[2], resistance_pu=[0.01], reactance_pu=[0.1], charging_pu=[0],
    ...     tap=[1], shift_deg=[0], rating_mva=[100], base_mva=100)
    >>> two.place(2)
    1

    References
    ----------
    Zimmerman, Murillo-Sanchez and Thomas, MATPOWER: Steady-State Operations, Planning, and Analysis
    Tools for Power Systems Research and Education, 2011, section III.
    """

    bus: Any
    kind: Any
    demand_mw: Any
    demand_mvar: Any
    shunt_mw: Any
    shunt_mvar: Any
    generation_mw: Any
    set_point_pu: Any
    from_bus: Any
    to_bus: Any
    resistance_pu: Any
    reactance_pu: Any
    charging_pu: Any
    tap: Any
    shift_deg: Any
    rating_mva: Any
    base_mva: float = 100.0

    def __post_init__(self) -> None:
        """Check every column, then what they say together."""
        numbers = checks.array("bus", self.bus, shape=(None,), low=-(2.0**53), high=2.0**53, whole=True)
        _set(self, "bus", numbers.astype(int))
        n = len(self.bus)
        if len(set(self.bus.tolist())) < n:
            twice = next(b for b in self.bus.tolist() if np.count_nonzero(self.bus == b) > 1)
            raise InvalidInput(f"bus = {self.bus.tolist()}: bus {twice} must stand only once")
        for name in ("demand_mw", "demand_mvar", "shunt_mw", "shunt_mvar", "generation_mw"):
            _set(self, name, checks.array(name, getattr(self, name), shape=(n,)))
        point = checks.array("set_point_pu", self.set_point_pu, shape=(n,), low=0.0, open_low=True)
        _set(self, "set_point_pu", point)
        self._check_kinds(n)
        _set(self, "base_mva", checks.real("base_mva", self.base_mva, low=0.0, open_low=True))
        for name in ("from_bus", "to_bus"):
            ends = checks.array(name, getattr(self, name), shape=(None,), whole=True).astype(int)
            unknown = [b for b in ends.tolist() if b not in set(self.bus.tolist())]
            if unknown:
                raise InvalidInput(f"{name} = {getattr(self, name)}: {float(unknown[0])} is no bus: must stand in bus")
            _set(self, name, ends)
        self._check_branches(len(self.from_bus))
        self._check_connected()

    def _check_kinds(self, n: int) -> None:
        kind = self.kind
        if isinstance(kind, str) or not hasattr(kind, "__len__") or len(kind) != n:
            raise checks.invalid("kind", kind, f"{n} words, one a bus")
        for word in kind:
            checks.choice("kind", word, KINDS)
        _set(self, "kind", tuple(str(word) for word in kind))
        if self.kind.count("slack") != 1:
            raise InvalidInput(f"kind = {kind!r}: exactly one bus must be 'slack', to hold the angle and the balance")

    def _check_branches(self, m: int) -> None:
        if len(self.to_bus) != m:
            raise InvalidInput(f"to_bus has shape {self.to_bus.shape}: must have shape ({m},), as from_bus")
        for name in ("resistance_pu", "reactance_pu", "charging_pu", "shift_deg"):
            _set(self, name, checks.array(name, getattr(self, name), shape=(m,)))
        _set(self, "tap", checks.array("tap", self.tap, shape=(m,), low=0.0, open_low=True))
        rating = checks.array("rating_mva", self.rating_mva, shape=(m,), low=0.0, open_low=True, infinite=True)
        _set(self, "rating_mva", rating)
        for start, end, r, x in zip(self.from_bus, self.to_bus, self.resistance_pu, self.reactance_pu, strict=True):
            if start == end:
                raise InvalidInput(f"to_bus = {end}: the branch {start}-{end} must end at another bus than it begins")
            if r == 0.0 and x == 0.0:
                raise InvalidInput(f"reactance_pu = 0.0 of branch {start}-{end}: r + jx must not be zero")

    def _check_connected(self) -> None:
        reached = {int(self.bus[self.kind.index("slack")])}
        ends = list(zip(self.from_bus.tolist(), self.to_bus.tolist(), strict=True))
        grown = True
        while grown:
            beyond = {b for pair in ends if reached & set(pair) for b in pair} - reached
            reached |= beyond
            grown = bool(beyond)
        for b in self.bus.tolist():
            if b not in reached:
                raise InvalidInput(f"bus {b} is isolated: each bus must have a path of branches to the slack bus")

    def place(self, bus: int) -> int:
        """Return the position of a bus in the columns.

        Parameters
        ----------
        bus : int
            Its number.

        Returns
        -------
        int

        Raises
        ------
        InvalidInput
            If there is no such bus.
        """
        return self._place("bus", bus)

    def _place(self, name: str, bus: int) -> int:
        checks.integer(name, bus)
        where = np.flatnonzero(self.bus == bus)
        if not len(where):
            raise InvalidInput(f"{name} = {bus}: must be one of {self.bus.tolist()}")
        return int(where[0])

    def with_demand(self, added: Mapping[int, complex]) -> "PowerNetwork":
        """Return the network with demand added at some buses.

        Parameters
        ----------
        added : dict of int to complex
            Bus number to added demand P + jQ [MW, Mvar].

        Returns
        -------
        PowerNetwork

        Raises
        ------
        InvalidInput
            If a bus does not exist or a demand is not finite.
        """
        if not isinstance(added, Mapping):
            raise checks.invalid("added", added, "a dict of bus number to demand")
        mw, mvar = self.demand_mw.copy(), self.demand_mvar.copy()
        for bus, value in added.items():
            place = self._place(f"added[{bus}] = {checks.shown(value)}: bus", bus)
            if isinstance(value, (bool, np.bool_)) or not isinstance(value, Complex) or not np.isfinite(complex(value)):
                raise checks.invalid(f"added[{bus}]", value, "a finite number P + jQ")
            mw[place] += complex(value).real
            mvar[place] += complex(value).imag
        return replace(self, demand_mw=mw, demand_mvar=mvar)

    def with_set_points(self, points: Mapping[int, float]) -> "PowerNetwork":
        """Return the network with other voltage set-points at some generators.

        Parameters
        ----------
        points : dict of int to float
            Bus number to voltage [pu]; the bus must be slack or pv.

        Returns
        -------
        PowerNetwork

        Raises
        ------
        InvalidInput
            If a bus holds no voltage, or a set-point is not positive.
        """
        if not isinstance(points, Mapping):
            raise checks.invalid("points", points, "a dict of bus number to voltage")
        held = self.set_point_pu.copy()
        for bus, value in points.items():
            place = self._place(f"points[{bus}] = {checks.shown(value)}: bus", bus)
            if self.kind[place] == "pq":
                raise InvalidInput(f"points = {points}: bus {bus} is 'pq': must be one that holds its voltage")
            held[place] = checks.real(f"points[{bus}]", value, low=0.0, open_low=True)
        return replace(self, set_point_pu=held)

    def with_ratings(self, ratings: Mapping[tuple[int, int], float]) -> "PowerNetwork":
        """Return the network with other ratings of some branches.

        Parameters
        ----------
        ratings : dict of (int, int) to float
            Both ends of a branch, in the order of the columns, to its rating [MVA], infinite for none. Of
            parallel branches the first is meant.

        Returns
        -------
        PowerNetwork

        Raises
        ------
        InvalidInput
            If there is no such branch, or a rating is not positive.
        """
        if not isinstance(ratings, Mapping):
            raise checks.invalid("ratings", ratings, "a dict of branch ends to rating")
        rated = self.rating_mva.copy()
        branches = list(zip(self.from_bus.tolist(), self.to_bus.tolist(), strict=True))
        for ends, value in ratings.items():
            if ends not in branches:
                raise checks.invalid("ratings", {ends: value}, f"for one of the branches {branches}")
            rating = checks.real(f"ratings[{ends}]", value, low=0.0, open_low=True, infinite=True)
            rated[branches.index(ends)] = rating
        return replace(self, rating_mva=rated)


def _set(network: PowerNetwork, name: str, value: Any) -> None:
    if isinstance(value, np.ndarray):
        value.setflags(write=False)  # a frozen class whose arrays could change would not be frozen
    object.__setattr__(network, name, value)
