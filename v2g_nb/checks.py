"""Checks of what a reader hands in, and the kinds that annotations name.

Each check returns the value in the type that the code behind it uses, or raises
:class:`~v2g_nb.errors.InvalidInput` with a message that names the argument, the value it had, and what
would be right. Most arguments need no call: a kind in their annotation, such as
``Annotated[FloatArray, Array("cars", low=0.0)]``, is checked where :mod:`v2g_nb.arguments` says.
"""

import math
import re
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from numbers import Integral, Rational, Real
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray

from v2g_nb.errors import InvalidInput

T = TypeVar("T")
FloatArray = NDArray[np.float64]
IntArray = NDArray[np.int64]
BoolArray = NDArray[np.bool_]


def shown(value: object) -> str:
    """Return a one-line form of `value`, short enough for a message."""
    if isinstance(value, np.ndarray) and value.size > 6:
        return f"an array of shape {value.shape}"
    words = repr(value.tolist() if isinstance(value, np.ndarray) else value)
    return words if len(words) <= 80 else words[:77] + "..."


def invalid(name: str, value: object, right: str) -> InvalidInput:
    """Return the error that says: argument `name` has `value`, but must be `right`."""
    return InvalidInput(f"{name} = {shown(value)} ({type(value).__name__}): must be {right}")


def _interval(low: float, high: float, open_low: bool, open_high: bool, infinite: bool) -> str:
    number = "a number" if infinite else "a finite number"
    low, high = float(low), float(high)  # bounds may come as fractions, which know no format
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
    """Return `value` as a float within the interval; booleans, strings, time spans and NaN are no numbers here.

    >>> real("price", 3, low=0)
    3.0
    """
    if isinstance(value, np.ndarray) and value.ndim == 0 and not np.ma.isMaskedArray(value):
        value = value[()]
    number = math.nan
    if isinstance(value, Real) and not isinstance(value, (bool, np.bool_, np.timedelta64)):
        try:
            number = float(value)
        except OverflowError:  # a whole number or fraction beyond all floats
            number = math.nan
        if isinstance(value, Rational) and number == 0.0 != value:  # below all floats
            number = math.nan
    good = low <= number <= high and (infinite or math.isfinite(number))
    if not good or (open_low and number == low) or (open_high and number == high):
        raise invalid(name, value, _interval(low, high, open_low, open_high, infinite))
    return number


def integer(name: str, value: Any, *, low: int | None = None, high: int | None = None) -> int:
    """Return `value` as an int within [low, high]; floats are refused even when whole.

    A count that was computed as a float is a mistake worth seeing.

    >>> integer("servers", 8, low=1)
    8
    """
    right = "an integer"
    if low is not None:
        right += f" of at least {low}"
    if high is not None:
        right += f"{' and' if low is not None else ' of'} at most {high}"
    if isinstance(value, (bool, np.bool_, np.timedelta64)) or not isinstance(value, Integral):
        raise invalid(name, value, right)
    number = int(value)
    if (low is not None and number < low) or (high is not None and number > high):
        raise invalid(name, number, right)
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
    """Return `value` as a new float array of the given shape and range.

    In `shape` None stands for any length; without it any shape passes. `empty` allows an array without
    elements, `whole` asks for whole numbers. It is a copy: later changes by the caller do not reach the
    code behind. The message names the first element that is out of range.

    >>> array("prices", [1, 2], shape=(None,), low=0)
    array([1., 2.])
    """
    if np.ma.isMaskedArray(value):  # the mask would be lost without a word
        raise invalid(name, value, "an array without a mask; fill or drop what is masked")
    try:
        raw = np.asarray(value)
    except ValueError:  # ragged nesting
        raise invalid(name, value, "an array of numbers") from None
    # Objects such as Decimal or None, booleans, strings, complex numbers: no numbers here.
    if raw.dtype.kind not in "iuf" and not (empty and raw.size == 0):
        raise invalid(name, value, "an array of numbers")
    result: FloatArray = np.array(raw, dtype=np.float64)
    if result.size == 0 and not empty:
        raise invalid(name, value, "an array with at least one element")
    if shape is not None and (
        result.ndim != len(shape)
        or any(want not in (None, have) for want, have in zip(shape, result.shape, strict=True))
    ):
        want = "(" + ", ".join("any" if n is None else str(n) for n in shape) + ("," if len(shape) == 1 else "") + ")"
        raise InvalidInput(f"{name} = {shown(value)} has shape {result.shape}: must have shape {want}")
    bad = ~((result >= low) & (result <= high))  # NaN is bad, too
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
    """Return `value` if it is one of `options`.

    >>> choice("method", "newton", ["newton", "picard"])
    'newton'
    """
    if not isinstance(value, str) or value not in options:
        raise invalid(name, value, "one of " + ", ".join(repr(option) for option in options))
    return value


def flag(name: str, value: Any) -> bool:
    """Return `value` as a bool if it is one.

    >>> flag("exact", True)
    True
    """
    if not isinstance(value, (bool, np.bool_)):
        raise invalid(name, value, "True or False")
    return bool(value)


def text(name: str, value: Any, *, blank: bool = False, pattern: str = "", right: str = "") -> str:
    """Return `value` if it is a string, with something in it unless `blank` strings may stand.

    Where there is a `pattern`, all of it must match; `right` says what that is.

    >>> text("title", "Waiting lines")
    'Waiting lines'
    """
    if not isinstance(value, str) or not (blank or value.strip()):
        raise invalid(name, value, right or ("a string" if blank else "a string that is not blank"))
    if pattern and not re.fullmatch(pattern, value):
        raise invalid(name, value, right)
    return value


def function(name: str, value: Any) -> Callable[..., Any]:
    """Return `value` if it can be called.

    >>> function("draw", len) is len
    True
    """
    if not callable(value):
        raise invalid(name, value, "a function")
    result: Callable[..., Any] = value
    return result


def generator(name: str, value: Any) -> np.random.Generator:
    """Return `value` if it is a random generator; a bare seed is refused, since the caller decides on the stream.

    >>> rng = np.random.default_rng(1)
    >>> generator("rng", rng) is rng
    True
    """
    if not isinstance(value, np.random.Generator):
        raise invalid(name, value, "a numpy.random.Generator, such as numpy.random.default_rng(1)")
    return value


def instance(name: str, value: Any, cls: type[T] | tuple[type[T], ...]) -> T:
    """Return `value` if it is an instance of `cls`.

    >>> instance("table", {}, dict)
    {}
    """
    if not isinstance(value, cls):
        classes = cls if isinstance(cls, tuple) else (cls,)
        homes = ["" if c.__module__ == "builtins" else f"{c.__module__}." for c in classes]
        words = " or ".join(f"a {home}{c.__name__}" for home, c in zip(homes, classes, strict=True))
        raise invalid(name, value, words)
    return value


Length = Callable[[str], int | None]  # what an axis named in a shape is long, None where that is open


@dataclass(frozen=True)
class Number:
    """A number in an interval, as :func:`real` takes it."""

    low: float = -math.inf
    high: float = math.inf
    open_low: bool = False
    open_high: bool = False
    infinite: bool = False

    def check(self, name: str, value: Any, _: Length) -> float:
        """Return `value` as a float, or raise."""
        return real(name, value, **vars(self))


@dataclass(frozen=True)
class Whole:
    """A whole number in a closed interval."""

    low: int | None = None
    high: int | None = None

    def check(self, name: str, value: Any, _: Length) -> int:
        """Return `value` as an int, or raise."""
        return integer(name, value, low=self.low, high=self.high)


@dataclass(frozen=True)
class Array:
    """An array of numbers.

    Each word of `shape` names an axis: a number is its length, ``*`` is any length, a word is the length
    that the first array with it has; an integer argument of that name, or what a dotted word such as
    ``game.fleet.size`` finds in the other arguments, decides first. `index` asks for whole numbers and
    returns integers.
    """

    shape: str | None = None
    low: float = -math.inf
    high: float = math.inf
    open_low: bool = False
    open_high: bool = False
    infinite: bool = False
    empty: bool = False
    whole: bool = False
    index: bool = False

    def check(self, name: str, value: Any, length: Length) -> Any:
        """Return `value` as an array, or raise."""
        limits = {k: v for k, v in vars(self).items() if k not in ("shape", "index", "whole")}
        axes = None if self.shape is None else [length(word) for word in self.shape.split()]
        found = array(name, value, shape=axes, whole=self.whole or self.index, **limits)
        return found.astype(np.int64) if self.index else found


@dataclass(frozen=True)
class Flags:
    """An array of True and False, with at least one element; `shape` as for :class:`Array`."""

    shape: str

    def check(self, name: str, value: Any, length: Length) -> BoolArray:
        """Return `value` as an array, or raise."""
        axes = [length(word) for word in self.shape.split()]
        try:
            found = np.array(value)
        except ValueError:  # ragged nesting
            raise invalid(name, value, "an array of True and False") from None
        fits = found.ndim == len(axes) and all(w in (None, n) for w, n in zip(axes, found.shape, strict=True))
        if np.ma.isMaskedArray(value) or found.dtype != np.bool_ or not found.size or not fits:
            want = ", ".join("any" if n is None else str(n) for n in axes)
            raise invalid(name, value, f"an array of True and False of shape ({want})")
        return found


@dataclass(frozen=True)
class Text:
    """A string; a blank one only where `blank` says so, and of the form of `pattern`, which `right` explains."""

    blank: bool = False
    pattern: str = ""
    right: str = ""

    def check(self, name: str, value: Any, _: Length) -> str:
        """Return `value`, or raise."""
        return text(name, value, **vars(self))


@dataclass(frozen=True)
class Several:
    """A sequence, each element of one kind (or as many as there are kinds); without elements only where `empty`."""

    kinds: tuple[Any, ...]
    many: bool = True
    empty: bool = False

    def check(self, name: str, value: Any, length: Length) -> tuple[Any, ...]:
        """Return `value` as a tuple, or raise."""
        if isinstance(value, str) or not isinstance(value, (Sequence, np.ndarray)):
            raise invalid(name, value, "a sequence, such as a list or a tuple")
        if self.many and not self.empty and len(value) == 0:
            raise invalid(name, value, "a sequence of at least one element")
        if not self.many and len(value) != len(self.kinds):
            raise invalid(name, value, f"a sequence of {len(self.kinds)} elements")
        kinds = self.kinds * len(value) if self.many else self.kinds
        return tuple(k.check(f"{name}[{i}]", v, length) for i, (k, v) in enumerate(zip(kinds, value, strict=True)))
