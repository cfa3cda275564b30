"""Waiting at a charging station: the kinked line of the paper, and its smooth stand-in."""

from typing import Any

import numpy as np
from scipy.special import spence

from v2g_nb import checks
from v2g_nb.checks import FloatArray


def _arguments(visits: Any, base: float, slope: float, capacity: float) -> tuple[FloatArray, float, float, float]:
    return (
        checks.array("visits", visits, low=0.0),
        checks.real("base", base, low=0.0),
        checks.real("slope", slope, low=0.0),
        checks.real("capacity", capacity, low=0.0),
    )


def waiting_time(visits: Any, *, base: float, slope: float, capacity: float) -> FloatArray:
    """Return the wait at a station: a base, and a queue once visits exceed the piles.

    Parameters
    ----------
    visits : array_like
        Vehicles that stop [veh/h], at least 0.
    base : float
        W0, the wait without a queue [min].
    slope : float
        beta, minutes for each vehicle beyond the capacity [min/(veh/h)].
    capacity : float
        C_n, the station's capacity [veh/h].

    Returns
    -------
    numpy.ndarray
        Minutes, of the shape of `visits`.

    Raises
    ------
    InvalidInput
        If an argument is negative or no number.

    Examples
    --------
    >>> waiting_time([50.0, 100.0], base=3.0, slope=0.5, capacity=90.0)
    array([3., 8.])

    References
    ----------
    Equation (4b) of the city paper.
    """
    x, start, rise, room = _arguments(visits, base, slope, capacity)
    wait: FloatArray = start + rise * np.maximum(0.0, x - room)
    return wait


def smooth_waiting_time(visits: Any, *, base: float, slope: float, capacity: float, sharpness: float) -> FloatArray:
    """Return the smooth stand-in for :func:`waiting_time`.

    Parameters
    ----------
    visits : array_like
        Vehicles that stop [veh/h], at least 0.
    base : float
        W0, the wait without a queue [min].
    slope : float
        beta, minutes for each vehicle beyond the capacity [min/(veh/h)].
    capacity : float
        C_n, the station's capacity [veh/h].
    sharpness : float
        k, how closely the kink is followed [h/veh], above 0.

    Returns
    -------
    numpy.ndarray
        Minutes; above the kinked line everywhere, at most by ``slope ln 2 / sharpness``, at the kink.

    Raises
    ------
    InvalidInput
        If an argument is negative or no number, or `sharpness` is not above 0.

    Examples
    --------
    >>> smooth_waiting_time([90.0], base=3.0, slope=0.5, capacity=90.0, sharpness=0.5).round(4)
    array([3.6931])

    References
    ----------
    Equation (7) of the city paper.
    """
    x, start, rise, room = _arguments(visits, base, slope, capacity)
    k = checks.real("sharpness", sharpness, low=0.0, open_low=True)
    wait: FloatArray = start + rise / k * np.logaddexp(0.0, k * (x - room))
    return wait


def waiting_time_integral(visits: Any, *, base: float, slope: float, capacity: float, sharpness: float) -> FloatArray:
    """Return the integral of :func:`smooth_waiting_time` from 0 to `visits`.

    Parameters
    ----------
    visits : array_like
        Vehicles that stop [veh/h], at least 0.
    base : float
        W0, the wait without a queue [min].
    slope : float
        beta, minutes for each vehicle beyond the capacity [min/(veh/h)].
    capacity : float
        C_n, the station's capacity [veh/h].
    sharpness : float
        k, how closely the kink is followed [h/veh], above 0.

    Returns
    -------
    numpy.ndarray
        [veh min/h]

    Raises
    ------
    InvalidInput
        If an argument is negative or no number, or `sharpness` is not above 0.

    Examples
    --------
    >>> waiting_time_integral([0.0, 90.0], base=3.0, slope=0.5, capacity=90.0, sharpness=0.5).round(4)
    array([  0.    , 271.6449])
    """
    x, start, rise, room = _arguments(visits, base, slope, capacity)
    k = checks.real("sharpness", sharpness, low=0.0, open_low=True)

    # The integral of the softplus is -Li2(-exp(z)); SciPy's spence(z) is Li2(1 - z). For large z
    # the exponential overflows, and Li2's inversion formula takes over.
    def softplus_integral(z: FloatArray) -> FloatArray:
        small = -spence(1.0 + np.exp(np.minimum(z, 0.0)))
        large = z**2 / 2.0 + np.pi**2 / 6.0 + spence(1.0 + np.exp(-np.maximum(z, 0.0)))
        return np.where(z <= 0.0, small, large)

    grown: FloatArray = start * x + rise / k**2 * (
        softplus_integral(k * (x - room)) - softplus_integral(-k * room + 0 * x)
    )
    return grown
