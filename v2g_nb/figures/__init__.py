"""One style, one way to register a figure's data, and interactive figures that need no server."""

from v2g_nb.figures.data import FigureData, read_csv
from v2g_nb.figures.frames import Frames, frames
from v2g_nb.figures.style import PALETTE, picture, use_style
from v2g_nb.figures.table import Table

__all__ = ["PALETTE", "FigureData", "Frames", "Table", "frames", "picture", "read_csv", "use_style"]
