"""Records that hold arrays compare and hash as objects: numbers are compared with a tolerance, in the open."""

import importlib
import pkgutil
from dataclasses import fields, is_dataclass

import pytest

import v2g_nb
from v2g_nb.highway import tomei

MODULES = [m.name for m in pkgutil.walk_packages(v2g_nb.__path__, "v2g_nb.")]


def holds_array(annotation: str) -> bool:
    """Return whether a field is an array; one that is given as array_like is annotated Any."""
    return "Array" in annotation or "ndarray" in annotation or annotation == "typing.Any"


def records():
    """Return every dataclass of the package that has a field for an array, by module and name."""
    found = {}
    for name in MODULES:
        for cls in vars(importlib.import_module(name)).values():
            if isinstance(cls, type) and is_dataclass(cls) and cls.__module__ == name:
                found |= {f"{name}.{cls.__name__}": cls} if any(holds_array(str(f.type)) for f in fields(cls)) else {}
    return found


@pytest.mark.parametrize("name", records())
def test_compares_as_an_object(name: str):
    cls = records()[name]
    assert cls.__eq__ is object.__eq__, "must be a dataclass with eq=False"
    assert cls.__hash__ is object.__hash__


def test_without_that_a_comparison_would_raise():
    road = tomei()
    assert road == road  # noqa: PLR0124
    assert road != tomei()
    assert len({road, tomei()}) == 2
    with pytest.raises(ValueError, match="truth value"):
        bool(road.chargers == tomei().chargers)
