"""The one look of every figure: legible at phone width, the same bytes on every run."""

import io
from dataclasses import dataclass
from typing import Any

import matplotlib as mpl
import matplotlib.pyplot as plt
from cycler import cycler
from matplotlib.figure import Figure

from v2g_nb.arguments import checks_arguments

# Distinct for the three common forms of colour blindness and at least 3:1 against the page, both
# as they stand (light page) and through the page's filter (dark page): tests/figures/test_palette.py.
PALETTE = {
    "blue": "#457bd4",
    "vermilion": "#d25b13",
    "green": "#00964c",
    "purple": "#a34c92",
    "black": "#1a1a1a",
    "grey": "#848484",
}

_RC: Any = {
    "svg.hashsalt": "v2g",  # ids in the SVG follow from its content
    "svg.fonttype": "path",  # no font is asked of the reader's machine
    "figure.figsize": (5.6, 3.5),  # with this font size labels stay legible where a phone shrinks the figure
    "figure.facecolor": "none",  # the page shows through, light or dark
    "axes.facecolor": "none",
    "savefig.facecolor": "none",
    "savefig.bbox": "tight",
    "font.family": "DejaVu Sans",  # ships with matplotlib: the same everywhere
    "font.size": 12.0,
    "axes.titlesize": 12.0,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.grid": True,
    "grid.color": "#b0b0b0",
    "grid.linewidth": 0.5,
    "grid.alpha": 0.5,
    "legend.frameon": False,
    "lines.linewidth": 1.8,
    # colour never stands alone: each line also has its own dash
    "axes.prop_cycle": cycler(color=list(PALETTE.values()))
    + cycler(linestyle=["-", "--", "-.", ":", (0, (5, 1)), (0, (1, 1))]),
}


def use_style() -> None:
    """Make matplotlib draw in the book's style from here on.

    Examples
    --------
    >>> import matplotlib as mpl
    >>> use_style()
    >>> mpl.rcParams["svg.hashsalt"]
    'v2g'
    """
    mpl.rcParams.update(_RC)


@dataclass(frozen=True)
class Picture:
    """A finished figure as SVG text, shown by notebooks as an image."""

    svg: str
    text: str

    def _repr_mimebundle_(self, include: object = None, exclude: object = None) -> dict[str, str]:
        """Return the forms in which Jupyter may show the picture."""
        return {"image/svg+xml": self.svg, "text/plain": self.text}


@checks_arguments
def picture(figure: Figure, text: str = "figure") -> Picture:
    """Turn a matplotlib figure into SVG that is the same on every run, and close it.

    Parameters
    ----------
    figure : matplotlib.figure.Figure
        What was drawn.
    text : str
        Shown where pictures are not.

    Returns
    -------
    Picture

    Raises
    ------
    InvalidInput
        If `figure` is no figure, or `text` is blank.

    Examples
    --------
    >>> shown = picture(Figure(), "an empty figure")
    >>> shown.svg[:4]
    '<svg'
    """
    buffer = io.BytesIO()
    with mpl.rc_context(_RC):
        figure.savefig(buffer, format="svg", metadata={"Date": None, "Creator": None})
    plt.close(figure)
    svg = buffer.getvalue().decode("utf-8")
    return Picture(svg[svg.index("<svg") :], text)
