"""Public docstrings say what a reader needs, and their examples run."""

import doctest
import importlib
import inspect
import pkgutil

import matplotlib as mpl
import pytest

import v2g_nb
from tests.bad_input.test_every_argument import parameters, public_functions

MODULES = ["v2g_nb", *(m.name for m in pkgutil.walk_packages(v2g_nb.__path__, "v2g_nb."))]


@pytest.mark.parametrize("name", MODULES)
def test_examples_run(name: str):
    mpl.use("agg")
    failed, _ = doctest.testmod(importlib.import_module(name), optionflags=doctest.NORMALIZE_WHITESPACE)
    assert failed == 0


@pytest.mark.parametrize("name", public_functions())
def test_sections(name: str):
    function = public_functions()[name]
    text = inspect.getdoc(function) or ""
    if "arguments as in" in text:  # a method that only passes them on says where they are explained
        return
    is_class, is_method = inspect.isclass(function), "." in function.__qualname__
    wanted = ["Parameters", "Raises"] + ["Examples"] * (not is_method)
    if not is_class and inspect.signature(function).return_annotation is not None:
        wanted.append("Yields" if "\nYields\n" in text else "Returns")
    missing = [w for w in wanted if f"\n{w}\n{'-' * len(w)}" not in text]
    assert not missing, f"{name} lacks {missing}"
    undescribed = [p for p in parameters(function) if not _describes(text, p)]
    assert not undescribed, f"{name} does not describe {undescribed}"


def _describes(text: str, parameter: str) -> bool:
    """Return whether a line of the docstring names the parameter, alone or in a list of several, before a colon."""
    heads = [line.split(":")[0] for line in text.splitlines() if ":" in line and not line.startswith(" ")]
    return any(parameter in [word.strip() for word in head.split(",")] for head in heads)
