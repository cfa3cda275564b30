"""Reading a reader's own CSV files, with errors that name file, row, column and what would be right."""

import csv
import io
import math
from os import PathLike
from pathlib import Path
from typing import Any, NamedTuple

from v2g_nb import checks
from v2g_nb.errors import InvalidInput


class Row(NamedTuple):
    """A row: its number in the file (the header is row 1), its cells by column, what is wrong with all of it."""

    number: int
    cells: dict[str, str]
    fault: str = ""


class Rows(NamedTuple):
    """The rows of a file, and the file's name for messages."""

    name: str
    rows: list[Row]

    def fault(self, row: Row, column: str, right: str) -> InvalidInput:
        """Return the error that says what is wrong with one cell."""
        return InvalidInput(f"{self.name}, row {row.number}, column {column}: {row.cells[column]!r} {right}")

    def number(
        self, row: Row, column: str, *, low: float = -math.inf, open_low: bool = False, most: float = math.inf
    ) -> float:
        """Return a cell as a number, or raise; beyond `most` it is taken for a number in another unit."""
        bound = "" if low == -math.inf else f" {'above' if open_low else 'of at least'} {low:g}"
        right = f"must be a number{bound}, with a point, such as 12.5"
        try:
            value = float(row.cells[column])
        except ValueError:
            raise self.fault(row, column, right) from None
        if not math.isfinite(value) or value < low or (open_low and value == low):
            raise self.fault(row, column, right)
        if value > most:
            raise self.fault(row, column, f"must be at most {most:g}; the column's name says in which unit")
        return value


def read_table(path: Any, columns: Any, *, keep_ragged: bool = False) -> Rows:
    r"""Read a CSV file with a header.

    Parameters
    ----------
    path : str or path-like
        The file: UTF-8, columns separated by commas, one header row.
    columns : sequence of str
        Columns that it must have; others are ignored.
    keep_ragged : bool
        Whether a row with too few or too many cells is returned, with what is wrong as its `fault`.
        By default it raises.

    Returns
    -------
    Rows
        All rows that are not blank, cells as text without surrounding space.

    Raises
    ------
    InvalidInput
        If there is no such file, it cannot be read, is no UTF-8 text or no CSV, a column is missing or stands there
        twice, a row has another number of cells, or there is no row.

    Examples
    --------
    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     file = Path(folder) / "loads.csv"
    ...     _ = file.write_text("bus,load_kw\nmill,12\n")
    ...     read_table(file, ["bus", "load_kw"]).rows
    [Row(number=2, cells={'bus': 'mill', 'load_kw': '12'}, fault='')]
    """
    if not isinstance(path, (str, PathLike)) or not str(path).strip():
        raise checks.invalid("path", path, "the path of a file")
    if isinstance(columns, str) or not isinstance(columns, (list, tuple)) or not columns:
        raise checks.invalid("columns", columns, "a list of names")
    checks.flag("keep_ragged", keep_ragged)
    place = Path(path)
    try:
        if not place.is_file():
            raise InvalidInput(f"path = {str(path)!r}: must be a file that exists")
        text = place.read_text(encoding="utf-8-sig")
    except OSError as error:
        raise InvalidInput(f"path = {checks.shown(str(path))}: cannot be read, {error.strerror}") from None
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
    for name in columns:
        if header.count(checks.text("columns", name)) != 1:
            found = ", ".join(header) or "nothing"
            fault = "is missing" if name not in header else "stands there twice"
            raise InvalidInput(
                f"{place.name}, row 1, column {name}: {fault}; the header must have {', '.join(columns)}, "
                f"separated by commas, and has: {found}"
            )
    rows = [_row(place.name, header, number, cells) for number, cells in lines[1:] if any(cells)]
    faults = [row.fault for row in rows if row.fault]
    if faults and not keep_ragged:
        raise InvalidInput(faults[0])
    if not rows:
        raise InvalidInput(f"{place.name}: must have at least one row below the header")
    return Rows(place.name, rows)


def _row(name: str, header: list[str], number: int, cells: list[str]) -> Row:
    """Return a row; one with too few or too many cells says so."""
    fault = ""
    if len(cells) != len(header):
        fault = f"{name}, row {number}: has {len(cells)} cells, must have {len(header)} as the header"
    if len(cells) > len(header):
        fault += "; numbers are written with a point, and text with a comma in quotes"
    return Row(number, dict(zip(header, cells + [""] * len(header), strict=False)), fault)
