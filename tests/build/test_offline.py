"""The file to read without a connection: complete, the same from the same pages, and told by its checksum."""

import hashlib
import os
import zipfile

import pytest

from tools import offline


@pytest.fixture
def site(tmp_path):
    folder = tmp_path / "html"
    for name in ("index.html", "book/b.html", "book/a.html", "_static/x.css"):
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(name)
    return folder


def test_everything_is_packed_with_the_licences(site, tmp_path):
    target = tmp_path / "x.zip"
    digest = offline.pack(site, target)
    assert target.with_name("x.zip.sha256").read_text() == f"{digest}  x.zip\n"
    assert hashlib.sha256(target.read_bytes()).hexdigest() == digest
    there = offline.unpacked(site, tmp_path / "scratch")
    packed = {p.relative_to(there).as_posix() for p in there.rglob("*") if p.is_file()}
    pages = {p.relative_to(site).as_posix() for p in site.rglob("*") if p.is_file()}
    assert packed == pages | set(offline.BEYOND)
    assert (there / "book" / "a.html").read_text() == "book/a.html"


def test_the_same_pages_give_the_same_file(site, tmp_path):
    one = offline.pack(site, tmp_path / "1" / "x.zip")
    for path in site.rglob("*.html"):
        os.utime(path, (1, 1))
        path.chmod(0o600)
    assert offline.pack(site, tmp_path / "2" / "x.zip") == one
    entries = zipfile.ZipFile(tmp_path / "2" / "x.zip").infolist()
    assert [e.filename for e in entries] == sorted(e.filename for e in entries)
    assert {(e.date_time, e.external_attr) for e in entries} == {(offline.DATE, offline.MODE)}
    (site / "book" / "a.html").write_text("changed")
    assert offline.pack(site, tmp_path / "3" / "x.zip") != one


def test_pages_that_were_not_built_are_not_packed(tmp_path):
    with pytest.raises(SystemExit, match="there is no index"):
        offline.pack(tmp_path, tmp_path / "x.zip")
