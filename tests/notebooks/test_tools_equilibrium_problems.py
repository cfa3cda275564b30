"""The numbers behind the figures of *Equilibrium problems*, from closed forms and other code than the chapter's."""

import numpy as np
import pytest
from scipy.optimize import brentq

from tests.notebooks.figures import column


def test_pulls_of_two_firms():
    """Marginal profits, as differences of profits; none is zero together inside the box."""
    first, second = column("tools/equilibrium-problems", "fig-equilibrium-box", "first", "second")
    pulls = column("tools/equilibrium-problems", "fig-equilibrium-box", "pull_first", "pull_second")
    h = 1e-4
    for own, other, pull in ((first, second, pulls[0]), (second, first, pulls[1])):
        profits = [(12 - x - other) * x for x in (own + h, own - h)]
        assert pull == pytest.approx((profits[0] - profits[1]) / (2 * h), abs=1e-6)
    assert (first.min(), first.max()) == (0.5, 2.5)


def test_guests_of_the_canteen():
    """Costs from wait and price, guest by guest, for each worth of a clerk's minute; where nobody moves any more."""
    minute = column("tools/equilibrium-problems", "fig-equilibrium-three", "worth of a clerk's minute")
    first = column("tools/equilibrium-problems", "fig-equilibrium-three", "first_x", "first_y")
    second = column("tools/equilibrium-problems", "fig-equilibrium-three", "second_x", "second_y")
    students = column("tools/equilibrium-problems", "fig-equilibrium-three", "students_line_x", "students_line_y")
    clerks = column("tools/equilibrium-problems", "fig-equilibrium-three", "clerks_line_x", "clerks_line_y")
    for worth in (0.2, 0.25, 0.4, 0.6, 0.8, 1.0):
        here = minute == worth
        assert here.sum() == 301

        def surplus(students: float, clerks: float, worth: float = worth) -> tuple[float, float]:
            wait, price = students + clerks, students + 1.5 * clerks
            lunches = 0.2 * 2 + 2.5, worth * 2 + 1.5 * 2.5  # at rest with one of each
            return lunches[0] - 0.2 * wait - price, lunches[1] - worth * wait - 1.5 * price

        for group, line in enumerate((students, clerks)):
            assert line[0][here][0] == pytest.approx(brentq(lambda s, k=group: surplus(s, 0.0)[k], 0, 9))
            assert line[1][here][0] == pytest.approx(brentq(lambda c, k=group: surplus(0.0, c)[k], 0, 9))
        corners = (students[0][here][0], 0.0), (0.0, clerks[1][here][0])
        for walk, start, corner in ((first, (1.6, 0.9), corners[0]), (second, (0.7, 1.7), corners[1])):
            x, y, mine = *start, [start]
            for step in range(1, 3001):
                gain = surplus(x, y)
                x, y = max(0.0, x + 0.2 * gain[0]), max(0.0, y + 0.2 * gain[1])
                if step % 10 == 0:
                    mine.append((x, y))
            assert np.transpose(walk)[here] == pytest.approx(np.array(mine), abs=1e-7)
            # below 0.3 the middle is the only place to rest, beyond it neither walk ends there
            assert (x, y) == pytest.approx((1.0, 1.0) if worth < 0.3 else corner, abs=0.02)
