"""The numbers behind the figures of *Computing an equilibrium*, from closed forms and other code than the chapter's."""

import numpy as np
import pytest

from tests.notebooks.figures import column


def test_turning_paths():
    """The same walks in complex numbers: F is a multiplication by exp(i angle)."""
    angle, step = column("tools/computing-equilibria", "fig-equilibrium-turning", "angle [degrees]", "step", every=41)
    x, p = column("tools/computing-equilibria", "fig-equilibrium-turning", "projection_x", "projection_p")
    ahead_x, ahead_p = column(
        "tools/computing-equilibria", "fig-equilibrium-turning", "extragradient_x", "extragradient_p"
    )

    def cut(z):
        return np.clip(z.real, 0, 4) + 1j * np.clip(z.imag, 0, 4)

    centre, turn = 2 + 2j, step[:, None] * np.exp(1j * np.radians(angle[:, None]))
    plain, extra = (x + 1j * p).reshape(24, 41), (ahead_x + 1j * ahead_p).reshape(24, 41)
    assert plain[:, 1:] == pytest.approx(cut(plain[:, :-1] - turn * (plain[:, :-1] - centre)), abs=1e-7)
    ahead = cut(extra[:, :-1] - turn * (extra[:, :-1] - centre))
    assert extra[:, 1:] == pytest.approx(cut(extra[:, :-1] - turn * (ahead - centre)), abs=1e-7)
    assert plain[:, 0] == pytest.approx(np.full(24, 3.5 + 2j))
    distance = np.abs(extra - centre)
    assert (np.diff(distance[step < 1], axis=1) <= 1e-9).all()  # the theorem
    assert (np.abs(plain - centre)[angle == 90, -1] > 1.5).all()  # and what the other method does there


def test_newton_figure():
    """Both end at costs and demands; the pure method takes over four times as long and goes far away."""
    smooth, pure = column("tools/computing-equilibria", "fig-equilibrium-newton", "smooth_error", "pure_error")
    rng = np.random.default_rng(0)
    wanted, unit = rng.uniform(1, 5, 30), rng.uniform(1, 3, 30)
    assert smooth[0] == pure[0] == pytest.approx(max(wanted.max() - 0.001, unit.max()))
    assert smooth[-1] < 1e-7
    assert pure[-1] < 1e-7
    assert len(pure) > 4 * len(smooth)
    assert pure.max() > 1e7
    assert smooth.max() < 1e3
