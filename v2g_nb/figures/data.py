"""The numbers behind a figure: registered by name, stored as CSV, compared with tolerances."""

import csv
import io
import itertools
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, Any

import numpy as np
from numpy.typing import NDArray

from v2g_nb import checks
from v2g_nb.arguments import Model
from v2g_nb.checks import Text
from v2g_nb.errors import InvalidInput

FigureName = Annotated[str, Text(pattern=r"fig-[a-z0-9-]+", right="a name such as 'fig-erlang-c'")]

Column = NDArray[Any]
DIGITS = 10  # significant digits in the CSV: more would differ between processors
NOISE = 1e-13  # what is smaller beside its column's largest entry is rounding, which differs as well: written as 0


def _column(name: str, value: Any) -> Column:
    try:
        column = np.atleast_1d(np.asarray(value))
    except ValueError:  # ragged nesting
        raise checks.invalid(name, value, "a column of numbers or words") from None
    if column.dtype.kind in "US":
        if column.ndim != 1 or not column.size:
            raise checks.invalid(name, value, "one-dimensional, with at least one word")
        return column
    return checks.array(name, column, shape=(None,), infinite=True)


@dataclass(frozen=True, eq=False)
class FigureData(Model):
    """Named columns, each one-dimensional; they may differ in length.

    Parameters
    ----------
    name : str
        The figure's name, such as ``fig-erlang-c``: small letters, digits and hyphens.
    columns : dict of str to array_like
        What is drawn, by name with the unit in it (``wait_min``): numbers (a scalar is a column of
        one) or words.

    Raises
    ------
    InvalidInput
        If the name is not of that form, or a column is empty, not one-dimensional or holds NaN.

    Examples
    --------
    >>> print(FigureData("fig-line", {"x": [0, 1], "y_kw": [0.0, 2.5]}).to_csv(), end="")
    x,y_kw
    0,0
    1,2.5
    """

    name: FigureName
    columns: Mapping[str, Any]

    def _relations(self) -> None:
        """Turn each column into an array."""
        if not self.columns:
            raise checks.invalid("columns", self.columns, "at least one named column")
        for key in self.columns:
            checks.text("columns", key)
        object.__setattr__(
            self, "columns", {key: _column(f"columns[{key!r}]", value) for key, value in self.columns.items()}
        )

    def to_csv(self) -> str:
        """Return the columns as CSV text; shorter columns end in empty cells."""
        out = io.StringIO()
        writer = csv.writer(out, lineterminator="\n")
        writer.writerow(self.columns)
        cells = [_cells(column) for column in self.columns.values()]
        writer.writerows(itertools.zip_longest(*cells, fillvalue=""))
        return out.getvalue()


def _cells(column: Column) -> list[str]:
    if column.dtype.kind in "US":
        return [str(word) for word in column]
    scale = float(np.max(np.abs(column), where=np.isfinite(column), initial=0.0))
    # "+ 0.0" turns -0 into 0, whose sign depends on the processor
    kept = np.where(np.abs(column) < NOISE * scale, 0.0, column) + 0.0
    return [f"{value:.{DIGITS}g}" for value in kept.tolist()]


PLACE = re.compile(r"\{([A-Za-z]\w*)(?:\.(first|last|min|max|size))?(?::([^{}]*))?\}")


def in_words(text: str, values: Mapping[str, Any]) -> str:
    """Return a text with ``{name}`` and ``{column.last:.1f}`` replaced by what the values are.

    >>> in_words("{n} cars wait up to {wait_min.max:.1f} min", {"n": 3, "wait_min": np.array([1.0, 2.25])})
    '3 cars wait up to 2.2 min'
    """

    def filled(match: re.Match[str]) -> str:
        name, entry, form = match.groups()
        if name not in values:
            raise checks.invalid("alt", match[0], f"of a name among {', '.join(values)}")
        column = np.atleast_1d(values[name])
        if entry is None and len(column) != 1:
            raise checks.invalid("alt", match[0], f"of one entry of {name}: .first, .last, .min or .max")
        entries = {"first": column[0], "last": column[-1], "size": len(column), None: column[0]}
        value = entries[entry] if entry in entries else getattr(np, entry)(column)
        return format(value, form or ("" if isinstance(value, str) else "g"))

    return PLACE.sub(filled, text)


def read_csv(text: str) -> dict[str, Column]:
    """Return the columns of a figure's CSV: floats where every cell is a number, else strings.

    Empty cells at the end of a column are those of a shorter one and are left out.

    Parameters
    ----------
    text : str
        What :meth:`FigureData.to_csv` returned.

    Returns
    -------
    dict of str to numpy.ndarray

    Raises
    ------
    InvalidInput
        If `text` is blank or no string, or its rows have another number of cells than the first.

    Examples
    --------
    >>> read_csv(FigureData("fig-line", {"x": [0, 1], "peak": 4.5}).to_csv())["peak"]
    array([4.5])
    """
    checks.text("text", text)
    lines = text.replace("\r\n", "\n").replace("\r", "\n")  # as a spreadsheet of another system ends them
    header, *rows = list(csv.reader(io.StringIO(lines)))
    for number, row in enumerate(rows, start=2):
        if len(row) != len(header):
            raise InvalidInput(f"text: row {number} has {len(row)} cells, must have {len(header)} as the first row")
    columns: dict[str, Column] = {}
    for place, key in enumerate(header):
        cells = [row[place] for row in rows]
        while cells and cells[-1] == "":
            cells.pop()
        try:
            columns[key] = np.array([float(cell) for cell in cells])
        except ValueError:
            columns[key] = np.array(cells)
    return columns


def differing(
    ours: Mapping[str, Column], stored: Mapping[str, Column], *, rtol: float = 1e-7, atol: float = 1e-9
) -> list[str]:
    """Return the names of columns that differ beyond rounding; `atol` is relative to the largest entry."""
    names = [key for key in {**ours, **stored} if (key in ours) != (key in stored)]
    for key in ours.keys() & stored.keys():
        a, b = ours[key], stored[key]
        if a.shape != b.shape or a.dtype.kind != b.dtype.kind:
            names.append(key)
        elif a.dtype.kind == "U":
            names += [key] * bool((a != b).any())
        else:
            finite = b[np.isfinite(b)]
            scale = float(np.max(np.abs(finite), initial=0.0))
            names += [key] * (not np.allclose(a, b, rtol=rtol, atol=atol * scale))
    return sorted(names)
