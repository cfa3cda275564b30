"""Every argument of every public function meets every kind of bad input that applies to it."""

import importlib
import inspect
import pkgutil
from collections.abc import Iterator
from dataclasses import fields, is_dataclass
from types import GeneratorType
from typing import Any

import numpy as np
import pytest

import tests.bad_input as cases
from tests.bad_input.kinds import Bad, Call
from tools.size import FACES, REST
from v2g_nb.arguments import Model, Record
from v2g_nb.errors import V2GError

# Classes that only our own code makes: what a function returns, carrying no certificate.
RETURNED = {"Frames", "Picture", "Proposal"}


def table() -> dict[str, Call]:
    """Return all calls by the qualified name of their function, from every module of cases."""
    calls: dict[str, Call] = {}
    for found in pkgutil.walk_packages(cases.__path__, cases.__name__ + "."):
        module = importlib.import_module(found.name)
        for entry in getattr(module, "CALLS", []):
            calls[qualified(entry.function)] = entry
    return calls


def qualified(function: Any) -> str:
    return f"{function.__module__}.{function.__qualname__}"


def public_objects() -> Iterator[Any]:
    """Yield what the faces and the rest of the package offer, each once."""
    seen = set()
    for face in (*FACES, *REST):
        module = importlib.import_module(f"v2g_nb.{face}")
        for name in module.__all__:
            thing = getattr(module, name)
            if callable(thing) and id(thing) not in seen:
                seen.add(id(thing))
                yield thing


def is_input_class(cls: type) -> bool:
    """Return whether a caller makes objects of this class, and not only a solver."""
    if issubclass(cls, BaseException) or getattr(cls, "_is_protocol", False) or cls.__name__ in RETURNED:
        return False
    if issubclass(cls, Record) and not issubclass(cls, Model):  # what functions return
        return False
    return not (is_dataclass(cls) and "certificates" in {f.name for f in fields(cls)})


def public_functions() -> dict[str, Any]:
    """Return all public functions, constructors and methods that take arguments, by qualified name."""
    found: dict[str, Any] = {}
    for thing in public_objects():
        if inspect.isclass(thing):
            if is_input_class(thing):
                found[qualified(thing)] = thing
            for name, method in vars(thing).items():
                if not name.startswith("_") and inspect.isfunction(method) and parameters(method):
                    found[qualified(method)] = method
        elif parameters(thing):
            found[qualified(thing)] = thing
    return found


def parameters(function: Any) -> list[str]:
    """Return the names of a function's arguments; those it collects (``**columns``) are not fixed by name."""
    kinds = inspect.Parameter
    names = [
        p.name
        for p in inspect.signature(function).parameters.values()
        if p.kind not in (kinds.VAR_KEYWORD, kinds.VAR_POSITIONAL)
    ]
    return [name for name in names if name != "self"]


def missing() -> list[str]:
    """Return what has no bad-input cases: functions, or single arguments of them."""
    calls = table()
    gaps = []
    for name, function in public_functions().items():
        if name not in calls:
            gaps.append(name)
            continue
        gaps += [f"{name}({p})" for p in parameters(function) if not calls[name].arguments.get(p, None)]
    return gaps


def every_case() -> Iterator[Any]:
    for name, entry in table().items():
        for argument, kind in entry.arguments.items():
            for place, bad in enumerate(kind.bad):
                yield pytest.param(
                    entry, argument, bad, id=f"{name.removeprefix('v2g_nb.')}-{argument}-{bad.fault}{place}"
                )


def use(entry: Call, **given: Any) -> None:
    outcome = entry.function(**given)
    if isinstance(outcome, GeneratorType):
        next(outcome)


def test_every_argument_of_every_public_function_has_cases():
    assert missing() == []


@pytest.mark.parametrize("entry", [pytest.param(e, id=n) for n, e in table().items()])
def test_the_good_values_pass(entry: Call):
    use(entry, **entry.good)


@pytest.mark.parametrize(("entry", "argument", "bad"), list(every_case()))
def test_bad_input_is_named(entry: Call, argument: str, bad: Bad):
    with pytest.raises(V2GError) as caught:
        use(entry, **(entry.good | {argument: bad.value}))
    message = str(caught.value)
    assert argument in message, message
    assert any(words in message for words in bad.shown), (message, bad.shown)


MODELS = [pytest.param(e, id=n) for n, e in table().items() if inspect.isclass(e.function)]


@pytest.mark.parametrize("entry", MODELS)
def test_what_a_reader_made_cannot_be_written_to_and_prints_short(entry: Call):
    made = entry.function(**entry.good)
    held = [value for value in getattr(made, "__dict__", {}).values() if isinstance(value, np.ndarray)]
    assert not [value for value in held if value.flags.writeable]
    assert len(repr(made)) < 1000
