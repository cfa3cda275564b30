"""The money in which the price game is checked, so that tolerances mean the same in every currency."""

from v2g_nb import checks

MOST = 10.0  # the shared group's intercept in that money, as in the paper's instance


def unit_of(shared: float) -> float:
    """Return how much money one unit is, if it is to make `shared` 10; prices are divided by it, profits twice.

    Beyond the bounds profits, which grow with the square, would overflow or vanish.
    """
    return checks.real("shared", shared, low=1e-100, high=1e100) / MOST
