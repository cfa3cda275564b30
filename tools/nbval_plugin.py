"""What nbval must not compare: pictures, and cells whose output is an interactive figure.

The numbers behind both are recorded during the run and compared with tolerances by
``tools.compare_records``. Text and tables are compared to the letter.
"""

import nbval.plugin

PICTURES = ("image/svg+xml", "image/png")
INTERACTIVE = "interactive"  # the tag of a cell that shows frames


_compare = nbval.plugin.IPyNbCell.compare_outputs


def _compare_text_and_tables(self, test, ref, skip_compare=None):
    ignored = ("text/html",) if INTERACTIVE in self.cell.metadata.get("tags", ()) else ()
    skip = skip_compare or self.parent.skip_compare
    return _compare(self, test, ref, skip_compare=(*skip, *PICTURES, *ignored))


def pytest_configure(config):
    """Have nbval's cells leave pictures and interactive figures to the comparison of their data."""
    nbval.plugin.IPyNbCell.compare_outputs = _compare_text_and_tables
