"""The numbers behind the figures of *Equilibrium problems*, from closed forms and other code than the chapter's."""

import numpy as np
import pytest
from scipy.optimize import brentq

from tests.notebooks.figures import column


def test_pulls_of_two_firms():
    """Marginal profits, as differences of profits; none is zero together inside the box."""
    first = column("tools/equilibrium-problems", "fig-equilibrium-box", "first")
    second = column("tools/equilibrium-problems", "fig-equilibrium-box", "second")
    h = 1e-4
    for own, other, pull in (
        (first, second, column("tools/equilibrium-problems", "fig-equilibrium-box", "pull_first")),
        (second, first, column("tools/equilibrium-problems", "fig-equilibrium-box", "pull_second")),
    ):
        profits = [(12 - x - other) * x for x in (own + h, own - h)]
        assert pull == pytest.approx((profits[0] - profits[1]) / (2 * h), abs=1e-6)
    assert (first.min(), first.max()) == (0.5, 3.0)


def test_guests_of_the_canteen():
    """Costs from wait and price, guest by guest; both paths end where the other kind stays away."""

    def surplus(students, clerks):
        wait, price = students + clerks, students + 1.5 * clerks
        return 2.9 - 0.2 * wait - price, 5.35 - 0.8 * wait - 1.5 * price

    walks = (
        (
            column("tools/equilibrium-problems", "fig-equilibrium-three", "students_x"),
            column("tools/equilibrium-problems", "fig-equilibrium-three", "students_y"),
        ),
        (
            column("tools/equilibrium-problems", "fig-equilibrium-three", "clerks_x"),
            column("tools/equilibrium-problems", "fig-equilibrium-three", "clerks_y"),
        ),
    )
    for x, y in walks:
        gain = surplus(x[:-1], y[:-1])
        assert x[1:] == pytest.approx(np.maximum(0, x[:-1] + 0.2 * gain[0]), abs=1e-7)
        assert y[1:] == pytest.approx(np.maximum(0, y[:-1] + 0.2 * gain[1]), abs=1e-7)
        assert np.hypot(x[0] - 1, y[0] - 1) < 0.15
    only_students = brentq(lambda s: surplus(s, 0.0)[0], 0, 9)
    only_clerks = brentq(lambda c: surplus(0.0, c)[1], 0, 9)
    assert [walks[0][0][-1], walks[0][1][-1]] == pytest.approx([only_students, 0.0], abs=1e-6)
    assert [walks[1][0][-1], walks[1][1][-1]] == pytest.approx([0.0, only_clerks], abs=1e-6)
    rest_x = column("tools/equilibrium-problems", "fig-equilibrium-three", "rest_x")
    rest_y = column("tools/equilibrium-problems", "fig-equilibrium-three", "rest_y")
    assert rest_x == pytest.approx([0, 1, only_students])
    assert rest_y == pytest.approx([only_clerks, 1, 0])
    assert surplus(1.0, 1.0) == pytest.approx((0, 0))


def test_turning_paths():
    """The same walks in complex numbers: F is a multiplication by exp(i angle)."""
    angle = column("tools/equilibrium-problems", "fig-equilibrium-turning", "angle [degrees]").reshape(24, 41)[:, 0]
    step = column("tools/equilibrium-problems", "fig-equilibrium-turning", "step").reshape(24, 41)[:, 0]
    plain = column("tools/equilibrium-problems", "fig-equilibrium-turning", "projection_x") + 1j * column(
        "tools/equilibrium-problems", "fig-equilibrium-turning", "projection_p"
    )
    extra = column("tools/equilibrium-problems", "fig-equilibrium-turning", "extragradient_x") + 1j * column(
        "tools/equilibrium-problems", "fig-equilibrium-turning", "extragradient_p"
    )

    def cut(z):
        return np.clip(z.real, 0, 4) + 1j * np.clip(z.imag, 0, 4)

    centre, turn = 2 + 2j, step[:, None] * np.exp(1j * np.radians(angle[:, None]))
    plain, extra = plain.reshape(24, 41), extra.reshape(24, 41)
    assert plain[:, 1:] == pytest.approx(cut(plain[:, :-1] - turn * (plain[:, :-1] - centre)), abs=1e-7)
    ahead = cut(extra[:, :-1] - turn * (extra[:, :-1] - centre))
    assert extra[:, 1:] == pytest.approx(cut(extra[:, :-1] - turn * (ahead - centre)), abs=1e-7)
    assert plain[:, 0] == pytest.approx(np.full(24, 3.5 + 2j))
    distance = np.abs(extra - centre)
    assert (np.diff(distance[step < 1], axis=1) <= 1e-9).all()  # the theorem
    assert (np.abs(plain - centre)[angle == 90, -1] > 1.5).all()  # and what the other method does there


def test_newton_figure():
    """Both end at costs and demands; the pure method takes over four times as long and goes far away."""
    smooth = column("tools/equilibrium-problems", "fig-equilibrium-newton", "smooth_error")
    pure = column("tools/equilibrium-problems", "fig-equilibrium-newton", "pure_error")
    rng = np.random.default_rng(0)
    wanted, unit = rng.uniform(1, 5, 30), rng.uniform(1, 3, 30)
    assert smooth[0] == pure[0] == pytest.approx(max(wanted.max() - 0.001, unit.max()))
    assert smooth[-1] < 1e-7
    assert pure[-1] < 1e-7
    assert len(pure) > 4 * len(smooth)
    assert pure.max() > 1e7
    assert smooth.max() < 1e3
