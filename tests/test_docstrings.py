"""Public docstrings say what a reader needs, and their examples run."""

import doctest
import importlib
import inspect
import pkgutil

import matplotlib as mpl
import pytest

import v2g_nb
from tests.bad_input.test_every_argument import parameters, public_functions
from tools.size import FACES, REST

MODULES = [m.name for m in pkgutil.walk_packages(v2g_nb.__path__, "v2g_nb.")]
FINDER = doctest.DocTestFinder(exclude_empty=True)


def run_examples(thing: object, name: str, names: dict) -> int:
    """Run the examples of one object among the names that a reader has; return how many there are."""
    runner = doctest.DocTestRunner(optionflags=doctest.NORMALIZE_WHITESPACE, verbose=False)
    tests = FINDER.find(thing, name, module=False, globs=dict(names))
    for test in tests:
        failed, _ = runner.run(test)
        assert failed == 0, test.name
    return sum(len(test.examples) for test in tests)


@pytest.mark.parametrize("face", [*FACES, *REST])
def test_examples_run_with_what_the_face_offers(face: str):
    """Examples stand in the modules behind a face; a reader has its names."""
    mpl.use("agg")
    module = importlib.import_module(f"v2g_nb.{face}")
    names = {"np": importlib.import_module("numpy")} | {n: getattr(module, n) for n in module.__all__}
    examples = sum(run_examples(getattr(module, name), name, names) for name in module.__all__)
    assert examples > 0 or face == "errors"


@pytest.mark.parametrize("name", MODULES)
def test_examples_of_what_is_not_public_run(name: str):
    mpl.use("agg")
    module = importlib.import_module(name)
    public = set()
    for face in (importlib.import_module(f"v2g_nb.{short}") for short in (*FACES, *REST)):
        public |= {id(inspect.unwrap(getattr(face, n))) for n in face.__all__ if callable(getattr(face, n))}
    for key, thing in vars(module).items():
        own = getattr(thing, "__module__", None) == name and (inspect.isfunction(thing) or inspect.isclass(thing))
        if own and id(inspect.unwrap(thing)) not in public:
            run_examples(thing, key, vars(module))


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
