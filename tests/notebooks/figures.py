"""The stored numbers behind a figure, for tests to assert."""

import numpy as np

from tools.paths import BOOK
from v2g_nb.figures.data import read_csv


def column(chapter: str, figure: str, name: str) -> np.ndarray:
    """Return one stored column. Call it with three string literals: the guard looks for them."""
    path = BOOK / f"{chapter}-data" / f"{figure}.csv"
    return read_csv(path.read_text(encoding="utf-8"))[name]
