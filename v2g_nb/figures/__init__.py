"""One look for every figure, tables, and interactive figures that need no server."""

from v2g_nb.arguments import face
from v2g_nb.figures.frames import Frames, frames
from v2g_nb.figures.style import PALETTE, use_style
from v2g_nb.figures.table import Table

__all__ = ["PALETTE", "Frames", "Table", "frames", "use_style"]

face(globals())
