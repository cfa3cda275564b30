"""The reference names every public name once, under its face."""

import importlib
import re

from tests.bad_input.test_every_argument import public_objects
from tools.back_matter import api
from tools.size import FACES, REST

PARTS = {group: api.group(group) for group in api.GROUPS}
NAMED = {
    module: re.findall(r"^\.\. (?:autoclass|autofunction|py:data):: (\S+)", body, flags=re.M)
    for text in PARTS.values()
    for module, body in re.findall(r"^\.\. automodule:: (\S+)\n(.*?)^```$", text, flags=re.S | re.M)
}


def test_every_public_name_stands_under_its_face():
    for face in (*FACES, *REST):
        assert NAMED[f"v2g_nb.{face}"] == importlib.import_module(f"v2g_nb.{face}").__all__
    assert len(list(public_objects())) > 150


def test_the_map_names_twelve_faces_and_says_what_they_are_about():
    rows = api.overview().splitlines()[2:]
    assert len(rows) == len(FACES) == 12
    assert all(api.one_line(face) in row for face, row in zip(FACES, rows, strict=True))


def test_constants_show_their_entries():
    assert ".. py:data:: SCENARIOS\n\n   A " in PARTS["models"]


def test_a_changed_docstring_changes_the_page(monkeypatch, tmp_path):
    """The digest of the sources stands in the part."""
    before = api.section("sweep")
    other = tmp_path / "sweep.py"
    other.write_text("changed")
    monkeypatch.setattr(api.inspect, "getfile", lambda module: str(other))
    assert api.section("sweep") != before
