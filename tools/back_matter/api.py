"""The reference of the package: every public object once, under the module that defines it.

Sphinx reads the docstrings; here it is only told which. The digest of the sources stands in each
part, so that the pages are built anew when a docstring changes.
"""

import hashlib
import importlib
import inspect
import pkgutil
from collections.abc import Iterable
from pathlib import Path
from types import ModuleType

import v2g_nb

GROUPS = {
    "methods": ("v2g_nb.methods",),
    "rooms": ("v2g_nb.highway", "v2g_nb.campus", "v2g_nb.grid", "v2g_nb.city", "v2g_nb.synthesis"),
    "data": ("v2g_nb.data",),
    "figures": ("v2g_nb.figures", "v2g_nb.chapter", "v2g_nb.ledger", "v2g_nb.sweep", "v2g_nb.errors"),
}

# long signatures wrap on a phone
STYLE = """```{raw} html
<style>
.bd-article :is(h2, dt.sig, dl.field-list) {overflow-wrap: anywhere}
.bd-article dl.field-list {grid-template-columns: minmax(5rem, max-content) minmax(0, 1fr)}
.bd-article dt.sig {font-size: .9em}
@media (max-width: 600px) {.bd-article dl.py dd {margin-left: .75rem} .bd-article dl.field-list {display: block}}
</style>
```
"""


def modules(group: str) -> list[ModuleType]:
    """Return the modules of a group that have public objects."""
    names = [found.name for found in pkgutil.walk_packages(v2g_nb.__path__, "v2g_nb.")]
    chosen = [n for n in names if any(n == top or n.startswith(top + ".") for top in GROUPS[group])]
    return [m for m in map(importlib.import_module, chosen) if hasattr(m, "__all__") and (own(m) or borrowed(m))]


def own(module: ModuleType) -> list[str]:
    """Return the public names that a module defines itself."""
    return [name for name in module.__all__ if not is_borrowed(module, name)]


def borrowed(module: ModuleType) -> list[str]:
    """Return the public names that a module passes on from another."""
    return [name for name in module.__all__ if is_borrowed(module, name)]


def is_borrowed(module: ModuleType, name: str) -> bool:
    """Return whether a public name of a module is defined elsewhere in the package."""
    thing = getattr(module, name)
    if callable(thing):
        return str(thing.__module__) != module.__name__
    if not hasattr(module, "__path__"):
        return False
    inside = pkgutil.walk_packages(module.__path__, module.__name__ + ".")
    return any(name in getattr(importlib.import_module(m.name), "__all__", ()) for m in inside)


def directive(module: ModuleType, name: str) -> list[str]:
    """Return what tells Sphinx to read one object."""
    thing = getattr(module, name)
    if inspect.isclass(thing):
        return [f".. autoclass:: {name}", "   :members:"]
    if callable(thing):
        return [f".. autofunction:: {name}"]
    if not isinstance(thing, Iterable) or isinstance(thing, str):
        return [f".. py:data:: {name}", "", f"   The {type(thing).__name__} ``{thing!r}``."]
    entries = ", ".join(f"``{entry!r}``" for entry in thing)
    return [f".. py:data:: {name}", "", f"   A {type(thing).__name__} with the entries {entries}."]


def section(module: ModuleType) -> str:
    """Return one module as Markdown."""
    source = Path(inspect.getfile(module))
    lines = [
        f"## {module.__name__.removeprefix('v2g_nb.')}",
        "",
        f"% {hashlib.sha256(source.read_bytes()).hexdigest()}",
        "",
        "```{eval-rst}",
    ]
    lines += [f".. automodule:: {module.__name__}", ""]
    for name in own(module):
        lines += [*directive(module, name), ""]
    lines.append("```")
    if borrowed(module):
        lines += ["", "Also found here: " + ", ".join(f"`{name}`" for name in borrowed(module)) + "."]
    return "\n".join([*lines, ""])


def group(name: str) -> str:
    """Return all modules of a group as Markdown."""
    return "\n".join([STYLE, *map(section, modules(name))])
