"""The price competition of two stations in closed form: an atomless mixed equilibrium.

One group values both stations alike (intercept a); another values the first at b1 and the second at
b2 = b1 - d. The first group buys where it is cheaper; the second stays at the first station up to a
price difference of d.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import root

from v2g_nb import checks
from v2g_nb.certificate import Certificate
from v2g_nb.errors import Infeasible
from v2g_nb.grid.certificates.money import MOST, unit_of
from v2g_nb.grid.certificates.price_proof import price_proof
from v2g_nb.grid.certificates.prices import price_equilibrium_certificates

FloatArray = NDArray[np.float64]


@dataclass(frozen=True)
class MixedPrices:
    """A mixed equilibrium of the price game: two distributions without atoms.

    Parameters
    ----------
    shared : float
        Intercept of the group that values both stations alike (a).
    loyal : tuple of float
        Intercepts of the group that prefers the first station (b1, b2).
    lowest : tuple of float
        Lowest price of each station (L1, L2); the highest is b1 - b2 above.
    profit : tuple of float
        Expected profit of each station (u1, u2).
    converged, num_iter, residual
        How the two equations for L1 and L2 were solved.
    certificates : tuple of Certificate
        Distribution functions that rise from 0 to 1, equal profit on the support, no gain off it:
        proved in fractions for every price, and scanned over 4 001 prices with `cdf`. Their prices
        and profits are in that money in which `shared` is 10.
    """

    shared: float
    loyal: tuple[float, float]
    lowest: tuple[float, float]
    profit: tuple[float, float]
    converged: bool
    num_iter: int
    residual: float
    certificates: tuple[Certificate, ...]

    def cdf(self, station: int, price: Any) -> FloatArray:
        """Return the probability that a station's price is at most `price`.

        Parameters
        ----------
        station : {0, 1}
            Which station.
        price : array_like
            Prices, of any shape.

        Returns
        -------
        numpy.ndarray

        Raises
        ------
        InvalidInput
            If an argument is not of that kind.
        """
        checks.integer("station", station, low=0, high=1)
        p = checks.array("price", price, infinite=True)
        low = self.lowest[station]
        inside = np.clip(p, low, low + self.loyal[0] - self.loyal[1])
        return 1.0 - _survival(self.shared, self.loyal, self.lowest, station, inside)


def _profit(shared: float, loyal: tuple[float, float], lowest: Any) -> tuple[float, float]:
    """Return the profits that the lowest prices imply."""
    (low1, low2), gap = lowest, loyal[0] - loyal[1]
    return float((low2 + gap) * (loyal[1] - low2) / 2.0), float(low1 * (shared - low1) / 2.0)


def _survival(shared: float, loyal: tuple[float, float], lowest: Any, station: int, p: FloatArray) -> FloatArray:
    """Return the probability that the station's price is above p, from the rival's indifference."""
    (b1, b2), (low1, low2) = loyal, lowest
    gap = b1 - b2
    u1, u2 = _profit(shared, loyal, lowest)
    with np.errstate(divide="ignore", invalid="ignore"):
        if station == 0:  # the second station is indifferent: alone at p, or with the loyal group at p - gap
            alone = 2.0 * u2 / (p * (shared - p))
            far = p - gap
            joint = (2.0 * u2 / far - (shared - far)) / (b2 - far)
            return np.where(p <= low2 + gap, alone, joint)
        near = (2.0 * u1 / p - (b1 - p)) / (shared - p)
        kept = 2.0 * u1 / ((p + gap) * (b2 - p))
        return np.where(p >= low1, near, kept)


def mixed_prices(shared: float = 10.0, preferred: float = 12.0, other: float = 9.0) -> MixedPrices:
    """Return the atomless mixed equilibrium of the price game.

    Parameters
    ----------
    shared : float
        Intercept of the group that values both stations alike, from 1e-100 to 1e100.
    preferred, other : float
        Intercepts of the second group at the first and at the second station.

    Returns
    -------
    MixedPrices

    Raises
    ------
    InvalidInput
        If an intercept is not positive, `shared` is out of range, or `preferred` is not above `other`.
    Infeasible
        If no such equilibrium exists for these numbers.

    Examples
    --------
    >>> found = mixed_prices()
    >>> [round(p, 4) for p in found.lowest], [round(u, 4) for u in found.profit]
    ([1.8106, 1.0751], [16.1474, 7.4139])

    Notes
    -----
    With a for `shared`, b1 and b2 for `preferred` and `other`, d = b1 - b2 and b2 <= a <= b1, the
    closed form is an equilibrium exactly if 0 < L2 < L1 < L2 + d <= a/2 and L1 <= (b2 - d)/2. The
    chapter *Prices drawn at random* proves it. For other numbers the certificates decide.

    References
    ----------
    The game of equations (10) and (13) of the paper, whose equilibrium the paper does not compute.
    """
    unit = unit_of(shared)
    checks.real("other", other, low=0.0, open_low=True)
    checks.real("preferred", preferred, low=other, open_low=True)
    loyal = (float(preferred), float(other))
    (low1, low2), evaluations, residual = _solve((loyal[0] / unit, loyal[1] / unit))
    lowest = (low1 * unit, low2 * unit)
    profit = _profit(shared, loyal, lowest)
    parts = (float(shared), loyal, lowest, profit, residual < 1e-9, evaluations, residual)
    draft = MixedPrices(*parts, ())
    scanned = price_equilibrium_certificates(shared, loyal, lowest, profit, draft.cdf)
    certificates = (*price_proof(shared, loyal, lowest, profit), *scanned)
    failing = [str(c) for c in certificates if not c.holds]
    if residual >= 1e-9 or failing:
        raise Infeasible(
            f"shared = {float(shared)}, preferred = {preferred:g}, other = {other:g}: no atomless equilibrium; "
            + ("; ".join(failing) or "the equations for the lowest prices have no solution")
        )
    return MixedPrices(*parts, certificates)


def _solve(loyal: tuple[float, float]) -> tuple[tuple[float, float], int, float]:
    """Return the lowest prices where `shared` is 10, how often the equations were evaluated, and the larger jump."""
    # The blind price of the shared group is a/2; undercutting starts well below it.
    start = np.array([0.6, 0.36]) * (loyal[0] - loyal[1])

    def jumps(low: FloatArray) -> FloatArray:
        return _continuity(MOST, loyal, low)

    with np.errstate(all="ignore"):
        answer = root(jumps, start, tol=1e-13)
        residual = float(np.max(np.abs(jumps(answer.x))))
    return (float(answer.x[0]), float(answer.x[1])), int(answer.nfev), residual


def _continuity(shared: float, loyal: tuple[float, float], lowest: Any) -> FloatArray:
    """Return the two continuity conditions, each formula evaluated exactly where they meet."""
    (b1, b2), (low1, low2) = loyal, lowest
    gap = b1 - b2
    u1, u2 = (low2 + gap) * (b2 - low2) / 2.0, low1 * (shared - low1) / 2.0
    meet = low2 + gap
    first = 2.0 * u2 / (meet * (shared - meet)) - (2.0 * u2 / low2 - (shared - low2)) / (b2 - low2)
    second = 2.0 * u1 / ((low1 + gap) * (b2 - low1)) - (2.0 * u1 / low1 - (b1 - low1)) / (shared - low1)
    return np.array([first, second])
