"""Checks of arguments at the public border.

Each check returns the value in the type that the code behind it uses, or raises
:class:`~v2g_nb.errors.InvalidInput` with a message that names the argument, the value it had,
and what would be right. Code behind the border trusts its arguments.
"""

import math
from collections.abc import Callable, Collection, Sequence
from numbers import Integral, Real
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray

from v2g_nb.errors import InvalidInput

T = TypeVar("T")
FloatArray = NDArray[np.float64]


def shown(value: object) -> str:
    """Return a one-line form of `value`, short enough for a message."""
    if isinstance(value, np.ndarray) and value.size > 6:
        return f"an array of shape {value.shape}"
    words = repr(value.tolist() if isinstance(value, np.ndarray) else value)
    return words if len(words) <= 80 else words[:77] + "..."


def complain(name: str, value: object, right: str) -> InvalidInput:
    """Return the error that says: argument `name` has `value`, but must be `right`."""
    return InvalidInput(f"{name} = {shown(value)} ({type(value).__name__}): must be {right}")


def _interval(low: float, high: float, open_low: bool, open_high: bool, infinite: bool) -> str:
    number = "a number" if infinite else "a finite number"
    if low == -math.inf and high == math.inf:
        return number
    if high == math.inf:
        return f"{number} {'above' if open_low else 'of at least'} {low:g}{' or infinite' if infinite else ''}"
    if low == -math.inf:
        return f"{number} {'below' if open_high else 'of at most'} {high:g}"
    return f"a number in {'(' if open_low else '['}{low:g}, {high:g}{')' if open_high else ']'}"


def real(
    name: str,
    value: Any,
    *,
    low: float = -math.inf,
    high: float = math.inf,
    open_low: bool = False,
    open_high: bool = False,
    infinite: bool = False,
) -> float:
    """Return `value` as a float within the interval, or raise.

    Parameters
    ----------
    name : str
        The argument's name, for the message.
    value : real number
        What the caller gave. Booleans and strings are not numbers here.
    low, high : float
        Bounds of the interval, closed unless `open_low` or `open_high` says otherwise.
    open_low, open_high : bool
        Whether the bound itself is excluded.
    infinite : bool
        Whether an infinite value is allowed (NaN never is).

    Returns
    -------
    float

    Raises
    ------
    InvalidInput
        If `value` is no real number, not finite, or outside the interval.

    Examples
    --------
    >>> real("price", 3, low=0)
    3.0
    """
    right = _interval(low, high, open_low, open_high, infinite)
    if isinstance(value, np.ndarray) and value.ndim == 0:
        value = value[()]
    if isinstance(value, (bool, np.bool_)) or not isinstance(value, Real):
        raise complain(name, value, right)
    try:
        number = float(value)
    except OverflowError:  # a whole number or fraction beyond all floats
        raise complain(name, value, right) from None
    if math.isnan(number) or (math.isinf(number) and not infinite):
        raise complain(name, number, right)
    if number < low or number > high or (open_low and number == low) or (open_high and number == high):
        raise complain(name, number, right)
    return number


def integer(name: str, value: Any, *, low: int | None = None, high: int | None = None) -> int:
    """Return `value` as an int within [low, high], or raise.

    Floats are refused even when whole: a count that was computed as a float is a mistake worth
    seeing.

    Parameters
    ----------
    name : str
        The argument's name, for the message.
    value : integer
        What the caller gave.
    low, high : int, optional
        Closed bounds.

    Returns
    -------
    int

    Raises
    ------
    InvalidInput
        If `value` is no integer or outside the bounds.

    Examples
    --------
    >>> integer("servers", 8, low=1)
    8
    """
    right = "an integer"
    if low is not None:
        right += f" of at least {low}"
    if high is not None:
        right += f"{' and' if low is not None else ' of'} at most {high}"
    if isinstance(value, (bool, np.bool_)) or not isinstance(value, Integral):
        raise complain(name, value, right)
    number = int(value)
    if (low is not None and number < low) or (high is not None and number > high):
        raise complain(name, number, right)
    return number


def array(
    name: str,
    value: Any,
    *,
    shape: Sequence[int | None] | None = None,
    low: float = -math.inf,
    high: float = math.inf,
    open_low: bool = False,
    open_high: bool = False,
    infinite: bool = False,
    empty: bool = False,
    whole: bool = False,
) -> FloatArray:
    """Return `value` as a new float array of the given shape and range, or raise.

    Parameters
    ----------
    name : str
        The argument's name, for the message.
    value : array_like
        What the caller gave.
    shape : sequence of int or None, optional
        Length of each axis; None stands for any length. Without it any shape passes.
    low, high, open_low, open_high, infinite
        As in :func:`real`, for every element.
    empty : bool
        Whether an array without elements is allowed.
    whole : bool
        Whether every element must be a whole number.

    Returns
    -------
    numpy.ndarray of float
        A copy, so that later changes by the caller do not reach the code behind the border.

    Raises
    ------
    InvalidInput
        If `value` is not numeric, has the wrong shape, is empty, or has an element out of range
        (the message names the first such element).

    Examples
    --------
    >>> array("prices", [1, 2], shape=(None,), low=0)
    array([1., 2.])
    """
    try:
        raw = np.asarray(value)
    except ValueError:  # ragged nesting
        raise complain(name, value, "an array of numbers") from None
    # Objects such as Decimal or None, booleans, strings, complex numbers: no numbers here.
    if raw.dtype.kind not in "iuf" and not (empty and raw.size == 0):
        raise complain(name, value, "an array of numbers")
    result: FloatArray = np.array(raw, dtype=np.float64)
    if result.size == 0 and not empty:
        raise complain(name, value, "an array with at least one element")
    if shape is not None and (
        result.ndim != len(shape)
        or any(want not in (None, have) for want, have in zip(shape, result.shape, strict=True))
    ):
        want = "(" + ", ".join("any" if n is None else str(n) for n in shape) + ("," if len(shape) == 1 else "") + ")"
        raise InvalidInput(f"{name} = {shown(value)} has shape {result.shape}: must have shape {want}")
    bad = np.isnan(result) | (result < low) | (result > high)
    if not infinite:
        bad |= np.isinf(result)
    if open_low:
        bad |= result == low
    if open_high:
        bad |= result == high
    if whole:
        bad |= result != np.floor(result)
    if bad.any():
        where = tuple(int(i) for i in np.argwhere(bad)[0])
        index = "" if not where else "[" + ", ".join(map(str, where)) + "]"
        right = _interval(low, high, open_low, open_high, infinite)
        raise InvalidInput(f"{name}{index} = {float(result[where])!r}: must be {right}{' and whole' if whole else ''}")
    return result


def choice(name: str, value: Any, options: Collection[str]) -> str:
    """Return `value` if it is one of `options`, or raise.

    Parameters
    ----------
    name : str
        The argument's name, for the message.
    value : str
        What the caller gave.
    options : collection of str
        What is allowed.

    Returns
    -------
    str

    Raises
    ------
    InvalidInput
        If `value` is not among `options`.

    Examples
    --------
    >>> choice("method", "newton", ["newton", "picard"])
    'newton'
    """
    if not isinstance(value, str) or value not in options:
        raise complain(name, value, "one of " + ", ".join(repr(option) for option in options))
    return value


def flag(name: str, value: Any) -> bool:
    """Return `value` as a bool if it is one, or raise.

    Parameters
    ----------
    name : str
        The argument's name, for the message.
    value : bool
        What the caller gave.

    Returns
    -------
    bool

    Raises
    ------
    InvalidInput
        If `value` is no boolean.

    Examples
    --------
    >>> flag("exact", True)
    True
    """
    if not isinstance(value, (bool, np.bool_)):
        raise complain(name, value, "True or False")
    return bool(value)


def text(name: str, value: Any) -> str:
    """Return `value` if it is a string with something in it, or raise.

    Parameters
    ----------
    name : str
        The argument's name, for the message.
    value : str
        What the caller gave.

    Returns
    -------
    str

    Raises
    ------
    InvalidInput
        If `value` is no string, or blank.

    Examples
    --------
    >>> text("title", "Waiting lines")
    'Waiting lines'
    """
    if not isinstance(value, str) or not value.strip():
        raise complain(name, value, "a string that is not blank")
    return value


def function(name: str, value: Any) -> Callable[..., Any]:
    """Return `value` if it can be called, or raise.

    Parameters
    ----------
    name : str
        The argument's name, for the message.
    value : callable
        What the caller gave.

    Returns
    -------
    callable

    Raises
    ------
    InvalidInput
        If `value` cannot be called.

    Examples
    --------
    >>> function("draw", len) is len
    True
    """
    if not callable(value):
        raise complain(name, value, "a function")
    result: Callable[..., Any] = value
    return result


def generator(name: str, value: Any) -> np.random.Generator:
    """Return `value` if it is a random generator, or raise.

    Parameters
    ----------
    name : str
        The argument's name, for the message.
    value : numpy.random.Generator
        What the caller gave. A bare seed is refused: the caller decides which stream to draw from.

    Returns
    -------
    numpy.random.Generator

    Raises
    ------
    InvalidInput
        If `value` is no generator.

    Examples
    --------
    >>> rng = np.random.default_rng(1)
    >>> generator("rng", rng) is rng
    True
    """
    if not isinstance(value, np.random.Generator):
        raise complain(name, value, "a numpy.random.Generator, such as numpy.random.default_rng(1)")
    return value


def instance(name: str, value: Any, cls: type[T]) -> T:
    """Return `value` if it is an instance of `cls`, or raise.

    Parameters
    ----------
    name : str
        The argument's name, for the message.
    value : object
        What the caller gave.
    cls : type
        What it must be.

    Returns
    -------
    object
        `value` itself.

    Raises
    ------
    InvalidInput
        If `value` is of another type.

    Examples
    --------
    >>> instance("table", {}, dict)
    {}
    """
    if not isinstance(value, cls):
        home = "" if cls.__module__ == "builtins" else f"{cls.__module__}."
        raise complain(name, value, f"a {home}{cls.__name__}")
    return value
