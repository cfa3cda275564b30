"""The reference names every public object of the package once."""

import re

from tests.bad_input.test_every_argument import public_objects
from tools.back_matter import api

PARTS = {group: api.group(group) for group in api.GROUPS}
NAMED = [
    f"{module}.{name}"
    for text in PARTS.values()
    for module, body in re.findall(r"^\.\. automodule:: (\S+)\n(.*?)^```$", text, flags=re.S | re.M)
    for name in re.findall(r"^\.\. (?:autoclass|autofunction):: (\S+)", body, flags=re.M)
]


def test_every_public_object_stands_once():
    wanted = sorted(f"{thing.__module__}.{thing.__name__}" for thing in public_objects())
    assert sorted(NAMED) == wanted
    assert len(wanted) > 150


def test_what_is_passed_on_is_named_where_it_is_imported_from():
    text = PARTS["methods"].split("## methods.queueing\n")[1].split("\n## ")[0]
    assert "`erlang_c`" in text.split("Also found here:")[1]
    assert "autofunction:: erlang_c\n" not in text


def test_constants_show_their_entries():
    assert ".. py:data:: ORDERS\n\n   A tuple with the entries ``" in PARTS["methods"]


def test_a_changed_docstring_changes_the_page(monkeypatch, tmp_path):
    """The digest of the source stands in the part."""
    import v2g_nb.sweep

    before = api.section(v2g_nb.sweep)
    other = tmp_path / "sweep.py"
    other.write_text("changed")
    monkeypatch.setattr(api.inspect, "getfile", lambda module: str(other))
    assert api.section(v2g_nb.sweep) != before
