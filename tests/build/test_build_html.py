"""Copying sources: everything arrives, only changes are touched, no page is lost silently."""

import os

import pytest

from tools.build_html import listed, synchronise, toc_faults

TOC = """format: jb-book
root: book/intro
parts:
  - caption: Tools
    chapters:
      - file: book/tools/lines
        sections:
          - file: book/tools/more
  - caption: Back
    chapters:
      - file: book/back/list
"""


def files_of(project):
    return {p.relative_to(project): p for p in project.rglob("*") if p.is_file()}


def put(path, text):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    return path


@pytest.fixture
def project(tmp_path):
    for name in ("intro.md", "tools/lines.ipynb", "tools/more.md", "back/list.md"):
        put(tmp_path / "book" / name, "x")
    (tmp_path / "_toc.yml").write_text(TOC)
    return tmp_path


def test_every_level_of_the_contents_is_read():
    import yaml

    names = ["book/intro", "book/tools/lines", "book/tools/more", "book/back/list"]
    assert listed(yaml.safe_load(TOC)) == names
    assert listed({"format": "jb-book", "root": "a", "chapters": [{"file": "b"}]}) == ["a", "b"]


def test_complete_contents_have_no_fault(project):
    put(project / "book" / "tools" / ".ipynb_checkpoints" / "lines-checkpoint.ipynb", "x")
    assert toc_faults(project) == []


def test_a_forgotten_chapter_is_named(project):
    (project / "book" / "tools" / "lost.ipynb").write_text("x")
    assert toc_faults(project) == ["_toc.yml: add `- file: book/tools/lost` under its part, the page is in book/"]


def test_a_chapter_that_is_gone_is_named(project):
    (project / "book" / "tools" / "more.md").unlink()
    assert toc_faults(project) == ["_toc.yml: take out book/tools/more, or write the page: it is not in book/"]


def test_only_what_changed_is_touched(project, tmp_path_factory):
    target = tmp_path_factory.mktemp("src")
    files = files_of(project)
    assert sorted(synchronise(files, target)) == sorted(files)
    assert synchronise(files, target) == []
    intro = project / "book" / "intro.md"
    intro.write_text("changed")
    assert synchronise(files, target) == [intro.relative_to(project)]
    assert (target / "book" / "intro.md").read_text() == "changed"
    del files[intro.relative_to(project)]
    assert synchronise(files, target) == [intro.relative_to(project)]
    assert not (target / "book" / "intro.md").exists()


def test_a_page_is_written_again_when_its_data_come_or_go(project, tmp_path_factory):
    target = tmp_path_factory.mktemp("src")
    synchronise(files_of(project), target)
    page = target / "book" / "tools" / "lines.ipynb"
    os.utime(page, (1, 1))
    table = put(project / "book" / "tools" / "lines-data" / "fig-a.csv", "x\n1\n")
    synchronise(files_of(project), target)
    assert page.stat().st_mtime > 1
    os.utime(page, (1, 1))
    table.unlink()
    synchronise(files_of(project), target)
    assert page.stat().st_mtime > 1


def test_executed_notebooks_and_their_data_stand_in_for_the_stored_ones(project, tmp_path_factory, monkeypatch):
    from tools import build_html, paths

    run = tmp_path_factory.mktemp("run")
    monkeypatch.setattr(build_html, "ROOT", project)
    monkeypatch.setattr(paths, "BOOK", project / "book")
    put(project / "book" / "tools" / "lines-data" / "fig-old.csv", "x\n1\n")
    with pytest.raises(SystemExit, match="no such notebook"):
        build_html.wanted(run)
    executed = put(run / "book" / "tools" / "lines.ipynb", "executed")
    table = put(run / "record" / "figures" / "tools" / "lines" / "fig-new.csv", "x\n2\n")
    files = {place.as_posix(): path for place, path in build_html.wanted(run).items()}
    assert files["book/tools/lines.ipynb"] == executed
    assert files["book/tools/lines-data/fig-new.csv"] == table
    assert "book/tools/lines-data/fig-old.csv" not in files
    assert "book/tools/lines-data/fig-old.csv" in {place.as_posix() for place in build_html.wanted(None)}
