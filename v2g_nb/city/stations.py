"""Waiting at a charging station: the kinked line of the paper, and its smooth stand-in."""

from typing import Annotated

import numpy as np

from v2g_nb.checks import Array, FloatArray
from v2g_nb.city.trips import NonNegative, Positive


def waiting_time(
    visits: Annotated[FloatArray, Array(low=0.0)],
    *,
    base: NonNegative,
    slope: NonNegative,
    capacity: NonNegative,
    sharpness: Positive | None = None,
) -> FloatArray:
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
    sharpness : float, optional
        k [h/veh], above 0: how closely the smooth stand-in (7) follows the kink; without it the kinked line (4b).

    Returns
    -------
    numpy.ndarray
        Minutes, of the shape of `visits`. The smooth line is above the kinked one everywhere, at most by
        ``slope ln 2 / sharpness``, at the kink.

    Raises
    ------
    InvalidInput
        If an argument is negative or no number, or `sharpness` is not above 0.

    Examples
    --------
    >>> station = {"base": 3.0, "slope": 0.5, "capacity": 90.0}
    >>> waiting_time([50.0, 100.0], **station)
    array([3., 8.])
    >>> waiting_time([90.0], **station, sharpness=0.5).round(4)
    array([3.6931])

    References
    ----------
    Equations (4b) and (7) of the city paper.
    """
    if sharpness is None:
        return np.asarray(base + slope * np.maximum(0.0, visits - capacity))
    return np.asarray(base + slope / sharpness * np.logaddexp(0.0, sharpness * (visits - capacity)))
