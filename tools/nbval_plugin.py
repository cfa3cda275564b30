"""What nbval must not compare: pictures, and cells whose output is an interactive figure.

The numbers behind both are recorded during the run and compared with tolerances by
``tools.compare_records``. Text and tables are compared to the letter.
"""

import nbval.plugin

PICTURES = ("image/svg+xml", "image/png")
INTERACTIVE = "interactive"  # the tag of a cell that shows frames


class Cell(nbval.plugin.IPyNbCell):
    """A notebook cell that leaves pictures and interactive figures to the comparison of their data."""

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        ignored = ("text/html",) if INTERACTIVE in self.cell.metadata.get("tags", ()) else ()
        self.skip_compare = (*self.skip_compare, *PICTURES, *ignored)


def pytest_configure(config):
    """Let nbval make its cells of our class."""
    nbval.plugin.IPyNbCell = Cell
