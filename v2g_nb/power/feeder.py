"""A radial feeder, the tree of its buses and lines, and what is to be dispatched on it."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Annotated, Any

import numpy as np

from v2g_nb import checks
from v2g_nb.arguments import Model
from v2g_nb.checks import Array, IntArray, Number, Several, Text, Whole
from v2g_nb.errors import InvalidInput

AtLeast0 = Annotated[float, Number(low=0.0)]
Positive = Annotated[float, Number(low=0.0, open_low=True)]
Buses = Annotated[Any, Array("lines", low=0.0, index=True, empty=True)]
PerLine = Annotated[Any, Array("lines", low=0.0, empty=True)]
NetLoad = Annotated[Any, Array("feeder.num_buses")]
PerGenerator = Annotated[Any, Array("generators", low=0.0, empty=True)]


@dataclass(frozen=True, eq=False)
class RadialFeeder(Model):
    """Lines that form a tree, or several trees (islands), in per unit.

    Parameters
    ----------
    num_buses : int
        Buses are numbered 0 .. num_buses - 1.
    tails, heads : array_like of int, shape (lines,)
        The buses at both ends of each line, in any direction; inside, lines point away from the
        root of their tree.
    resistance, reactance : array_like, shape (lines,)
        Per unit of ``base_kva``, at least 0.
    rating_kva : array_like, shape (lines,)
        Largest apparent power, above 0; infinite for none.
    root : int
        The bus that the grid feeds. An island without it has its lowest bus as root.
    base_kva : float
        The base of per unit values.
    names : sequence of str, optional
        What the buses are called in messages; their numbers by default.

    Raises
    ------
    InvalidInput
        If an array has the wrong length, or a line closes a loop; the message names its buses.

    Examples
    --------
    >>> feeder = RadialFeeder(3, [0, 2], [1, 1], [0.01, 0.01], [0.02, 0.02], [np.inf, 500.0])
    >>> feeder.parent.tolist(), feeder.roots.tolist()
    ([-1, 0, 1], [0])
    """

    num_buses: Annotated[int, Whole(low=1)]
    tails: Buses
    heads: Buses
    resistance: PerLine
    reactance: PerLine
    rating_kva: Annotated[Any, Array("lines", low=0.0, open_low=True, infinite=True, empty=True)]
    root: Annotated[int, Whole(low=0)] = 0
    base_kva: Positive = 1000.0
    names: Annotated[Sequence[str], Several((Text(),), empty=True)] = ()

    def _relations(self) -> None:
        top = self.num_buses - 1
        for name in ("tails", "heads"):
            checks.array(name, getattr(self, name), high=top, empty=True)
        checks.integer("root", self.root, high=top)
        if not self.names:
            object.__setattr__(self, "names", tuple(map(str, range(self.num_buses))))
        if len(self.names) != self.num_buses:
            raise checks.invalid("names", self.names, f"a list of {self.num_buses} names")
        turned = self.heads.copy()
        below = np.flatnonzero(self.upward >= 0)
        turned[self.upward[below]] = below
        for name, ends in (("tails", self.parent[turned]), ("heads", turned)):
            ends.setflags(write=False)
            object.__setattr__(self, name, ends)

    @cached_property
    def _walk(self) -> tuple[IntArray, ...]:
        """The walk from each root outwards: parents, the line to each parent, all buses in order, the roots."""
        beside: list[list[tuple[int, int]]] = [[] for _ in range(self.num_buses)]
        for line, (a, b) in enumerate(zip(self.tails.tolist(), self.heads.tolist(), strict=True)):
            beside[a].append((b, line))
            beside[b].append((a, line))
        parent, upward = [-1] * self.num_buses, [-1] * self.num_buses
        seen, order, roots = set(), [], []
        for start in (self.root, *range(self.num_buses)):
            if start in seen:
                continue
            roots.append(start)
            seen.add(start)
            queue = [start]
            for bus in queue:
                for other, line in beside[bus]:
                    if line == upward[bus]:
                        continue
                    if other in seen:
                        ends = f"{self.names[self.tails[line]]!r} to {self.names[self.heads[line]]!r}"
                        raise InvalidInput(f"tails, heads: line {line} from bus {ends} closes a loop: must be radial")
                    seen.add(other)
                    parent[other], upward[other] = bus, line
                    queue.append(other)
            order += queue
        found = tuple(np.array(values, dtype=np.int64) for values in (parent, upward, order, roots))
        for values in found:
            values.setflags(write=False)
        return found

    @property
    def num_lines(self) -> int:
        """How many lines there are."""
        return len(self.tails)

    @property
    def parent(self) -> IntArray:
        """The bus before each bus on the way from its root; -1 for roots."""
        return self._walk[0]

    @property
    def upward(self) -> IntArray:
        """The line to each bus's parent; -1 for roots."""
        return self._walk[1]

    @property
    def order(self) -> IntArray:
        """All buses, each after its parent."""
        return self._walk[2]

    @property
    def roots(self) -> IntArray:
        """The root of each tree, the fed one first."""
        return self._walk[3]


@dataclass(frozen=True, eq=False)
class DispatchProblem(Model):
    """Loads, generators and limits of one hour on a feeder.

    Parameters
    ----------
    feeder : RadialFeeder
        Buses and lines.
    load_kw, load_kvar : array_like, shape (buses,)
        Net load of each bus; negative where it feeds in. The source takes nothing back: what is fed in
        must be used in the same tree.
    generator_bus : array_like of int, shape (generators,)
        Where each generator stands.
    cost_per_kwh : array_like, shape (generators,)
        Cost of the first kWh [$/kWh].
    cost_slope : array_like, shape (generators,)
        How much the next kWh costs more, per kW [$/kWh/kW], at least 0.
    capacity_kw, reactive_kvar : array_like, shape (generators,)
        Largest output; reactive power between plus and minus the second. At least 0.
    import_cost_per_kwh : float
        Price at the feeder's source [$/kWh].
    import_kw, import_kvar : float
        Largest import, and reactive import between plus and minus; at least 0.
    shed_cost_per_kwh : float
        What a kWh that is not served costs [$/kWh]; reactive load is always served.
    source_voltage_pu, lowest_pu, highest_pu : float
        Voltage of the source, and the band for all buses.
    facets : int
        Sides of the polygon that stands for each line's circle of apparent power, at least 4.

    Raises
    ------
    InvalidInput
        If a field has the wrong shape or is out of range.

    Examples
    --------
    >>> feeder = RadialFeeder(2, [0], [1], [0.01], [0.01], [np.inf])
    >>> problem = DispatchProblem(feeder, [0, 100], [0, 0], [1], [0.2], [0.0], [50], [0], 0.1)
    >>> problem.facets
    8
    """

    feeder: RadialFeeder
    load_kw: NetLoad
    load_kvar: NetLoad
    generator_bus: Annotated[Any, Array("generators", low=0.0, index=True, empty=True)]
    cost_per_kwh: PerGenerator
    cost_slope: PerGenerator
    capacity_kw: PerGenerator
    reactive_kvar: PerGenerator
    import_cost_per_kwh: AtLeast0
    import_kw: AtLeast0 = 1e5
    import_kvar: AtLeast0 = 1e5
    shed_cost_per_kwh: AtLeast0 = 38.53
    source_voltage_pu: Positive = 1.0
    lowest_pu: Positive = 0.9
    highest_pu: Positive = 1.1
    facets: Annotated[int, Whole(low=4)] = 8

    def _relations(self) -> None:
        checks.array("generator_bus", self.generator_bus, high=self.feeder.num_buses - 1, empty=True)
        if self.lowest_pu > self.highest_pu:
            raise InvalidInput(f"lowest_pu = {self.lowest_pu!r}: must be at most highest_pu = {self.highest_pu!r}")
