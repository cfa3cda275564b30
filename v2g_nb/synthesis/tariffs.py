"""Who gains and who loses when a flat price becomes a tariff by the hour: sessions and tariff in, a table out.

As a command::

    python -m v2g_nb.synthesis.tariffs sessions.csv tariff.csv --out table.csv

It ends with 0 if every session could be used, 1 if some could not (the table says which and why),
and 2 if there is nothing to compute.
"""

import argparse
import csv
import io
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from pathlib import Path
from typing import Any

from v2g_nb import checks
from v2g_nb.errors import InvalidInput
from v2g_nb.synthesis.own_tables import Row, Rows, read_table

SESSION = ("id", "arrival", "departure", "energy_kwh", "power_kw")
PRICE = ("start", "end", "price_eur_per_kwh")
COLUMNS = (
    "row",
    "id",
    "status",
    "energy_kwh",
    "flat_eur",
    "tariff_on_arrival_eur",
    "tariff_shifted_eur",
    "gain_eur",
    "note",
)
EVEN_EUR = 0.005  # less than half a cent is neither gain nor loss
MOST_EUR_PER_KWH = 5.0  # a higher price is one in cents, or for a MWh
MOST_KW = 2000.0  # no charger for a car has more: a higher power is one in W
TIME = "must be a time such as 2024-03-01 08:00 or 2024-03-01T08:00+01:00"


@dataclass(frozen=True)
class Tariff:
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
    >>> Tariff((datetime(2024, 3, 1, 8), datetime(2024, 3, 1, 9)), (0.3,)).aware
    False
    """

    times: tuple[datetime, ...]
    price_eur_per_kwh: tuple[float, ...]

    def __post_init__(self) -> None:
        """Check the fields once."""
        for name in ("times", "price_eur_per_kwh"):
            if not isinstance(getattr(self, name), tuple):
                raise checks.invalid(name, getattr(self, name), "a tuple")
        if len(self.times) < 2 or not all(isinstance(t, datetime) for t in self.times):
            raise checks.invalid("times", self.times, "at least two times")
        if len({t.tzinfo is None for t in self.times}) > 1:
            raise checks.invalid("times", self.times, "all with a time zone or all without")
        if any(b <= a for a, b in pairwise(map(_instant, self.times))):
            raise checks.invalid("times", self.times, "rising")
        checks.array("price_eur_per_kwh", list(self.price_eur_per_kwh), shape=(len(self.times) - 1,))

    @property
    def aware(self) -> bool:
        """Whether its times have a time zone."""
        return self.times[0].tzinfo is not None

    def pieces(self, begin: datetime, end: datetime) -> list[tuple[float, float]]:
        """Return what lies between two times as pairs of price [EUR/kWh] and length [h], in order of time.

        Parameters
        ----------
        begin, end : datetime
            With a time zone where the tariff's times have one.

        Returns
        -------
        list of (float, float)

        Raises
        ------
        InvalidInput
            If an argument is no time, or one has a time zone and the tariff has none, or the reverse.
        """
        for name, value in (("begin", begin), ("end", end)):
            if not isinstance(value, datetime) or (value.tzinfo is not None) != self.aware:
                kind = "with" if self.aware else "without"
                raise checks.invalid(name, value, f"a time {kind} a time zone, like the tariff's")
        found, first, last = [], _instant(begin), _instant(end)
        for price, (low, high) in zip(self.price_eur_per_kwh, pairwise(map(_instant, self.times)), strict=True):
            hours = (min(high, last) - max(low, first)) / timedelta(hours=1)
            if hours > 0:
                found.append((price, hours))
        return found


def _instant(value: datetime) -> datetime:
    """Return a time so that differences are lengths: within one zone Python subtracts what clocks show."""
    return value if value.tzinfo is None else value.astimezone(UTC)


def _time(rows: Rows, row: Row, column: str) -> datetime:
    text = row.cells[column]
    try:
        value = datetime.fromisoformat(text)
    except ValueError:
        raise rows.fault(row, column, TIME) from None
    if ":" not in text:  # a day alone would silently become midnight
        raise rows.fault(row, column, TIME)
    return value


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
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     file = Path(folder) / "tariff.csv"
    ...     _ = file.write_text("start,end,price_eur_per_kwh\n2024-03-01 08:00,2024-03-01 09:00,0.3\n")
    ...     read_tariff(file).price_eur_per_kwh
    (0.3,)
    """
    low = -MOST_EUR_PER_KWH if checks.flag("allow_negative", allow_negative) else 0.0
    rows = read_table(path, PRICE)
    lines: list[tuple[datetime, datetime, float, Row]] = []
    for row in rows.rows:
        begin, end = _time(rows, row, "start"), _time(rows, row, "end")
        for column, value in (("start", begin), ("end", end)):
            if lines and (value.tzinfo is None) != (lines[0][0].tzinfo is None):
                first = lines[0][3].number
                raise rows.fault(row, column, f"must have a time zone if row {first} has one, and none otherwise")
        if (begin.tzinfo is None) != (end.tzinfo is None):
            raise rows.fault(row, "end", f"must have a time zone if the start {row.cells['start']!r} has one")
        if end <= begin:
            raise rows.fault(row, "end", f"must lie after the start {row.cells['start']!r}")
        try:
            price = rows.number(row, "price_eur_per_kwh", low=low, most=MOST_EUR_PER_KWH)
        except InvalidInput as error:
            refused = low == 0.0 and row.cells["price_eur_per_kwh"].startswith("-")
            hint = "; negative prices are accepted with --allow-negative (allow_negative=True)" if refused else ""
            raise InvalidInput(f"{error}{hint}") from None
        lines.append((begin, end, price, row))
    lines.sort(key=lambda line: line[0])
    for (_, before, _, _), (begin, _, _, row) in pairwise(lines):
        if begin != before:
            fault = "leaves a gap after" if begin > before else "overlaps the interval that ends at"
            raise rows.fault(row, "start", f"{fault} {before.isoformat(sep=' ')}; intervals must follow each other")
    return Tariff((*(line[0] for line in lines), lines[-1][1]), tuple(line[2] for line in lines))


@dataclass(frozen=True)
class _Session:
    """A session that can be used, with what it costs under the tariff [EUR]."""

    energy_kwh: float
    on_arrival_eur: float
    shifted_eur: float


def _cost(pieces: Sequence[tuple[float, float]], energy: float, power: float) -> float:
    """Return what the energy costs when the pieces are filled in their order."""
    cost = 0.0
    for price, hours in pieces:
        taken = min(energy, power * hours)
        cost, energy = cost + price * taken, energy - taken
    return cost


def _used(rows: Rows, row: Row, tariff: Tariff) -> _Session:
    """Return a session's costs, or raise what is wrong with its row."""
    arrival, departure = _time(rows, row, "arrival"), _time(rows, row, "departure")
    for column, value in (("arrival", arrival), ("departure", departure)):
        if (value.tzinfo is not None) != tariff.aware:
            right = "must have a time zone such as +01:00, as the tariff has" if tariff.aware else (
                "must have no time zone, as the tariff has none"
            )  # fmt: skip
            raise rows.fault(row, column, right)
    if departure <= arrival:
        raise rows.fault(row, "departure", f"must lie after the arrival {row.cells['arrival']!r}")
    energy = rows.number(row, "energy_kwh", low=0.0)
    power = rows.number(row, "power_kw", low=0.0, open_low=True, most=MOST_KW)
    if arrival < tariff.times[0]:
        raise rows.fault(row, "arrival", f"must not lie before the tariff begins, {tariff.times[0].isoformat(sep=' ')}")
    if departure > tariff.times[-1]:
        raise rows.fault(row, "departure", f"must not lie after the tariff ends, {tariff.times[-1].isoformat(sep=' ')}")
    most = power * ((departure - arrival) / timedelta(hours=1))
    if energy > most * (1 + 1e-9):
        raise rows.fault(row, "energy_kwh", f"does not fit into the stay: at {power:g} kW at most {most:g} kWh do")
    pieces = tariff.pieces(arrival, departure)
    return _Session(energy, _cost(pieces, energy, power), _cost(sorted(pieces), energy, power))


def who_gains(sessions: Any, tariff: Tariff, *, flat_eur_per_kwh: float | None = None) -> list[dict[str, Any]]:
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
    >>> prices = Tariff((datetime(2024, 3, 1, 8), datetime(2024, 3, 1, 9), datetime(2024, 3, 1, 10)), (0.4, 0.2))
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     file = Path(folder) / "sessions.csv"
    ...     head, row = "id,arrival,departure,energy_kwh,power_kw", "a,2024-03-01 08:00,2024-03-01 10:00,10,10"
    ...     _ = file.write_text(f"{head}\n{row}\n")
    ...     line = who_gains(file, prices)[0]
    >>> line["status"], line["flat_eur"], line["tariff_shifted_eur"]
    ('gains', 4.0, 2.0)
    """
    checks.instance("tariff", tariff, Tariff)
    if flat_eur_per_kwh is not None:
        checks.real("flat_eur_per_kwh", flat_eur_per_kwh, low=0.0, high=MOST_EUR_PER_KWH)
    try:
        rows = read_table(sessions, SESSION, keep_ragged=True)
    except InvalidInput as error:
        raise InvalidInput(str(error).replace("path =", "sessions =", 1)) from None
    used: dict[int, _Session] = {}
    notes: dict[int, str] = {}
    names: dict[str, int] = {}
    for row in rows.rows:
        first = names.setdefault(row.cells["id"], row.number)
        try:
            if row.fault:
                raise InvalidInput(row.fault)
            if not row.cells["id"]:
                raise rows.fault(row, "id", "must name the session")
            if first != row.number:
                raise rows.fault(row, "id", f"must be a name of its own; row {first} has it already")
            used[row.number] = _used(rows, row, tariff)
        except InvalidInput as error:
            notes[row.number] = str(error)
    energy = sum(s.energy_kwh for s in used.values())
    flat = flat_eur_per_kwh
    if flat is None:
        flat = sum(s.on_arrival_eur for s in used.values()) / energy if energy > 0 else 0.0
    return [_line(row, used.get(row.number), flat, notes.get(row.number, "")) for row in rows.rows]


def _line(row: Row, session: _Session | None, flat: float, note: str) -> dict[str, Any]:
    start: dict[str, Any] = {"row": row.number, "id": row.cells["id"]}
    if session is None:
        return start | {"status": "rejected"} | dict.fromkeys(COLUMNS[3:-1]) | {"note": note}
    gain = flat * session.energy_kwh - session.shifted_eur
    status = "even" if abs(gain) < EVEN_EUR else "gains" if gain > 0 else "loses"
    values = (session.energy_kwh, flat * session.energy_kwh, session.on_arrival_eur, session.shifted_eur, gain)
    return start | {"status": status} | dict(zip(COLUMNS[3:-1], values, strict=True)) | {"note": note}


def write_table(lines: Any, path: Any) -> None:
    """Write the lines of :func:`who_gains` as a CSV file, money to a hundredth of a cent.

    Parameters
    ----------
    lines : list of dict
        As :func:`who_gains` returns them.
    path : str or path-like
        The file to write.

    Raises
    ------
    InvalidInput
        If an argument is of another kind, the folder does not exist, or the file cannot be written.

    Examples
    --------
    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     write_table([dict.fromkeys(COLUMNS, "")], Path(folder) / "table.csv")
    """
    if (
        not isinstance(lines, list)
        or not lines
        or not all(isinstance(v, dict) and set(v) == set(COLUMNS) for v in lines)
    ):
        raise checks.invalid("lines", lines, "what who_gains returns")
    if not isinstance(path, (str, Path)) or not str(path).strip() or not Path(path).parent.is_dir():
        raise checks.invalid("path", path, "the path of a file in a folder that exists")
    text = io.StringIO()
    writer = csv.DictWriter(text, COLUMNS)
    writer.writeheader()
    for line in lines:
        writer.writerow({k: f"{v:.4f}" if isinstance(v, float) else v for k, v in line.items()})
    try:
        Path(path).write_text(text.getvalue(), encoding="utf-8", newline="")
    except OSError as error:
        raise checks.invalid("path", str(path), f"a file that can be written ({error.strerror})") from None


def main(words: Sequence[str] | None = None) -> int:
    """Run the command and return its exit status."""
    parser = argparse.ArgumentParser(prog="python -m v2g_nb.synthesis.tariffs", description=__doc__.split("\n")[0])
    parser.add_argument("sessions", help=f"CSV file with the columns {', '.join(SESSION)}")
    parser.add_argument("tariff", help=f"CSV file with the columns {', '.join(PRICE)}")
    parser.add_argument("--out", required=True, help="CSV file to write: one row for every session")
    parser.add_argument("--flat", type=float, help="flat price before [EUR/kWh]; by default the one of equal revenue")
    parser.add_argument("--allow-negative", action="store_true", help="accept negative prices")
    given = parser.parse_args(words)
    try:
        if Path(given.out).resolve() in {Path(given.sessions).resolve(), Path(given.tariff).resolve()}:
            raise InvalidInput(f"--out = {given.out!r}: must not be one of the files that are read")
        prices = read_tariff(given.tariff, allow_negative=given.allow_negative)
        lines = who_gains(given.sessions, prices, flat_eur_per_kwh=given.flat)
        write_table(lines, given.out)
    except InvalidInput as error:
        print(f"error: {error}", file=sys.stderr)
        return 2
    counts = {s: sum(v["status"] == s for v in lines) for s in ("gains", "loses", "even", "rejected")}
    together = sum(v["gain_eur"] or 0.0 for v in lines)
    print(
        f"{len(lines)} sessions: {counts['gains']} gain, {counts['loses']} lose, {counts['even']} even, "
        f"{counts['rejected']} rejected; together they gain {together:.2f} EUR; see {Path(given.out).name}"
    )
    for line in lines:
        if line["status"] == "rejected":
            print(f"rejected: {line['note']}", file=sys.stderr)
    return 1 if counts["rejected"] else 0
