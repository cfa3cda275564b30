"""The reference of the package: every public name once, under the face that readers import it from.

Sphinx reads the docstrings; here it is only told which. The digest of the sources stands in each
part, so that the pages are built anew when a docstring changes.
"""

import hashlib
import importlib
import inspect
from collections.abc import Iterable
from pathlib import Path
from types import ModuleType

from tools.size import FACES, MODELS, REST, TOPICS

GROUPS = {"topics": TOPICS, "models": MODELS, "rest": REST}

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


def section(name: str) -> str:
    """Return one face as Markdown."""
    module = importlib.import_module(f"v2g_nb.{name}")
    sources = sorted(Path(inspect.getfile(module)).parent.rglob("*.py")) if hasattr(module, "__path__") else []
    digest = hashlib.sha256(b"".join(s.read_bytes() for s in sources or [Path(inspect.getfile(module))]))
    lines = [f"(face-{name})=", f"## v2g_nb.{name}", "", f"% {digest.hexdigest()}", "", "```{eval-rst}"]
    lines += [f".. automodule:: {module.__name__}", ""]
    for each in module.__all__:
        lines += [*directive(module, each), ""]
    return "\n".join([*lines, "```", ""])


def group(name: str) -> str:
    """Return all faces of a group as Markdown."""
    return "\n".join([STYLE, *map(section, GROUPS[name])])


def one_line(name: str) -> str:
    """Return the first sentence of a face's docstring."""
    text = inspect.getdoc(importlib.import_module(f"v2g_nb.{name}")) or ""
    return text.split("\n\n")[0].replace("\n", " ")


def overview() -> str:
    """Return the twelve faces as a table: name, and what it is about."""
    rows = ["| Face | What it is about |", "|---|---|"]
    for name in FACES:
        rows.append(f"| [`{name}`](#face-{name}) | {one_line(name)} |")
    return "\n".join([*rows, ""])
