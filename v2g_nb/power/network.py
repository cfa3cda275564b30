"""What an AC power flow is computed on: buses, branches, demand and set-points."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from numbers import Complex
from typing import Annotated, Any

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from v2g_nb import checks
from v2g_nb.arguments import Model, Plain
from v2g_nb.checks import Array, Number, Several
from v2g_nb.errors import InvalidInput

ComplexArray = NDArray[np.complex128]
KINDS = ("slack", "pv", "pq")
COUNTED = 2.0**53  # up to which floats are all whole numbers
Numbers = Annotated[Any, Array("buses", index=True, low=-COUNTED, high=COUNTED)]
Ends = Annotated[Any, Array("branches", index=True, low=-COUNTED, high=COUNTED)]
PerBus = Annotated[Any, Array("buses")]
PerBranch = Annotated[Any, Array("branches")]


@dataclass(frozen=True, eq=False)
class PowerNetwork(Model):
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

    bus: Numbers
    kind: Annotated[Any, Several((Plain(checks.choice, (KINDS,)),))]
    demand_mw: PerBus
    demand_mvar: PerBus
    shunt_mw: PerBus
    shunt_mvar: PerBus
    generation_mw: PerBus
    set_point_pu: Annotated[Any, Array("buses", low=0.0, open_low=True)]
    from_bus: Ends
    to_bus: Ends
    resistance_pu: PerBranch
    reactance_pu: PerBranch
    charging_pu: PerBranch
    tap: Annotated[Any, Array("branches", low=0.0, open_low=True)]
    shift_deg: PerBranch
    rating_mva: Annotated[Any, Array("branches", low=0.0, open_low=True, infinite=True)]
    base_mva: Annotated[float, Number(low=0.0, open_low=True)] = 100.0

    def _relations(self) -> None:
        numbers = self.bus.tolist()
        if len(set(numbers)) < len(numbers):
            twice = next(b for b in numbers if numbers.count(b) > 1)
            raise InvalidInput(f"bus = {numbers}: bus {twice} must stand only once")
        if len(self.kind) != len(numbers):
            raise checks.invalid("kind", self.kind, f"{len(numbers)} words, one a bus")
        if self.kind.count("slack") != 1:
            kinds = list(self.kind)
            raise InvalidInput(f"kind = {kinds}: exactly one bus must be 'slack', to hold the angle and the balance")
        for name in ("from_bus", "to_bus"):
            unknown = [b for b in getattr(self, name).tolist() if b not in set(numbers)]
            if unknown:
                raise InvalidInput(f"{name} = {getattr(self, name)}: {float(unknown[0])} is no bus: must stand in bus")
        for start, end, r, x in zip(self.from_bus, self.to_bus, self.resistance_pu, self.reactance_pu, strict=True):
            if start == end:
                raise InvalidInput(f"to_bus = {end}: the branch {start}-{end} must end at another bus than it begins")
            if r == 0.0 and x == 0.0:
                raise InvalidInput(f"reactance_pu = 0.0 of branch {start}-{end}: r + jx must not be zero")
        self._connected()

    def _connected(self) -> None:
        """Raise where a bus has no path to the slack bus."""
        start, end = branch_ends(self)
        links = coo_array((np.ones(len(start)), (start, end)), shape=(len(self.bus), len(self.bus)))
        part = connected_components(links, directed=False)[1]
        lost = self.bus[part != part[self.kind.index("slack")]]
        if len(lost):
            raise InvalidInput(f"bus {lost[0]} is isolated: each bus must have a path of branches to the slack bus")

    @property
    def scheduled_pu(self) -> ComplexArray:
        """Scheduled generation less demand of each bus, P + jQ [pu]."""
        return np.asarray((self.generation_mw - self.demand_mw - 1j * self.demand_mvar) / self.base_mva)

    @property
    def largest_power_pu(self) -> float:
        """The largest scheduled power, demand and generation apart."""
        powers = (self.generation_mw[np.array(self.kind) != "slack"], self.demand_mw, self.demand_mvar)
        return float(np.max(np.abs(np.concatenate(powers)))) / self.base_mva

    def admittance(self) -> ComplexArray:
        """Return the bus admittance matrix.

        Returns
        -------
        numpy.ndarray of complex, shape (n, n)
            Injected currents are this matrix times the voltages [pu].

        Examples
        --------
        >>> line = PowerNetwork(bus=[1, 2], kind=["slack", "pq"], demand_mw=[0, 50], demand_mvar=[0, 20],
        ...     shunt_mw=[0, 0], shunt_mvar=[0, 0], generation_mw=[0, 0], set_point_pu=[1, 1],
        ...     from_bus=[1], to_bus=[2], resistance_pu=[0], reactance_pu=[0.1], charging_pu=[0],
        ...     tap=[1], shift_deg=[0], rating_mva=[100])
        >>> line.admittance().imag
        array([[-10.,  10.],
               [ 10., -10.]])
        """
        matrix = np.diag((self.shunt_mw + 1j * self.shunt_mvar) / self.base_mva)
        start, end = branch_ends(self)
        ff, ft, tf, tt = branch_admittances(self)
        for rows, columns, values in ((start, start, ff), (start, end, ft), (end, start, tf), (end, end, tt)):
            np.add.at(matrix, (rows, columns), values)
        return matrix

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
        checks.instance("added", added, Mapping)
        mw, mvar = self.demand_mw.copy(), self.demand_mvar.copy()
        for bus, value in added.items():
            place = self._place(f"added[{bus}] = {checks.shown(value)}: bus", bus)
            if isinstance(value, (bool, np.bool_)) or not isinstance(value, Complex) or not np.isfinite(complex(value)):
                raise checks.invalid(f"added[{bus}]", value, "a finite number P + jQ")
            mw[place] += complex(value).real
            mvar[place] += complex(value).imag
        return replace(self, demand_mw=mw, demand_mvar=mvar)

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
        checks.instance("ratings", ratings, Mapping)
        rated = self.rating_mva.copy()
        branches = list(zip(self.from_bus.tolist(), self.to_bus.tolist(), strict=True))
        for ends, value in ratings.items():
            if ends not in branches:
                raise checks.invalid("ratings", {ends: value}, f"for one of the branches {branches}")
            rating = checks.real(f"ratings[{ends}]", value, low=0.0, open_low=True, infinite=True)
            rated[branches.index(ends)] = rating
        return replace(self, rating_mva=rated)


def branch_admittances(network: PowerNetwork) -> tuple[ComplexArray, ...]:
    """Return the four entries of each branch's two-port [pu]."""
    series = 1.0 / (network.resistance_pu + 1j * network.reactance_pu)
    own = series + 0.5j * network.charging_pu
    ratio = network.tap * np.exp(1j * np.deg2rad(network.shift_deg))
    return own / network.tap**2, -series / np.conj(ratio), -series / ratio, own


def branch_ends(network: PowerNetwork) -> tuple[NDArray[np.intp], ...]:
    """Return where both ends of each branch stand in the columns of buses."""
    place = {int(b): k for k, b in enumerate(network.bus)}
    return tuple(np.array([place[int(b)] for b in ends]) for ends in (network.from_bus, network.to_bus))
