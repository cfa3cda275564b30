"""The IEEE 123-bus feeder as one phase: lines, loads, places."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Annotated, Any

import numpy as np

from v2g_nb import checks
from v2g_nb.arguments import Model
from v2g_nb.checks import Array, FloatArray, IntArray, Several, Text
from v2g_nb.data.city import load_table
from v2g_nb.power.feeder import RadialFeeder

BASE_KVA = 1000.0
BASE_OHM = 4.16**2 / (BASE_KVA / 1000.0)  # of 4.16 kV between phases
CLOSED_PU = 1e-5  # a switch, or a regulator at its neutral tap
TRANSFORMER_KVA, TRANSFORMER_PU = 150.0, (0.0127, 0.0272)  # 61s-610, on its own rating
RATING_KVA = {3: 3800.0, 2: 2500.0, 1: 550.0}
CABLE_CODE, CABLE_KVA, SWITCH_KVA, SMALL_REGULATOR_KVA = "12", 1350.0, 5000.0, 2500.0
SOURCE = "150"
PerBus = Annotated[FloatArray, Array("radial.num_buses")]
Phases = Annotated[FloatArray, Array("* *")]
Outages = Annotated[Sequence[tuple[str, str]], Several((Several((Text(), Text()), many=False),), empty=True)]


@dataclass(frozen=True, eq=False)
class Feeder(Model):
    """A radial feeder with its loads, and what only a map knows.

    Parameters
    ----------
    radial : RadialFeeder
        Buses and lines.
    load_kw, load_kvar : array_like, shape (buses,)
        What consumers take.
    capacitor_kvar : array_like, shape (buses,)
        What capacitors feed in, at least 0.
    phases : array_like of int, shape (lines,)
        How many phases each line has in reality, 1 to 3.
    x, y : array_like, shape (buses,)
        Where to draw each bus [ft].

    Raises
    ------
    InvalidInput
        If an array has the wrong length or a value out of range.

    Examples
    --------
    >>> ieee123().bus("150")
    0
    """

    radial: RadialFeeder
    load_kw: PerBus
    load_kvar: PerBus
    capacitor_kvar: Annotated[FloatArray, Array("radial.num_buses", low=0.0)]
    phases: Annotated[IntArray, Array("radial.num_lines", low=1.0, high=3.0, index=True)]
    x: PerBus
    y: PerBus

    def bus(self, name: str) -> int:
        """Return the number of a bus.

        Parameters
        ----------
        name : str
            What the bus is called, such as ``"61s"``.

        Returns
        -------
        int

        Raises
        ------
        InvalidInput
            If there is no such bus.

        Examples
        --------
        >>> feeder = ieee123()
        >>> feeder.radial.names[feeder.bus("61s")]
        '61s'
        """
        names = self.radial.names or ()
        return list(names).index(checks.choice("name", name, names))


def phase_equivalent(resistance_ohm: Phases, reactance_ohm: Phases) -> tuple[float, float]:
    """Return the impedance of one phase that stands for a line of one, two or three.

    With three phases equally loaded, what one phase sees is its own impedance minus the mutual one
    (the positive sequence). A lateral of k phases carries all its power on k of them, so on the
    per-unit base of three phases its impedance counts 3/k times.

    Parameters
    ----------
    resistance_ohm, reactance_ohm : array_like, shape (k, k)
        Self and mutual impedances of the k phases [ohm].

    Returns
    -------
    tuple of float
        Resistance and reactance [ohm], on the base of three phases.

    Raises
    ------
    InvalidInput
        If the matrices are not square and of 1 to 3 phases.

    Examples
    --------
    >>> phase_equivalent([[0.25]], [[0.26]])
    (0.75, 0.78)
    """
    k = len(resistance_ohm)
    for name, matrix in (("resistance_ohm", resistance_ohm), ("reactance_ohm", reactance_ohm)):
        if matrix.shape != (k, k) or k > 3:
            raise checks.invalid(name, matrix, "a square matrix of 1 to 3 phases, both of the same")
    apart = ~np.eye(k, dtype=bool)

    def seen(matrix: FloatArray) -> float:
        mutual = float(matrix[apart].mean()) if k > 1 else 0.0
        return 3.0 / k * (float(np.diag(matrix).mean()) - mutual)

    return seen(resistance_ohm), seen(reactance_ohm)


def _codes() -> dict[str, tuple[float, float]]:
    """Return the one-phase equivalent of each line code [ohm per 1000 ft]."""
    table = load_table("ieee123_line_codes")
    found = {}
    for k, code in enumerate(table["line_code"].tolist()):
        matrices = []
        for kind in "rx":
            ends = [(max(i, j), min(i, j)) for i in (1, 2, 3) for j in (1, 2, 3)]
            matrix = np.array([table[f"{kind}{i}{j}_ohm_per_kft"][k] for i, j in ends]).reshape(3, 3)
            size = int(np.sum(~np.isnan(np.diag(matrix))))
            matrices.append(matrix[:size, :size])
        found[code] = phase_equivalent(*matrices)
    return found


def _line(row: dict[str, Any], codes: dict[str, tuple[float, float]]) -> tuple[float, float, float]:
    """Return resistance and reactance [pu] and rating [kVA] of one branch."""
    kind = row["kind"]
    if kind == "transformer":
        r, x = (value * BASE_KVA / TRANSFORMER_KVA for value in TRANSFORMER_PU)
        return r, x, TRANSFORMER_KVA
    if kind in ("switch", "regulator"):
        small = kind == "regulator" and row["from_bus"] in ("9", "25")
        return CLOSED_PU, CLOSED_PU, SMALL_REGULATOR_KVA if small else SWITCH_KVA
    r, x = codes[row["line_code"]]
    rating = CABLE_KVA if row["line_code"] == CABLE_CODE else RATING_KVA[len(row["phases"])]
    kft = float(row["length_kft"])
    return r * kft / BASE_OHM, x * kft / BASE_OHM, rating


def ieee123(*, ties_closed: bool = False, outages: Outages = ()) -> Feeder:
    """Return the IEEE 123-bus feeder as a single-phase equivalent.

    Regulators stand at their neutral tap, and the two tie switches 151-300 and 54-94 are open, as
    they normally are.

    Parameters
    ----------
    ties_closed : bool
        Whether to close the ties, as the OpenDSS copy of the data does; they close loops, which is refused
        unless outages open them.
    outages : sequence of (str, str)
        Lines out of service, by the names of their buses.

    Returns
    -------
    Feeder
        130 buses; bus 150 is the source.

    Raises
    ------
    InvalidInput
        If an outage names no line, or the lines in service form a loop.

    Examples
    --------
    >>> feeder = ieee123()
    >>> feeder.radial.num_buses, feeder.radial.num_lines, float(feeder.load_kw.sum())
    (130, 129, 3490.0)

    References
    ----------
    Figure 3 of the city paper.
    """
    return _ieee123(ties_closed, tuple(outages))


@lru_cache(maxsize=8)
def _ieee123(ties_closed: bool, outages: tuple[tuple[str, str], ...]) -> Feeder:
    table = load_table("ieee123_branches")
    ends = list(zip(table["from_bus"].tolist(), table["to_bus"].tolist(), strict=True))
    out = set()
    for pair in outages:
        both = {pair, pair[::-1]} & set(ends)
        if not both:
            raise checks.invalid("outages", pair, "the two ends of a line")
        out |= both
    used = [k for k in range(len(ends)) if (ties_closed or table["closed"][k] == "yes") and ends[k] not in out]
    names = list(dict.fromkeys([SOURCE, *(bus for pair in ends for bus in pair)]))
    number = {name: k for k, name in enumerate(names)}
    codes = _codes()
    values = [_line({key: column[k] for key, column in table.items()}, codes) for k in used]
    r, x, rating = (np.array(column) for column in zip(*values, strict=True))
    tails, heads = zip(*[(number[a], number[b]) for a, b in (ends[k] for k in used)], strict=True)
    radial = RadialFeeder(len(names), tails, heads, r, x, rating, base_kva=BASE_KVA, names=names)
    loads, banks, places = (load_table(f"ieee123_{name}") for name in ("loads", "capacitors", "places"))
    at = {bus: k for k, bus in enumerate(places["bus"].tolist())}
    where = np.array([[places[c][at[name]] if name in at else np.nan for name in names] for c in ("x_ft", "y_ft")])
    _fill(where, radial.parent)

    def per_bus(rows: dict[str, Any], column: str) -> FloatArray:
        return np.bincount([number[bus] for bus in rows["bus"].tolist()], rows[column], len(names)).astype(np.float64)

    return Feeder(
        radial,
        per_bus(loads, "load_kw"),
        per_bus(loads, "load_kvar"),
        per_bus(banks, "capacitor_kvar"),
        np.array([len(table["phases"][k]) for k in used]),
        *where,
    )


def _fill(where: FloatArray, parent: IntArray) -> None:
    """Give buses that the map does not show the place of a neighbour."""
    while True:
        missing = np.flatnonzero(np.isnan(where[0])).tolist()
        for bus in missing:
            near = [parent[bus], *np.flatnonzero(parent == bus).tolist()]
            known = [k for k in near if k >= 0 and not np.isnan(where[0, k])]
            if known:
                where[:, bus] = where[:, known[0]]
        if len(missing) == np.isnan(where[0]).sum():  # all are placed, or the rest stand alone
            return
