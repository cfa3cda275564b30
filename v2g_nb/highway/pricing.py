"""The pricing game at one station: cars as followers, in the paper's forms and in one whose units agree."""

from collections.abc import Generator
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from v2g_nb import checks
from v2g_nb.errors import InvalidInput
from v2g_nb.leader.followers import Followers

FloatArray = NDArray[np.float64]
COST = 0.03  # a of Table 1
WEIGHTS = (10.0, 10.0, 0.1)  # b_1, b_2, b_3 of Table 1
PRICE_CAP = 6.0  # ours: the paper names none
WORTH = 60.0  # value of the first kWh in the consistent form; ours


def _batteries(capacity_kwh: Any, soc: Any) -> tuple[FloatArray, FloatArray]:
    capacity = checks.array("capacity_kwh", capacity_kwh, shape=(None,), low=0, open_low=True)
    return capacity, checks.array("soc", soc, shape=capacity.shape, low=0, high=1)


def satisfaction_parameter(capacity_kwh: Any, soc: Any, *, steps: int = 1, in_kwh: bool = False) -> FloatArray:
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
    capacity, charge = _batteries(capacity_kwh, soc)
    terms = checks.integer("steps", steps, low=1)
    missing = capacity - (charge * capacity if checks.flag("in_kwh", in_kwh) else charge)
    if np.any(missing <= 0):
        i = int(np.argmax(missing <= 0))
        raise InvalidInput(
            f"soc[{i}] = {charge[i]}, capacity_kwh[{i}] = {capacity[i]}: capacity less charge must be above 0"
        )
    return missing / terms


def literal_followers(
    capacity_kwh: Any, soc: Any, *, weights: Any = WEIGHTS, steps: int = 1, in_kwh: bool = False
) -> Followers:
    """Return the cars of equation (31): demand (nu - b2 p - b3 (1 / (mean nu f) - 1 / nu)) / (b1 theta).

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
        Bounded by 0 and the room in the battery, nu (1 - e).

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
    Yoshihara and Namerikawa, equations (31)-(34).
    """
    capacity, charge = _batteries(capacity_kwh, soc)
    b = checks.array("weights", weights, shape=(3,), low=0)
    if b[0] == 0 or b[1] == 0:
        raise InvalidInput(f"weights = {b.tolist()}: the first two must be above 0")
    theta = satisfaction_parameter(capacity, charge, steps=steps, in_kwh=in_kwh)
    others = b[2] * (1.0 / (capacity.mean() * len(capacity)) - 1.0 / capacity)
    return Followers(
        (capacity - others) / (b[0] * theta), b[1] / (b[0] * theta), np.zeros(len(capacity)), capacity * (1 - charge)
    )


def additive_followers(capacity_kwh: Any, soc: Any, *, steps: int = 1, in_kwh: bool = False) -> Followers:
    """Return the cars of equation (14), whose utility contains p (E - mean E).

    The mean holds each car's own demand with weight 1/n and enters additively: what a car wants
    does not depend on the others, and b2 is 2 - 1/n.

    Parameters
    ----------
    capacity_kwh : array_like, shape (cars,)
        nu: battery of each car.
    soc : array_like, shape (cars,)
        e: charge on arrival, as a share.
    steps : int
        Number of terms, as in :func:`satisfaction_parameter`.
    in_kwh : bool
        Whether to subtract energies, as there.

    Returns
    -------
    Followers

    Raises
    ------
    InvalidInput
        If an argument is of the wrong kind or out of range.

    Examples
    --------
    >>> additive_followers([40.0, 40.0], [0.25, 0.25], steps=15, in_kwh=True).slope
    array([0.75, 0.75])

    References
    ----------
    Yoshihara and Namerikawa, equation (14).
    """
    capacity, _ = _batteries(capacity_kwh, soc)
    return literal_followers(capacity, soc, weights=(1.0, 2.0 - 1.0 / len(capacity), 0.0), steps=steps, in_kwh=in_kwh)


def consistent_followers(capacity_kwh: Any, soc: Any, *, worth: float = WORTH) -> Followers:
    """Return cars with U = w (E - E^2 / (2 n)) - p E, where n = nu (1 - e) is the room in the battery.

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
    >>> from v2g_nb.leader.stackelberg import solve_leader
    >>> result = solve_leader(consistent_followers([50.0] * 6, [0.5] * 6), 0.03)
    >>> round(result.price, 3), round(result.sales, 3)
    (31.084, 72.289)
    """
    capacity, charge = _batteries(capacity_kwh, soc)
    w = checks.real("worth", worth, low=0, open_low=True)
    room = capacity * (1 - charge)
    if np.any(room <= 0):
        i = int(np.argmax(room <= 0))
        raise InvalidInput(f"soc[{i}] = {charge[i]}: must be below 1, or the car has no room")
    return Followers(room, room / w, np.zeros(len(room)), room)


class Round(NamedTuple):
    """State of the repeated game after a round.

    Parameters
    ----------
    price : float
        p.
    quantity : numpy.ndarray, shape (cars,)
        E.
    upper, lower : numpy.ndarray, shape (cars,)
        Multipliers of the upper and the lower bound of E.
    """

    price: float
    quantity: FloatArray
    upper: FloatArray
    lower: FloatArray


def repeated_game(
    followers: Followers,
    curvature: Any,
    *,
    price: float = 0.0,
    price_cap: float = PRICE_CAP,
    steps: Any = (0.2, 0.2),
    gradient_answer: bool = False,
) -> Generator[Round, None, None]:
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
    Round
        Price, quantities and multipliers.

    Raises
    ------
    InvalidInput
        At the first step, if an argument is of the wrong kind or out of range.

    Examples
    --------
    >>> crowd = literal_followers([40.0], [0.25])
    >>> rounds = repeated_game(crowd, [397.5])
    >>> next(rounds).price
    0.0

    References
    ----------
    Yoshihara and Namerikawa, section 4 and Table 1.
    """
    checks.instance("followers", followers, Followers)
    bend = checks.array("curvature", curvature, shape=followers.slope.shape, low=0, open_low=True)
    cap = checks.real("price_cap", price_cap, low=0)
    p = checks.real("price", price, low=0)
    if p > cap:
        raise InvalidInput(f"price = {p}: must be at most price_cap = {cap}")
    along, across = checks.array("steps", steps, shape=(2,), low=0, open_low=True)
    checks.flag("gradient_answer", gradient_answer)
    upper, lower = np.ones(len(bend)), np.ones(len(bend))
    wanted = followers.intercept - followers.slope * p
    quantity = np.clip(wanted, followers.low, followers.high)
    while True:
        yield Round(p, quantity.copy(), upper.copy(), lower.copy())
        p = min(max(p + along * float(quantity.sum()), 0.0), cap)
        upper = np.maximum(upper + across * (quantity - followers.high), 0.0)
        lower = np.maximum(lower + across * (followers.low - quantity), 0.0)
        answer = followers.intercept - followers.slope * p + (lower - upper) / bend
        quantity = quantity + along * bend * (answer - quantity) if gradient_answer else answer
