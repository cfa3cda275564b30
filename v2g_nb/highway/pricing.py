"""The pricing game at one station: cars as followers, in the paper's form and in one whose units agree."""

from collections.abc import Iterator
from typing import Annotated

import numpy as np
from numpy.typing import ArrayLike

from v2g_nb.checks import Array, FloatArray, Number, Whole
from v2g_nb.errors import InvalidInput
from v2g_nb.highway.instance import Positive
from v2g_nb.leader.followers import Followers

COST = 0.03  # a of Table 1
WEIGHTS = (10.0, 10.0, 0.1)  # b_1, b_2, b_3 of Table 1
PRICE_CAP = 6.0  # ours: the paper names none
WORTH = 60.0  # value of the first kWh in the consistent form; ours

Capacity = Annotated[FloatArray, Array("cars", low=0, open_low=True)]
Charge = Annotated[FloatArray, Array("cars", low=0, high=1)]
Three = Annotated[ArrayLike, Array("3", low=0)]
Steps = Annotated[int, Whole(1)]
Price = Annotated[float, Number(low=0)]


def satisfaction_parameter(
    capacity_kwh: Capacity, soc: Charge, *, steps: Steps = 1, in_kwh: bool = False
) -> FloatArray:
    """Return theta, how fast a car's satisfaction with another unit of energy falls.

    As printed it subtracts a share from a capacity in kWh, and it grows with the need, while the
    text wants it to fall. The text does not say over which steps the sum runs.

    Parameters
    ----------
    capacity_kwh : array_like, shape (cars,)
        nu: battery of each car.
    soc : array_like, shape (cars,)
        e: charge on arrival, as a share.
    steps : int
        Number of equal terms in the sum; at least 1.
    in_kwh : bool
        Whether to subtract the energy e nu instead of the share e.

    Returns
    -------
    numpy.ndarray, shape (cars,)

    Raises
    ------
    InvalidInput
        If an argument is of the wrong kind or out of range, or a difference is not positive.

    Examples
    --------
    >>> satisfaction_parameter([40.0], [0.25]), satisfaction_parameter([40.0], [0.25], steps=15, in_kwh=True)
    (array([39.75]), array([2.]))

    References
    ----------
    Yoshihara and Namerikawa, equation (15).
    """
    missing = capacity_kwh - (soc * capacity_kwh if in_kwh else soc)
    if np.any(missing <= 0):
        i = int(np.argmax(missing <= 0))
        raise InvalidInput(f"soc[{i}] = {soc[i]}, capacity_kwh[{i}] = {capacity_kwh[i]}: no capacity is left to charge")
    return missing / steps


def literal_followers(
    capacity_kwh: Capacity, soc: Charge, *, weights: Three = WEIGHTS, steps: Steps = 1, in_kwh: bool = False
) -> Followers:
    """Return the cars of equation (31): demand (nu - b2 p - b3 (1 / (mean nu f) - 1 / nu)) / (b1 theta).

    With the weights 1, 2 - 1/n and 0 they are the n cars of equation (14), whose utility contains
    p (E - mean E): the mean holds each car's own demand with weight 1/n and enters additively, so what a
    car wants does not depend on the others.

    Parameters
    ----------
    capacity_kwh : array_like, shape (cars,)
        nu: battery of each car.
    soc : array_like, shape (cars,)
        e: charge on arrival, as a share.
    weights : array_like, shape (3,)
        b1 and b2 (above 0) and b3.
    steps : int
        Number of terms, as in :func:`satisfaction_parameter`.
    in_kwh : bool
        Whether to subtract energies, as there.

    Returns
    -------
    Followers
        Bounded by 0 and what still fits into the battery, nu (1 - e).

    Raises
    ------
    InvalidInput
        If an argument is of the wrong kind or out of range.

    Examples
    --------
    >>> literal_followers([40.0], [0.25], weights=[10, 10, 0]).intercept.round(4)
    array([0.1006])

    References
    ----------
    Yoshihara and Namerikawa, equations (14) and (31)-(34).
    """
    b = np.asarray(weights)
    if b[0] == 0 or b[1] == 0:
        raise InvalidInput(f"weights = {b.tolist()}: the first two must be above 0")
    bend = b[0] * satisfaction_parameter(capacity_kwh, soc, steps=steps, in_kwh=in_kwh)
    n = len(capacity_kwh)
    others = b[2] * (1.0 / (capacity_kwh.mean() * n) - 1.0 / capacity_kwh)
    return Followers((capacity_kwh - others) / bend, b[1] / bend, np.zeros(n), capacity_kwh * (1 - soc))


def consistent_followers(capacity_kwh: Capacity, soc: Charge, *, worth: Positive = WORTH) -> Followers:
    """Return cars with U = w (E - E^2 / (2 n)) - p E, where n = nu (1 - e) still fits into the battery.

    The first kWh is worth w, the last one that fits is worth nothing: nobody wants more than fits.

    Parameters
    ----------
    capacity_kwh : array_like, shape (cars,)
        nu: battery of each car.
    soc : array_like, shape (cars,)
        e: charge on arrival, as a share; below 1.
    worth : float
        w: value of the first kWh [money per kWh]; above 0.

    Returns
    -------
    Followers
        With demand n (1 - p / w).

    Raises
    ------
    InvalidInput
        If an argument is of the wrong kind or out of range.

    Examples
    --------
    >>> from v2g_nb.leader import solve_leader
    >>> result = solve_leader(consistent_followers([50.0] * 6, [0.5] * 6), 0.03)
    >>> round(result.price, 3), round(result.sales, 3)
    (31.084, 72.289)
    """
    most = capacity_kwh * (1 - soc)
    if np.any(most <= 0):
        i = int(np.argmax(most <= 0))
        raise InvalidInput(f"soc[{i}] = {soc[i]}: must be below 1, or nothing fits into the battery")
    return Followers(most, most / worth, np.zeros(len(most)), most)


def repeated_game(
    followers: Followers,
    curvature: Annotated[FloatArray, Array("followers.slope.size", low=0, open_low=True)],
    *,
    price: Price = 0.0,
    price_cap: Price = PRICE_CAP,
    steps: Annotated[ArrayLike, Array("2", low=0, open_low=True)] = (0.2, 0.2),
    gradient_answer: bool = False,
) -> Iterator[tuple[float, FloatArray, FloatArray, FloatArray]]:
    """Yield the rounds of a game in which all move a step along their own gradient, for ever.

    The paper plays such a game "by the gradient method" and gives multipliers that start at 1 and
    two steps of 0.2, but not the rules. Here the station moves its price by the first step times
    its marginal profit (its sales), held between 0 and the cap; each multiplier moves by the second
    step times how far its bound is exceeded; each car answers with the best quantity for price and
    multipliers, or moves by the first step along its gradient. In the first round the multipliers do
    not count yet; from the second on only they hold quantities to their bounds.

    Parameters
    ----------
    followers : Followers
        The cars.
    curvature : array_like, shape (cars,)
        Second derivative of each car's utility (b1 theta), which turns multipliers into quantities.
    price : float
        Price to start from.
    price_cap : float
        Highest price.
    steps : array_like, shape (2,)
        x and y of Table 1; above 0.
    gradient_answer : bool
        Whether cars follow their gradient instead of answering at once. With the curvatures of the
        paper's form a step of 0.2 is far too long for that: quantities then grow without bound, at
        last to NaN.

    Yields
    ------
    price : float
        p.
    quantity : numpy.ndarray, shape (cars,)
        E.
    upper, lower : numpy.ndarray, shape (cars,)
        Multipliers of the upper and the lower bound of E.

    Raises
    ------
    InvalidInput
        If an argument is of the wrong kind or out of range.

    Examples
    --------
    >>> crowd = literal_followers([40.0], [0.25])
    >>> price, quantity, upper, lower = next(repeated_game(crowd, [397.5]))
    >>> price
    0.0

    References
    ----------
    Yoshihara and Namerikawa, section 4 and Table 1.
    """
    if price > price_cap:
        raise InvalidInput(f"price = {price}: must be at most price_cap = {price_cap}")
    along, across = np.asarray(steps)
    upper, lower = np.ones(len(curvature)), np.ones(len(curvature))
    quantity = np.clip(followers.intercept - followers.slope * price, followers.low, followers.high)
    while True:
        yield price, quantity.copy(), upper.copy(), lower.copy()
        price = min(max(price + along * float(quantity.sum()), 0.0), price_cap)
        upper = np.maximum(upper + across * (quantity - followers.high), 0.0)
        lower = np.maximum(lower + across * (followers.low - quantity), 0.0)
        answer = followers.intercept - followers.slope * price + (lower - upper) / curvature
        quantity = quantity + along * curvature * (answer - quantity) if gradient_answer else answer
