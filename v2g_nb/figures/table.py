"""Small tables with a caption and header cells, the same bytes on every run."""

import html
from collections.abc import Sequence
from dataclasses import dataclass
from numbers import Integral
from typing import Annotated, Any

from v2g_nb import checks
from v2g_nb.arguments import Model
from v2g_nb.checks import Text
from v2g_nb.errors import InvalidInput


def _text(value: Any) -> str:
    return (
        value
        if isinstance(value, str)
        else f"{value:,}"
        if isinstance(value, Integral) and not isinstance(value, bool)
        else str(value)
    )


@dataclass(frozen=True)
class Table(Model):
    """A table as a reader sees it; the caller formats numbers.

    Parameters
    ----------
    columns : sequence of str
        Header cells.
    rows : sequence of sequences
        One sequence a row, each as long as `columns`: strings as they are, integers with
        thousands separated, anything else through ``str``.
    caption : str, optional
        A line above the table.

    Raises
    ------
    InvalidInput
        If there is no column or no row, or a row has another length.

    Examples
    --------
    >>> print(Table(["station", "wait"], [["Ashigara", "2.7 min"]], "Waits"))
    Waits
    station   wait
    Ashigara  2.7 min
    """

    columns: Sequence[str]
    rows: Sequence[Sequence[Any]]
    caption: Annotated[str, Text(blank=True)] = ""

    def _relations(self) -> None:
        for row in self.rows:
            if len(row) != len(self.columns):
                raise InvalidInput(
                    f"rows = {checks.shown(row)}: must be a list of {len(self.columns)} cells, one a column"
                )

    def __str__(self) -> str:
        """Return the table as aligned text."""
        lines = [list(self.columns), *[[_text(v) for v in row] for row in self.rows]]
        widths = [max(len(line[k]) for line in lines) for k in range(len(self.columns))]
        body = ["  ".join(cell.ljust(w) for cell, w in zip(line, widths, strict=True)).rstrip() for line in lines]
        return "\n".join([self.caption, *body] if self.caption else body)

    def to_html(self) -> str:
        """Return the table as HTML: scrollable by keyboard where it is wider than the page."""
        head = "".join(f'<th scope="col">{html.escape(c)}</th>' for c in self.columns)
        body = "".join(
            "<tr>" + "".join(f"<td>{html.escape(_text(v))}</td>" for v in row) + "</tr>" for row in self.rows
        )
        caption = f"<caption>{html.escape(self.caption)}</caption>" if self.caption else ""
        label = html.escape(self.caption or "table", quote=True)
        return (
            f'<div class="v2g-table" role="region" tabindex="0" aria-label="{label}"><table>{caption}'
            f"<thead><tr>{head}</tr></thead><tbody>{body}</tbody></table></div>"
        )

    def _repr_mimebundle_(self, include: object = None, exclude: object = None) -> dict[str, str]:
        """Return the forms in which Jupyter may show the table."""
        return {"text/html": self.to_html(), "text/plain": str(self)}
