"""Who may enter when more cars come than the stations can serve: first come, first served."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from v2g_nb import checks
from v2g_nb.errors import InvalidInput

MAX_STATIONS = 16  # every set of stations is looked at
MAX_PLACES = 10**9  # of a station: sums over stations fit an int64


def first_come(room: Any, usable: Any, order: Any) -> NDArray[np.bool_]:
    """Return which cars get a place if each is taken, in turn, as long as all taken so far have one.

    A car is turned away only when no rearrangement of those before it leaves a place that it can
    use: cars can be placed if for every set of stations the cars that can use no other are at most
    as many as the places there (Hall). Such sets of cars are the independent sets of a matroid, so
    going through the cars in turn also takes in as many as possible.

    Parameters
    ----------
    room : array_like of int, shape (stations,)
        Places at each station; 0 to 1 billion.
    usable : array_like of bool, shape (cars, stations)
        Which stations each car can use. A car that can use none needs no place and is taken.
    order : array_like of int, shape (cars,)
        The cars in the order of their turn.

    Returns
    -------
    numpy.ndarray of bool, shape (cars,)
        Whether each car is taken.

    Raises
    ------
    InvalidInput
        If an argument is of the wrong kind, shape or range, `order` is no order of all cars, or there
        are more than 16 stations.

    Examples
    --------
    The third car has its turn before the second and takes the only station it can use. Both places
    are then gone, so the second car is turned away:

    >>> first_come([1, 1], [[True, False], [True, True], [False, True]], [0, 2, 1])
    array([ True, False,  True])
    """
    places = checks.array("room", room, shape=(None,), low=0, high=MAX_PLACES, whole=True).astype(np.int64)
    can = np.asarray(usable)
    if can.dtype != bool or can.ndim != 2 or can.shape[1] != len(places) or not len(can):
        raise checks.invalid("usable", usable, f"True or False for at least one car and {len(places)} stations")
    if len(places) > MAX_STATIONS:
        raise InvalidInput(f"room has {len(places)} stations: must be at most {MAX_STATIONS}")
    turn = checks.array("order", order, shape=(len(can),), low=0, high=len(can) - 1, whole=True).astype(np.int64)
    if not np.array_equal(np.sort(turn), np.arange(len(can))):
        raise checks.invalid("order", order, f"every number from 0 to {len(can) - 1} once")
    sets = ((np.arange(2 ** len(places))[:, None] >> np.arange(len(places))) & 1).astype(bool)
    left = sets @ places  # places of each set, less the cars taken that can use no other
    taken: NDArray[np.bool_] = np.logical_not(np.any(can, axis=1))
    for car in turn[~taken[turn]]:
        bound = np.all(sets | ~can[car], axis=1)  # the sets that hold all its stations
        if np.all(left[bound] > 0):
            left[bound] -= 1
            taken[car] = True
    return taken
