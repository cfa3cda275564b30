"""A radial feeder: buses, the lines between them, and the tree that they form."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from v2g_nb import checks
from v2g_nb.errors import InvalidInput

IntArray = NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class RadialFeeder:
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

    num_buses: int
    tails: Any
    heads: Any
    resistance: Any
    reactance: Any
    rating_kva: Any
    root: int = 0
    base_kva: float = 1000.0
    names: Sequence[str] | None = None

    def __post_init__(self) -> None:
        """Check and convert the fields once."""
        buses = checks.integer("num_buses", self.num_buses, low=1)
        checks.integer("root", self.root, low=0, high=buses - 1)
        checks.real("base_kva", self.base_kva, low=0.0, open_low=True)
        top = buses - 1.0
        tails = checks.array("tails", self.tails, shape=(None,), low=0.0, high=top, whole=True, empty=True)
        lines = (len(tails),)
        heads = checks.array("heads", self.heads, shape=lines, low=0.0, high=top, whole=True, empty=True)
        fields: dict[str, Any] = {"tails": tails.astype(np.int64), "heads": heads.astype(np.int64)}
        for name in ("resistance", "reactance"):
            fields[name] = checks.array(name, getattr(self, name), shape=lines, low=0.0, empty=True)
        rating = self.rating_kva
        fields["rating_kva"] = checks.array(
            "rating_kva", rating, shape=lines, low=0.0, open_low=True, infinite=True, empty=True
        )
        names = self.names
        if names is not None and (isinstance(names, str) or not isinstance(names, Sequence) or len(names) != buses):
            raise checks.invalid("names", names, f"a list of {buses} names")
        for word in names or ():
            checks.text("names", word)
        fields["names"] = tuple(map(str, range(buses))) if names is None else tuple(names)
        for name, value in fields.items():
            object.__setattr__(self, name, value)
        self._grow()

    def _grow(self) -> None:
        """Walk from each root outwards: parents, the line to each parent, and the order of the walk."""
        beside: list[list[tuple[int, int]]] = [[] for _ in range(self.num_buses)]
        for line, (a, b) in enumerate(zip(self.tails.tolist(), self.heads.tolist(), strict=True)):
            beside[a].append((b, line))
            beside[b].append((a, line))
        parent = np.full(self.num_buses, -1, dtype=np.int64)
        upward = np.full(self.num_buses, -1, dtype=np.int64)
        seen = np.zeros(self.num_buses, dtype=bool)
        order: list[int] = []
        roots: list[int] = []
        for start in (self.root, *range(self.num_buses)):
            if seen[start]:
                continue
            roots.append(start)
            seen[start] = True
            queue = [start]
            for bus in queue:
                order.append(bus)
                for other, line in beside[bus]:
                    if line == upward[bus]:
                        continue
                    if seen[other]:
                        assert self.names is not None
                        ends = f"{self.names[self.tails[line]]!r} to {self.names[self.heads[line]]!r}"
                        raise InvalidInput(f"tails, heads: line {line} from bus {ends} closes a loop: must be radial")
                    seen[other], parent[other], upward[other] = True, bus, line
                    queue.append(other)
        turned = self.heads[np.arange(len(self.heads))].copy()
        lines = upward[upward >= 0]
        children = np.flatnonzero(upward >= 0)
        turned[lines] = children
        object.__setattr__(self, "tails", parent[turned])
        object.__setattr__(self, "heads", turned)
        for name, value in (("parent", parent), ("upward", upward), ("order", order), ("roots", roots)):
            object.__setattr__(self, f"_{name}", np.asarray(value, dtype=np.int64))

    @property
    def num_lines(self) -> int:
        """How many lines there are."""
        return len(self.tails)

    @property
    def parent(self) -> IntArray:
        """The bus before each bus on the way from its root; -1 for roots."""
        return self._parent.copy()  # type: ignore[attr-defined,no-any-return]

    @property
    def upward(self) -> IntArray:
        """The line to each bus's parent; -1 for roots."""
        return self._upward.copy()  # type: ignore[attr-defined,no-any-return]

    @property
    def order(self) -> IntArray:
        """All buses, each after its parent."""
        return self._order.copy()  # type: ignore[attr-defined,no-any-return]

    @property
    def roots(self) -> IntArray:
        """The root of each tree, the fed one first."""
        return self._roots.copy()  # type: ignore[attr-defined,no-any-return]
