"""What a reader hands in is checked once, as the annotations declare, where it enters a face.

A face calls :func:`face` on its names: the functions that ``__all__`` lists then check and convert their
arguments before they run. The same functions, imported from the modules behind the face, trust them.
Objects check their fields when they are made (:class:`Model`) and cannot be written to afterwards.
"""

import dataclasses
import functools
import importlib
import inspect
import types
import typing
from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypeVar

import numpy as np

from v2g_nb import checks
from v2g_nb.checks import Array, Number, Several, Text, Whole

F = TypeVar("F", bound=Callable[..., Any])


@dataclasses.dataclass(frozen=True, eq=False)
class Plain:
    """A kind that needs no bounds: a check of :mod:`v2g_nb.checks`, or membership of a class."""

    test: Callable[..., Any]
    more: tuple[Any, ...] = ()

    def check(self, name: str, value: Any, _: checks.Length) -> Any:
        """Return `value`, or raise."""
        return self.test(name, value, *self.more)


@dataclasses.dataclass(frozen=True, eq=False)
class Optional:
    """A kind, or None."""

    kind: Any

    def check(self, name: str, value: Any, length: checks.Length) -> Any:
        """Return `value`, or raise."""
        return None if value is None else self.kind.check(name, value, length)


SIMPLE: dict[Any, Any] = {
    float: Number(),
    int: Whole(),
    bool: Plain(checks.flag),
    str: Text(),
    np.random.Generator: Plain(checks.generator),
}


def kind_of(hint: Any) -> Any:
    """Return the kind that an annotation declares; None where everything may stand."""
    declared = [m for m in getattr(hint, "__metadata__", ()) if hasattr(m, "check")]
    if declared:
        return declared[0]
    if typing.get_origin(hint) is typing.Annotated:
        return kind_of(typing.get_args(hint)[0])
    if hint in SIMPLE:
        return SIMPLE[hint]
    origin, args = typing.get_origin(hint), typing.get_args(hint)
    if origin in (typing.Union, types.UnionType):
        return _kind_of_union(args)
    if origin is typing.Literal:
        return Plain(checks.choice, (args,))
    if origin in (tuple, list, Sequence):
        many = origin is not tuple or args[-1] is Ellipsis
        kinds = tuple(kind_of(a) or Plain(lambda _, value: value) for a in args if a is not Ellipsis)
        return Several(kinds, many)
    if origin is np.ndarray:
        return Array(index=np.issubdtype(typing.get_args(args[1])[0], np.integer))
    if origin is Callable or hint is Callable:
        return Plain(checks.function)
    cls = origin or hint
    return Plain(checks.instance, (cls,)) if isinstance(cls, type) and cls not in (object, Any) else None


def _kind_of_union(hints: Sequence[Any]) -> Any:
    kinds = [kind_of(h) for h in hints if h is not type(None)]
    if all(isinstance(k, Plain) and k.test is checks.instance for k in kinds):
        found: Any = Plain(checks.instance, (tuple(k.more[0] for k in kinds),))
    else:
        found = kinds[0] if len(kinds) == 1 else None
    return Optional(found) if found is not None and len(kinds) < len(hints) else found


@functools.cache
def declaration(thing: Any) -> dict[str, Any]:
    """Return the kinds of a function's arguments or a model's fields, by name."""
    hints = typing.get_type_hints(thing, include_extras=True)
    names = [f.name for f in dataclasses.fields(thing)] if dataclasses.is_dataclass(thing) else list(hints)
    kinds = {name: kind_of(hints[name]) for name in names if name != "return"}
    return {name: kind for name, kind in kinds.items() if kind is not None}


def checked(kinds: Mapping[str, Any], given: dict[str, Any]) -> dict[str, Any]:
    """Return what was given with each value checked and converted as its kind says, in the kinds' order."""
    sizes: dict[str, int] = {}
    found = dict(given)

    def length(word: str) -> int | None:
        if word == "*" or word.isdigit():
            return None if word == "*" else int(word)
        if word in sizes:
            return sizes[word]
        root, *path = word.split(".")
        value = functools.reduce(getattr, path, found.get(root))
        return int(value) if isinstance(value, (int, np.integer)) else None

    for name, kind in kinds.items():
        if name in found:
            found[name] = value = kind.check(name, found[name], length)
            shape = getattr(getattr(kind, "kind", kind), "shape", None)
            if shape is not None and value is not None:
                words = zip(shape.split(), value.shape, strict=True)
                sizes |= {word: size for word, size in words if word not in sizes and word.isidentifier()}
    return found


def checks_arguments(function: F) -> F:
    """Return a function that checks and converts its arguments as their annotations declare, then calls `function`."""
    known = inspect.signature(function).parameters.values()
    names = [p.name for p in known if p.kind is not p.VAR_KEYWORD]
    places = [p.name for p in known if p.kind is p.POSITIONAL_OR_KEYWORD]
    free = any(p.kind is p.VAR_KEYWORD for p in known)

    @functools.wraps(function)
    def door(*args: Any, **named: Any) -> Any:
        given = dict(zip(places, args, strict=False))
        if len(args) > len(places) or given.keys() & named.keys() or not (free or named.keys() <= set(names)):
            return function(*args, **named)  # raises what Python says of such a call
        return function(**checked(declaration(function), given | named))

    return typing.cast(F, door)


def face(names: dict[str, Any]) -> None:
    """Make the functions of a face check their arguments, and let its objects name it as their home."""
    home = names["__name__"]
    for name in names["__all__"]:
        thing = names[name]
        if isinstance(thing, types.FunctionType):
            names[name] = thing = checks_arguments(thing)
        if hasattr(thing, "__module__"):
            thing.__module__ = home


class Record:
    """A frozen record whose text form fits on a few lines, whatever the size of its arrays."""

    def __init_subclass__(cls, **more: Any) -> None:
        """Keep the short form: a dataclass would write one of its own."""
        super().__init_subclass__(**more)
        cls.__repr__ = Record.__repr__  # type: ignore[method-assign]

    def __repr__(self) -> str:
        """Name the fields; arrays by their shape."""
        fields = dataclasses.fields(self)  # type: ignore[arg-type]
        return f"{type(self).__name__}({', '.join(f'{f.name}={_short(getattr(self, f.name))}' for f in fields)})"


def _short(value: Any) -> str:
    if isinstance(value, np.ndarray) and value.size > 6:
        return f"<{' x '.join(map(str, value.shape))}>"
    if isinstance(value, (tuple, list, dict)) and len(value) > 3:
        return f"<{len(value)} entries>"
    if dataclasses.is_dataclass(value):
        return f"{type(value).__name__}(...)"
    if isinstance(value, (float, np.floating)):
        return f"{value:.6g}"
    if isinstance(value, tuple):
        return f"({', '.join(map(_short, value))}{',' if len(value) == 1 else ''})"
    return checks.shown(value)


class Model(Record):
    """A frozen dataclass whose fields are checked as their annotations declare; its arrays are read-only."""

    def __post_init__(self) -> None:
        """Check the fields once."""
        given = {f.name: getattr(self, f.name) for f in dataclasses.fields(self)}  # type: ignore[arg-type]
        cls: Any = type(self)
        for name, value in checked(declaration(cls), given).items():
            if isinstance(value, np.ndarray):
                value.setflags(write=False)
            object.__setattr__(self, name, value)
        self._relations()

    def _relations(self) -> None:
        """Raise where fields that are right by themselves contradict each other."""

    @classmethod
    def trusted(cls, **fields: Any) -> typing.Self:
        """Return an object of fields that the code behind a face has made itself: nothing is checked."""
        made = object.__new__(cls)
        vars(made).update(fields)
        return made


def needed(package: str) -> types.ModuleType:
    """Import a package that only some functions need, or say which one is missing."""
    try:
        return importlib.import_module(package)
    except ImportError:
        raise ImportError(f"{package} is not installed: this function needs it (pip install {package})") from None
