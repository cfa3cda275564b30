"""What can be wrong with an argument, by the kind of thing it is.

Each kind holds a good value and lists bad ones. A bad value comes with the words of which at
least one must stand in the message, besides the argument's name.
"""

import contextlib
import inspect
import math
from collections.abc import Callable
from dataclasses import dataclass, field, is_dataclass
from typing import Any

import numpy as np

from v2g_nb import arguments, checks


@dataclass(frozen=True)
class Bad:
    """A bad value, the fault it stands for, and how the message may show it."""

    fault: str
    value: Any
    shown: tuple[str, ...]


@dataclass(frozen=True)
class Kind:
    """A good value of an argument, and bad ones."""

    good: Any
    bad: tuple[Bad, ...]

    def also(self, *values: Any) -> "Kind":
        """Return the kind with more values out of domain; a Bad says itself how the message shows it."""
        more = (v if isinstance(v, Bad) else Bad("domain", v, _shown(v)) for v in values)
        return Kind(self.good, (*self.bad, *more))


@dataclass(frozen=True)
class Call:
    """A public function and the kind of each of its arguments."""

    function: Callable[..., Any]
    arguments: dict[str, Kind] = field(default_factory=dict)

    @property
    def good(self) -> dict[str, Any]:
        return {name: kind.good for name, kind in self.arguments.items()}


@dataclass(frozen=True)
class Also:
    """A good value, and bad ones beside those that follow from the annotation."""

    good: Any
    bad: tuple[Any, ...]


def also(good: Any, *bad: Any) -> Also:
    return Also(good, bad)


def call(function: Callable[..., Any], /, **good: Any) -> Call:
    """Return the function with bad values of each argument: a Kind as it is, of other values what is declared."""
    plain_class = inspect.isclass(function) and not is_dataclass(function)
    declared = arguments.declaration(inspect.unwrap(function.__init__ if plain_class else function))
    return Call(function, {name: _kind(declared.get(name), value) for name, value in good.items()})


def _kind(declared: Any, value: Any) -> Kind:
    if isinstance(value, Kind):
        return value
    if isinstance(value, Also):
        return _kind(declared, value.good).also(*value.bad)
    return Kind(value, _bads_of(declared, value))


def _bads_of(declared: Any, good: Any) -> tuple[Bad, ...]:
    """Return the bad values that follow from what an annotation declares."""
    if declared is None:
        return ()
    if isinstance(declared, arguments.Optional):
        example = _example(declared.kind) if good is None else good
        return tuple(bad for bad in _bads_of(declared.kind, example) if bad.value is not None)
    limits = {k: v for k, v in vars(declared).items() if k in ("low", "high", "open_low", "open_high", "infinite")}
    limits = {k: v for k, v in limits.items() if not (isinstance(v, float) and math.isinf(v))}
    if isinstance(declared, checks.Number):
        return real(good, **limits).bad
    if isinstance(declared, checks.Whole):
        return integer(good, **limits).bad
    if isinstance(declared, checks.Array):
        found = array(good, **limits, empty=declared.empty, shape=declared.shape is not None)
        if not (declared.whole or declared.index) or not np.size(good):
            return found.bad
        broken = np.array(good, dtype=float) + 0.5
        return (*found.bad, Bad("domain", broken, (repr(float(broken.flat[0])),)))
    if isinstance(declared, checks.Text):
        return tuple(bad for bad in text(good).bad if not (declared.blank and bad.fault == "empty"))
    if isinstance(declared, checks.Several):
        return _bads(("type", 7), ("type", None), ("type", "seven"), *([] if declared.empty else [("empty", [])]))
    return _bads_of_check(declared, good)


def _bads_of_check(declared: Any, good: Any) -> tuple[Bad, ...]:
    if declared.test is checks.choice:
        return choice(good).bad
    return (flag(good) if declared.test is checks.flag else instance(good)).bad


def _example(kind: Any) -> Any:
    """Return some good value of a kind that stands beside None, for spoiling."""
    number = max(getattr(kind, "low", 0.0) or 0.0, 0.0) if not math.isinf(getattr(kind, "low", 0.0) or 0.0) else 0.0
    if isinstance(kind, checks.Number):
        return float(number)
    if isinstance(kind, checks.Whole):
        return int(number) + 1
    if isinstance(kind, checks.Array):
        return np.full([1] * len((kind.shape or "*").split()), number + 1.0)
    return True if isinstance(kind, arguments.Plain) and kind.test is checks.flag else "word"


def _shown(value: Any) -> tuple[str, ...]:
    """Return the forms in which a message may show a value: whole, shortened, its shape, or its bad part."""
    forms = [repr(value)[:40]]
    if isinstance(value, (int, float)) and not isinstance(value, bool):
        forms.append(repr(float(value)))
    if isinstance(value, (list, tuple, np.ndarray)):
        with contextlib.suppress(ValueError):  # ragged nesting has no shape
            forms.append(str(np.shape(value)))
    parts = value.values() if isinstance(value, dict) else value if isinstance(value, (list, tuple)) else ()
    return (*forms, *(form for part in parts for form in _shown(part)))


def _bads(*pairs: tuple[str, Any]) -> tuple[Bad, ...]:
    return tuple(Bad(fault, value, _shown(value)) for fault, value in pairs)


def real(
    good: float,
    low: float | None = None,
    high: float | None = None,
    *,
    open_low: bool = False,
    open_high: bool = False,
    infinite: bool = False,
) -> Kind:
    """A number; `low` and `high` as in :func:`v2g_nb.checks.real`."""
    bads = [("type", "seven"), ("type", None), ("shape", [good, good]), ("nan", math.nan)]
    if not infinite:
        bads += [("infinity", math.inf), ("infinity", -math.inf)]
    if low is not None:
        bads.append(("domain", low if open_low else low - max(1e-6, abs(low) * 1e-6)))
    if high is not None:
        bads.append(("domain", high if open_high else high + max(1e-6, abs(high) * 1e-6)))
    return Kind(good, _bads(*bads))


def integer(good: int, low: int | None = None, high: int | None = None) -> Kind:
    """A whole number."""
    bads = [("type", "seven"), ("type", good + 0.5), ("type", True), ("nan", math.nan), ("infinity", math.inf)]
    bads += [("shape", [good])]
    if low is not None:
        bads.append(("domain", low - 1))
    if high is not None:
        bads.append(("domain", high + 1))
    return Kind(good, _bads(*bads))


def array(
    good: Any,
    low: float | None = None,
    high: float | None = None,
    *,
    open_low: bool = False,
    open_high: bool = False,
    infinite: bool = False,
    empty: bool = False,
    shape: bool = True,
) -> Kind:
    """An array of numbers; `shape=False` where an array of any shape is right, scalars included."""
    values = np.array(good, dtype=float)

    def with_first(number: float) -> tuple[Any, tuple[str, ...]]:
        spoilt = values.copy()
        spoilt.flat[0] = number
        return spoilt, (repr(float(number)),)

    bads = [Bad("type", "seven", _shown("seven")), Bad("type", [None], _shown([None]))]
    bads.append(Bad("nan", *with_first(math.nan)))
    if not infinite:
        bads.append(Bad("infinity", *with_first(math.inf)))
    if not empty:
        bads.append(Bad("empty", [], ("[]", "(0,)")))
    if shape:
        deeper = values[None].repeat(2, axis=0)
        bads.append(Bad("shape", deeper, (str(deeper.shape),)))
    if low is not None:
        bads.append(Bad("domain", *with_first(low if open_low else low - max(1e-6, abs(low) * 1e-6))))
    if high is not None:
        bads.append(Bad("domain", *with_first(high if open_high else high + max(1e-6, abs(high) * 1e-6))))
    return Kind(good, tuple(bads))


def other(good: Any, *bad: Any) -> Kind:
    """Anything else, with its own list of bad values; at least one."""
    if not bad:
        raise ValueError("an argument of its own kind needs bad values of its own")
    return Kind(good, _bads(*(("domain", value) for value in bad)))


def choice(good: str) -> Kind:
    """One of a few words."""
    return Kind(good, _bads(("type", 7), ("type", None), ("empty", ""), ("domain", "no such choice")))


def flag(good: bool) -> Kind:
    """True or False."""
    return Kind(good, _bads(("type", "yes"), ("type", 1), ("type", None)))


def text(good: str) -> Kind:
    """A string that is not blank."""
    return Kind(good, _bads(("type", 7), ("type", None), ("empty", ""), ("empty", "  ")))


def function(good: Callable[..., Any]) -> Kind:
    """Something to call."""
    return Kind(good, _bads(("type", 7), ("type", None), ("type", "seven")))


def generator(seed: int = 1) -> Kind:
    """A random generator."""
    return Kind(np.random.default_rng(seed), _bads(("type", 7), ("type", None), ("type", "seven")))


def instance(good: Any) -> Kind:
    """An instance of one of our classes."""
    return Kind(good, _bads(("type", 7), ("type", None), ("type", "seven")))
