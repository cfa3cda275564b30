"""The search on a line: many maxima, a constraint, bounds, and a certificate that can fail."""

import math

import numpy as np
import pytest

from v2g_nb.errors import Infeasible, InvalidInput
from v2g_nb.leader.line_search import maximise_on_line


def hills(x):
    return float(np.sin(5 * x) + 0.1 * x)


def test_the_highest_of_many_hills():
    found = maximise_on_line(lambda x: (hills(x), 1.0), 0.0, 10.0, 60).require()
    fine = np.linspace(0, 10, 400_001)
    assert found.value == pytest.approx((np.sin(5 * fine) + 0.1 * fine).max(), abs=1e-9)
    assert found.bound == ""


@pytest.mark.parametrize(("rise", "bound", "at"), [(1.0, "high", 3.0), (-1.0, "low", 1.0)])
def test_bounds(rise, bound, at):
    found = maximise_on_line(lambda x: (rise * x, 1.0), 1.0, 3.0)
    assert (found.bound, found.at) == (bound, at)


def test_constraint_that_binds_between_grid_points():
    found = maximise_on_line(lambda x: (x, np.sqrt(2) - x), 0.0, 3.0, 7).require()
    assert found.bound == "constraint"
    assert found.at == pytest.approx(np.sqrt(2), abs=1e-6)
    assert found.slack >= 0


@pytest.mark.parametrize("side", [1.0, -1.0])
def test_a_peak_between_the_end_of_what_is_feasible_and_the_next_point(side):
    """The best grid point is the crossing itself, and no peak among points; the true one lies just inside."""
    found = maximise_on_line(lambda x: (-((side * x - 0.3) ** 2), side * x - 0.2), -4.0, 4.0, 9).require()
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


def counted(slack, most=300):
    """Return x and the room left there; more evaluations than `most` are taken for an endless loop."""
    calls = []

    def function(x):
        calls.append(x)
        assert len(calls) <= most, "the search does not end"
        return x, slack(x)

    return function


def test_a_single_feasible_point():
    found = maximise_on_line(counted(lambda x: 1.0 if x == 0 else -1.0), -1.0, 1.0, points=3)
    assert (found.at, found.slack) == (0.0, 1.0)


@pytest.mark.parametrize("width", [1e-14, 1e-10, 3e-8, 1e-7, 1e-4])
@pytest.mark.parametrize("beside", [-0.9, -0.4, 0.0, 0.6])
def test_what_is_feasible_may_be_thinner_than_the_step(width, beside):
    centre = 0.5 + beside * width
    found = maximise_on_line(counted(lambda x: width - abs(x - centre)), -1.0, 1.0, points=5)
    assert found.slack >= 0.0
    assert found.at == pytest.approx(centre + width, abs=width + 2e-7)


@pytest.mark.parametrize("nan_at", [0.0, 0.25, 0.5])
@pytest.mark.parametrize("part", [0, 1])
def test_nan_is_refused(nan_at, part):
    """At 0.75, on the second grid, there is a better point: with a NaN at 0.25 it went unnoticed."""

    def function(x):
        answer = [5.0 if x == 0.75 else x, 1.0]
        if x == nan_at:
            answer[part] = math.nan
        return tuple(answer)

    with pytest.raises(InvalidInput, match=rf"function\({nan_at}\)"):
        maximise_on_line(function, 0.0, 1.0, points=3)


def test_nan_beside_an_end_is_refused():
    """The probe next to an end, which leaves no trace among the evaluations."""
    with pytest.raises(InvalidInput, match="function"):
        maximise_on_line(lambda x: (-x if x in (0.0, 0.5, 1.0) else math.nan, 1.0), 0.0, 1.0, points=3)


@pytest.mark.parametrize("answer", [1.0, (1.0,), (1.0, 1.0, 1.0), (1.0, "half"), None])
def test_an_answer_that_is_not_two_numbers_is_refused(answer):
    with pytest.raises(InvalidInput, match=r"function\(0.0\) = .*must be two numbers"):
        maximise_on_line(lambda _: answer, 0.0, 1.0)


def test_an_error_of_the_function_stays_what_it_is():
    def broken(x):
        raise TypeError("mine")

    with pytest.raises(TypeError, match="mine"):
        maximise_on_line(broken, 0.0, 1.0)
