"""The stored numbers behind a figure, for tests to assert."""

from typing import Any

from tools.paths import BOOK
from v2g_nb.figures.data import read_csv


def column(chapter: str, figure: str, *names: str, shape: Any = -1, every: int = 1) -> Any:
    """Return one stored column, or a list of several, each `every`-th number of it, in a shape.

    Call it with string literals: the guard looks for them.
    """
    stored = read_csv((BOOK / f"{chapter}-data" / f"{figure}.csv").read_text(encoding="utf-8"))
    found = [stored[name][::every].reshape(shape) for name in names]
    return found if len(found) > 1 else found[0]
