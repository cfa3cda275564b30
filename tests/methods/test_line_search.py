"""The search on a line: many maxima, a constraint, bounds, and a certificate that can fail."""

import numpy as np
import pytest

from v2g_nb.errors import Infeasible
from v2g_nb.methods.certificates import require
from v2g_nb.methods.line_search import maximise_on_line


def hills(x):
    return float(np.sin(5 * x) + 0.1 * x)


def test_the_highest_of_many_hills():
    found = require(maximise_on_line(lambda x: (hills(x), 1.0), 0.0, 10.0, 60))
    fine = np.linspace(0, 10, 400_001)
    assert found.value == pytest.approx((np.sin(5 * fine) + 0.1 * fine).max(), abs=1e-9)
    assert found.bound == ""


@pytest.mark.parametrize(("rise", "bound", "at"), [(1.0, "high", 3.0), (-1.0, "low", 1.0)])
def test_bounds(rise, bound, at):
    found = maximise_on_line(lambda x: (rise * x, 1.0), 1.0, 3.0)
    assert (found.bound, found.at) == (bound, at)


def test_constraint_that_binds_between_grid_points():
    found = require(maximise_on_line(lambda x: (x, np.sqrt(2) - x), 0.0, 3.0, 7))
    assert found.bound == "constraint"
    assert found.at == pytest.approx(np.sqrt(2), abs=1e-6)
    assert found.slack >= 0


@pytest.mark.parametrize("side", [1.0, -1.0])
def test_a_peak_between_the_end_of_what_is_feasible_and_the_next_point(side):
    """The best grid point is the crossing itself, and no peak among points; the true one lies just inside."""
    found = require(maximise_on_line(lambda x: (-((side * x - 0.3) ** 2), side * x - 0.2), -4.0, 4.0, 9))
    assert found.at == pytest.approx(side * 0.3, abs=1e-6)
    assert found.bound == ""


def test_two_feasible_pieces():
    found = maximise_on_line(lambda x: (x, np.cos(x)), 0.0, 6.0, 31)
    assert found.bound == "high"
    assert found.value == 6.0


def test_nowhere_feasible():
    with pytest.raises(Infeasible):
        maximise_on_line(lambda x: (x, -1.0), 0.0, 1.0)


def test_a_spike_between_the_points_is_caught_by_the_second_grid():
    """Too coarse a grid misses a spike; the certificate says so."""
    found = maximise_on_line(lambda x: (float(abs(x - 0.5) < 0.05), 1.0), 0.0, 3.0, 4)
    assert not found.certificates[0].holds
