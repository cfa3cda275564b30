"""What the figures of the chapter on mixed strategies show, against independent computations."""

from fractions import Fraction

import numpy as np
from numpy.testing import assert_allclose

from tests.notebooks.figures import column
from v2g_nb.grid import PriceGrid, paper_market


def test_regret_map():
    q, p, regret = column("grid/mixed-strategies", "fig-regret-map", "second_low", "first_low", "regret")

    def lost(own, other):
        """Return the regret of a player: low against low 0, low against high 7, high 2 or 6."""
        low, high = 7 * (1 - other), 2 * other + 6 * (1 - other)
        return np.maximum(low, high) - own * low - (1 - own) * high

    assert_allclose(regret, lost(p, q) + lost(q, p), atol=1e-8)
    assert regret.shape == (49,)


def test_price_mixes_are_equilibria():
    chosen, price = column("grid/mixed-strategies", "fig-price-mix", "prices per unit", "price")
    first, second = column("grid/mixed-strategies", "fig-price-mix", "cs1_probability", "cs2_probability")
    for steps in (1, 2, 3, 4, 5, 6, 8, 10):
        here = chosen == steps
        game = PriceGrid(paper_market(), steps, 6)
        assert_allclose(price[here], game.prices, atol=1e-9)
        assert float(Fraction(int(here.sum()) - 1, steps)) == 6.0
        for payoff, own, other in ((game.row_payoff, first, second), (game.column_payoff.T, second, first)):
            value = payoff @ other[here] / game.scale
            assert abs(own[here].sum() - 1) < 1e-8
            assert value.max() - value @ own[here] < 1e-7
