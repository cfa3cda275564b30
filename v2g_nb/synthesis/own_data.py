"""A reader's own CSV files: sessions beside a tariff by the hour, and a feeder with its loads.

Errors name file, row, column and what would be right.
"""

import csv
import io
import math
import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from os import PathLike
from pathlib import Path
from typing import Annotated, Any, NamedTuple

import numpy as np

from v2g_nb import checks
from v2g_nb.arguments import Model, Record
from v2g_nb.checks import FloatArray, Number
from v2g_nb.errors import InvalidInput
from v2g_nb.power.feeder import RadialFeeder

SESSION = ("id", "arrival", "departure", "energy_kwh", "power_kw")
PRICE = ("start", "end", "price_eur_per_kwh")
MONEY = ("energy_kwh", "flat_eur", "tariff_on_arrival_eur", "tariff_shifted_eur", "gain_eur")
COLUMNS = ("row", "id", "status", *MONEY, "note")
EVEN_EUR = 0.005  # less than half a cent is neither gain nor loss
MOST_EUR_PER_KWH = 5.0  # a higher price is one in cents, or for a MWh
MOST_KW = 2000.0  # no charger for a car has more: a higher power is one in W
FlatPrice = Annotated[float, Number(low=0.0, high=MOST_EUR_PER_KWH)]
TIME = "must be a time such as 2024-03-01 08:00 or 2024-03-01T08:00+01:00"
LINE = ("from_bus", "to_bus", "r_ohm", "x_ohm", "rating_kva")
LOAD = ("bus", "load_kw", "load_kvar")


class Row(NamedTuple):
    """A row: its file, its number there (the header is row 1), its cells by column, what is wrong with all of it."""

    file: str
    place: int
    cells: dict[str, str]
    ragged: str = ""

    def fault(self, column: str, right: str) -> InvalidInput:
        """Return the error that says what is wrong with one cell."""
        return InvalidInput(f"{self.file}, row {self.place}, column {column}: {self.cells[column]!r} {right}")

    def number(self, column: str, low: float = -math.inf, open_low: bool = False, most: float = math.inf) -> float:
        """Return a cell as a number, or raise; beyond `most` it is taken for a number in another unit."""
        bound = "" if low == -math.inf else f" {'above' if open_low else 'of at least'} {low:g}"
        right = f"must be a number{bound}, with a point, such as 12.5"
        try:
            value = float(self.cells[column])
        except ValueError:
            raise self.fault(column, right) from None
        if not math.isfinite(value) or value < low or (open_low and value == low):
            raise self.fault(column, right)
        if value > most:
            raise self.fault(column, f"must be at most {most:g}; the column's name says in which unit")
        return value

    def time(self, column: str) -> datetime:
        """Return a cell as a time, or raise; a day alone would silently become midnight."""
        try:
            value = datetime.fromisoformat(self.cells[column])
        except ValueError:
            raise self.fault(column, TIME) from None
        if ":" not in self.cells[column]:
            raise self.fault(column, TIME)
        return value


def read_table(name: str, path: Any, columns: Sequence[str], *, keep_ragged: bool = False) -> list[Row]:
    r"""Return all rows that are not blank of a CSV file with a header, cells as text without surrounding space.

    The file is UTF-8 with commas and must have the `columns`; others are ignored. A row with too few or too
    many cells raises, or is returned with what is wrong (`keep_ragged`). `name` is what the path is called.
    """
    if not isinstance(path, (str, PathLike)) or not str(path).strip():
        raise checks.invalid(name, path, "the path of a file")
    place = Path(path)
    try:
        if not place.is_file():
            raise InvalidInput(f"{name} = {str(path)!r}: must be a file that exists")
        text = place.read_text(encoding="utf-8-sig")
    except OSError as error:
        raise InvalidInput(f"{name} = {checks.shown(str(path))}: cannot be read, {error.strerror}") from None
    except UnicodeDecodeError:
        raise InvalidInput(
            f"{place.name}: must be a text file in UTF-8; a spreadsheet calls it 'CSV UTF-8' when it saves"
        ) from None
    reader = csv.reader(io.StringIO(text, newline=""))
    try:
        lines = [(reader.line_num, [cell.strip() for cell in cells]) for cells in reader]
    except csv.Error as error:
        raise InvalidInput(f"{place.name}, row {reader.line_num}: must be rows of cells, but {error}") from None
    header = lines[0][1] if lines else []
    for column in columns:
        if header.count(column) != 1:
            found = ", ".join(header) or "nothing"
            fault = "is missing" if column not in header else "stands there twice"
            raise InvalidInput(
                f"{place.name}, row 1, column {column}: {fault}; the header must have {', '.join(columns)}, "
                f"separated by commas, and has: {found}"
            )
    rows = [_row(place.name, header, number, cells) for number, cells in lines[1:] if any(cells)]
    faults = [row.ragged for row in rows if row.ragged]
    if faults and not keep_ragged:
        raise InvalidInput(faults[0])
    if not rows:
        raise InvalidInput(f"{place.name}: must have at least one row below the header")
    return rows


def _row(name: str, header: list[str], number: int, cells: list[str]) -> Row:
    """Return a row; one with too few or too many cells says so."""
    fault = ""
    if len(cells) != len(header):
        fault = f"{name}, row {number}: has {len(cells)} cells, must have {len(header)} as the header"
    if len(cells) > len(header):
        fault += "; numbers are written with a point, and text with a comma in quotes"
    return Row(name, number, dict(zip(header, cells + [""] * len(header), strict=False)), fault)


@dataclass(frozen=True)
class Tariff(Model):
    """Prices of intervals that follow each other without a gap.

    Parameters
    ----------
    times : tuple of datetime
        Where intervals begin, and the end of the last; rising, all with a time zone or all without.
    price_eur_per_kwh : tuple of float
        Price of each interval, one fewer than times.

    Raises
    ------
    InvalidInput
        If the numbers of times and prices do not fit, or times do not rise.

    Examples
    --------
    >>> from datetime import datetime
    >>> Tariff((datetime(2024, 3, 1, 8), datetime(2024, 3, 1, 9)), (0.3,)).aware
    False
    """

    times: tuple[datetime, ...]
    price_eur_per_kwh: tuple[float, ...]

    def _relations(self) -> None:
        """Check the times against each other, and that there is a price for each interval."""
        if len(self.times) < 2:
            raise checks.invalid("times", self.times, "at least two times")
        if len({t.tzinfo is None for t in self.times}) > 1:
            raise checks.invalid("times", self.times, "all with a time zone or all without")
        if any(b <= a for a, b in pairwise(map(_instant, self.times))):
            raise checks.invalid("times", self.times, "rising")
        checks.array("price_eur_per_kwh", self.price_eur_per_kwh, shape=(len(self.times) - 1,))

    @property
    def aware(self) -> bool:
        """Whether its times have a time zone."""
        return self.times[0].tzinfo is not None


def _instant(value: datetime) -> datetime:
    """Return a time so that differences are lengths: within one zone Python subtracts what clocks show."""
    return value if value.tzinfo is None else value.astimezone(UTC)


def price_pieces(tariff: Tariff, begin: datetime, end: datetime) -> list[tuple[float, float]]:
    """Return what lies between two times as pairs of price [EUR/kWh] and length [h], in order of time."""
    first, last, hour = _instant(begin), _instant(end), timedelta(hours=1)
    spans = zip(tariff.price_eur_per_kwh, pairwise(map(_instant, tariff.times)), strict=True)
    found = [(price, (min(high, last) - max(low, first)) / hour) for price, (low, high) in spans]
    return [(price, hours) for price, hours in found if hours > 0]


def read_tariff(path: Any, *, allow_negative: bool = False) -> Tariff:
    r"""Read a tariff from a CSV file with the columns start, end and price_eur_per_kwh.

    Parameters
    ----------
    path : str or path-like
        The file. Rows may stand in any order, but their intervals must follow each other.
    allow_negative : bool
        Whether prices may be negative, as day-ahead prices are at times.

    Returns
    -------
    Tariff

    Raises
    ------
    InvalidInput
        If a cell cannot be read, a price is beyond 5 EUR/kWh (or below -5) and so in another unit, an interval ends
        before it begins, two overlap or leave a gap, or only some times have a time zone; the message
        names file, row and column.

    Examples
    --------
    >>> import tempfile
    >>> from pathlib import Path
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     file = Path(folder) / "tariff.csv"
    ...     _ = file.write_text("start,end,price_eur_per_kwh\n2024-03-01 08:00,2024-03-01 09:00,0.3\n")
    ...     read_tariff(file).price_eur_per_kwh
    (0.3,)
    """
    low = -MOST_EUR_PER_KWH if allow_negative else 0.0
    lines: list[tuple[datetime, datetime, float, Row]] = []
    for row in read_table("path", path, PRICE):
        begin, end = row.time("start"), row.time("end")
        for column, value in (("start", begin), ("end", end)):
            if lines and (value.tzinfo is None) != (lines[0][0].tzinfo is None):
                first = lines[0][3].place
                raise row.fault(column, f"must have a time zone if row {first} has one, and none otherwise")
        if (begin.tzinfo is None) != (end.tzinfo is None):
            raise row.fault("end", f"must have a time zone if the start {row.cells['start']!r} has one")
        if end <= begin:
            raise row.fault("end", f"must lie after the start {row.cells['start']!r}")
        try:
            price = row.number("price_eur_per_kwh", low=low, most=MOST_EUR_PER_KWH)
        except InvalidInput as error:
            refused = low == 0.0 and row.cells["price_eur_per_kwh"].startswith("-")
            hint = "; negative prices are accepted with --allow-negative (allow_negative=True)" if refused else ""
            raise InvalidInput(f"{error}{hint}") from None
        lines.append((begin, end, price, row))
    lines.sort(key=lambda line: line[0])
    for (_, before, _, _), (begin, _, _, row) in pairwise(lines):
        if begin != before:
            fault = "leaves a gap after" if begin > before else "overlaps the interval that ends at"
            raise row.fault("start", f"{fault} {before.isoformat(sep=' ')}; intervals must follow each other")
    return Tariff((*(line[0] for line in lines), lines[-1][1]), tuple(line[2] for line in lines))


def _cost(pieces: Sequence[tuple[float, float]], energy: float, power: float) -> float:
    """Return what the energy costs when the pieces are filled in their order."""
    cost = 0.0
    for price, hours in pieces:
        taken = min(energy, power * hours)
        cost, energy = cost + price * taken, energy - taken
    return cost


def _costs(row: Row, tariff: Tariff) -> tuple[float, float, float]:
    """Return a session's energy [kWh] and its costs on arrival and shifted [EUR], or raise what is wrong with it."""
    arrival, departure = row.time("arrival"), row.time("departure")
    for column, value in (("arrival", arrival), ("departure", departure)):
        if (value.tzinfo is not None) != tariff.aware:
            some, none = "a time zone such as +01:00, as the tariff has", "no time zone, as the tariff has none"
            raise row.fault(column, f"must have {some if tariff.aware else none}")
    if departure <= arrival:
        raise row.fault("departure", f"must lie after the arrival {row.cells['arrival']!r}")
    energy = row.number("energy_kwh", low=0.0)
    power = row.number("power_kw", low=0.0, open_low=True, most=MOST_KW)
    if arrival < tariff.times[0]:
        raise row.fault("arrival", f"must not lie before the tariff begins, {tariff.times[0].isoformat(sep=' ')}")
    if departure > tariff.times[-1]:
        raise row.fault("departure", f"must not lie after the tariff ends, {tariff.times[-1].isoformat(sep=' ')}")
    most = power * ((departure - arrival) / timedelta(hours=1))
    if energy > most * (1 + 1e-9):
        raise row.fault("energy_kwh", f"does not fit into the stay: at {power:g} kW at most {most:g} kWh do")
    pieces = price_pieces(tariff, arrival, departure)
    return energy, _cost(pieces, energy, power), _cost(sorted(pieces), energy, power)


def tariff_gains(sessions: Any, tariff: Tariff, *, flat_eur_per_kwh: FlatPrice | None = None) -> list[dict[str, Any]]:
    r"""Return what each session pays at a flat price and under a tariff: one row for every row of the file.

    Under the tariff a car charges in the cheapest hours of its stay. The column beside it says what
    it would pay if it charged on arrival all the same.

    Parameters
    ----------
    sessions : str or path-like
        A CSV file with the columns id, arrival, departure, energy_kwh and power_kw.
    tariff : Tariff
        Prices.
    flat_eur_per_kwh : float, optional
        The flat price before, from 0 to 5. By default the price that brings the same revenue as the
        tariff if everybody charges on arrival, so that what one gains without shifting another loses.

    Returns
    -------
    list of dict
        With the keys row, id, status (gains, loses, even or rejected), energy_kwh, flat_eur,
        tariff_on_arrival_eur, tariff_shifted_eur, gain_eur and note.

    Raises
    ------
    InvalidInput
        If the file cannot be read. A row that cannot be used raises nothing; it is returned with the
        status rejected and a note.

    Examples
    --------
    >>> import tempfile
    >>> from datetime import datetime
    >>> from pathlib import Path
    >>> prices = Tariff((datetime(2024, 3, 1, 8), datetime(2024, 3, 1, 9), datetime(2024, 3, 1, 10)), (0.4, 0.2))
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     file = Path(folder) / "sessions.csv"
    ...     head, row = "id,arrival,departure,energy_kwh,power_kw", "a,2024-03-01 08:00,2024-03-01 10:00,10,10"
    ...     _ = file.write_text(f"{head}\n{row}\n")
    ...     line = tariff_gains(file, prices)[0]
    >>> line["status"], line["flat_eur"], line["tariff_shifted_eur"]
    ('gains', 4.0, 2.0)
    """
    rows = read_table("sessions", sessions, SESSION, keep_ragged=True)
    used: dict[int, tuple[float, float, float]] = {}
    notes: dict[int, str] = {}
    names: dict[str, int] = {}
    for row in rows:
        first = names.setdefault(row.cells["id"], row.place)
        try:
            if row.ragged:
                raise InvalidInput(row.ragged)
            if not row.cells["id"]:
                raise row.fault("id", "must name the session")
            if first != row.place:
                raise row.fault("id", f"must be a name of its own; row {first} has it already")
            used[row.place] = _costs(row, tariff)
        except InvalidInput as error:
            notes[row.place] = str(error)
    if flat_eur_per_kwh is None:
        energy, on_arrival = (sum(costs[k] for costs in used.values()) for k in (0, 1))
        flat_eur_per_kwh = on_arrival / energy if energy > 0 else 0.0
    return [_line(row, used.get(row.place), flat_eur_per_kwh, notes.get(row.place, "")) for row in rows]


def _line(row: Row, costs: tuple[float, float, float] | None, flat: float, note: str) -> dict[str, Any]:
    status, money = "rejected", dict.fromkeys(MONEY, None)
    if costs is not None:
        energy, on_arrival, shifted = costs
        gain = flat * energy - shifted
        status = "even" if abs(gain) < EVEN_EUR else "gains" if gain > 0 else "loses"
        money = dict(zip(MONEY, (energy, flat * energy, on_arrival, shifted, gain), strict=True))
    return {"row": row.place, "id": row.cells["id"], "status": status} | money | {"note": note}


@dataclass(frozen=True, eq=False)
class OwnFeeder(Record):
    """A feeder with its loads, shape (buses,), in the order of ``feeder.names``."""

    feeder: RadialFeeder
    load_kw: FloatArray
    load_kvar: FloatArray


def read_feeder(
    lines: Any, loads: Any, *, source: str, nominal_kv: Annotated[float, Number(low=1e-3, high=150.0)]
) -> OwnFeeder:
    r"""Read a radial feeder from a table of lines and a table of loads.

    Parameters
    ----------
    lines : str or path-like
        CSV file with the columns from_bus, to_bus, r_ohm, x_ohm and rating_kva (empty for none);
        ohms are those of one phase of a balanced three-phase line.
    loads : str or path-like
        CSV file with the columns bus, load_kw and load_kvar; several rows of one bus are added,
        buses without a row have no load.
    source : str
        The bus that the grid feeds.
    nominal_kv : float
        Nominal voltage between two phases [kV], from 0.001 to 150.

    Returns
    -------
    OwnFeeder
        On a base of 1000 kVA.

    Raises
    ------
    InvalidInput
        If a file cannot be read, a bus is unknown, a line closes a loop, or a bus hangs on no line that
        leads to the source; the message names file, row and column, or the bus.

    Examples
    --------
    >>> import tempfile
    >>> from pathlib import Path
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     a, b = Path(folder) / "lines.csv", Path(folder) / "loads.csv"
    ...     _ = a.write_text("from_bus,to_bus,r_ohm,x_ohm,rating_kva\nhill,mill,0.016,0.008,\n")
    ...     _ = b.write_text("bus,load_kw,load_kvar\nmill,30,5\n")
    ...     own = read_feeder(a, b, source="hill", nominal_kv=0.4)
    >>> own.feeder.resistance.round(6), own.load_kw
    (array([0.1]), array([ 0., 30.]))
    """
    base_ohm = nominal_kv**2  # kV^2 / MVA, on a base of 1 MVA
    branches, points = read_table("lines", lines, LINE), read_table("loads", loads, LOAD)
    place: dict[str, int] = {}
    ends, values = [], []
    for row in branches:
        for column in ("from_bus", "to_bus"):
            if not row.cells[column]:
                raise row.fault(column, "must name a bus")
        ends.append([place.setdefault(row.cells[c], len(place)) for c in ("from_bus", "to_bus")])
        rating = row.number("rating_kva", 0.0, open_low=True) if row.cells["rating_kva"] else np.inf
        values.append([*(row.number(c, 0.0) / base_ohm for c in ("r_ohm", "x_ohm")), rating])
    name = branches[0].file
    if source not in place:
        raise InvalidInput(f"source = {source!r}: must be a bus of {name}, one of {', '.join(place)}")
    (tails, heads), (r, x, rating_kva) = np.array(ends).T, np.array(values).T
    try:
        feeder = RadialFeeder(len(place), tails, heads, r, x, rating_kva, root=place[source], names=tuple(place))
    except InvalidInput as error:
        loop = re.match(r"tails, heads: line (\d+) (.*)", str(error))  # the number of a line: the reader has rows
        said = f", row {branches[int(loop[1])].place}: the line {loop[2]}" if loop else f": {error}"
        raise InvalidInput(f"{name}{said}") from None
    if len(feeder.roots) > 1:
        lost = list(place)[int(feeder.roots[1])]
        raise InvalidInput(f"{name}: bus {lost!r} must hang on a line that leads to the source {source!r}")
    load = np.zeros((2, len(place)))
    for row in points:
        if row.cells["bus"] not in place:
            raise row.fault("bus", f"must be a bus of {name}: {', '.join(place)}")
        load[:, place[row.cells["bus"]]] += [row.number(c) for c in ("load_kw", "load_kvar")]
    return OwnFeeder(feeder, load[0], load[1])
