"""Finishing pages: mends that no longer apply and handlers that would be refused are named."""

import base64
import hashlib
import re
import sys

import pytest
from nbformat.v4 import new_code_cell, new_markdown_cell, new_output

from tests.build import tiny
from tools.finish_pages import INLINE, MENDS, Mend, finish, typeset, with_policy, write_changed
from tools.icons import code_points, icon_sheet
from tools.paths import ROOT

PAGE = '<!DOCTYPE html><html lang="en"><head><title>x</title>{head}</head><body>{body}</body></html>'


def policy_of(page):
    return re.search(r'http-equiv="Content-Security-Policy" content="([^"]*)"', page)[1]


def test_the_policy_names_each_inline_script_once_and_nothing_else():
    twice = 2 * "<script>let a = 1</script>"
    body = f'{twice}<script src="a.js"></script><script type="text/plain">x</script>'
    page = with_policy(PAGE.format(head="", body=body), "page", {})
    digest = base64.b64encode(hashlib.sha256(b"let a = 1").digest()).decode()
    scripts = next(rule for rule in policy_of(page).split("; ") if rule.startswith("script-src"))
    assert scripts == f"script-src 'self' 'sha256-{digest}'"
    assert page.index("Content-Security-Policy") < page.index("<title>")
    assert "unsafe" not in policy_of(page).replace("style-src 'self' 'unsafe-inline'", "")


def test_a_handler_in_a_page_is_a_fault():
    faults = {}
    page = PAGE.format(head="", body='<button class="b" onclick="x()">x</button>')
    assert "script-src 'self'" in policy_of(with_policy(page, "a.html", faults))
    assert faults == {"the inline handler onclick is refused by the page's policy": ["a.html"]}
    # what a script writes is the script's affair: the browser check would see it refused
    faults.clear()
    with_policy(PAGE.format(head="", body='<script>let b = `<b onclick="x()">`</script>'), "page", faults)
    assert faults == {}


def test_a_page_without_head_is_a_fault():
    faults = {}
    assert with_policy("<html></html>", "page", faults) == "<html></html>"
    assert faults == {"no <head>, so no policy": ["page"]}


def test_a_mend_that_no_longer_applies_names_itself():
    faults = {}
    mend = Mend("new words", "old words", "new words", when="table")
    assert mend.apply("a table of old words, old words", "page", faults) == "a table of new words, new words"
    assert mend.apply("no such thing here", "page", faults) == "no such thing here"
    assert faults == {}
    assert mend.apply("a table of other words", "page", faults) == "a table of other words"
    ((fault, pages),) = faults.items()
    assert fault.startswith("theme patch 'new words' (MENDS in tools/finish_pages.py): 'old words' is not found")
    assert pages == ["page"]


def test_no_page_of_another_theme_passes():
    page, faults = PAGE.format(head="", body=""), {}
    due = [mend for mend in MENDS if mend.when in page]
    for mend in due:
        mend.apply(page, "page", faults)
    assert len(due) == len(faults) > 5


def test_another_theme_still_gives_pages_and_every_patch_that_fits_nowhere_is_named(tmp_path):
    """Every patch is due somewhere in the book: one that is due on no page has lost its occasion."""
    (tmp_path / "raw").mkdir()
    (tmp_path / "raw" / "index.html").write_text(PAGE.format(head="", body=""))
    (tmp_path / "raw" / "page.html").write_text(PAGE.format(head="", body="text"))
    pages, faults = finish(tmp_path / "raw", tmp_path / "site", tmp_path)
    assert pages == 1
    assert "script-src 'self'" in policy_of((tmp_path / "site" / "page.html").read_text())
    assert [mend.what for mend in MENDS if not any(repr(mend.what) in fault for fault in faults)] == []
    assert sum("(1 pages, the first page.html)" in fault for fault in faults) > 5
    assert sum("no page holds" in fault for fault in faults) > 5


@pytest.mark.parametrize("strict", [True, False])
def test_a_misfit_fails_the_test_and_only_warns_the_reader(strict, monkeypatch, capsys):
    from tools import build_html

    for name in ("generate", "wanted", "synchronise"):
        monkeypatch.setattr(build_html, name, lambda *_: {})
    monkeypatch.setattr(build_html, "build", lambda *_: None)
    monkeypatch.setattr(build_html, "finish", lambda *_: (7, ["theme patch 'x': fits nowhere"]))
    monkeypatch.setattr(sys, "argv", ["build_html", *["--strict"] * strict])
    if strict:
        with pytest.raises(SystemExit, match="1 faults"):
            build_html.main()
    else:
        build_html.main()
    said = capsys.readouterr()
    assert "7 pages in" in said.out
    assert "warning: theme patch 'x': fits nowhere" in said.err


def test_the_tasks_say_which_is_which():
    text = (ROOT / "tasks.py").read_text()
    assert '"tools.build_html", "--strict"' in text.split("def html")[1].split("@task")[0]
    assert "--strict" not in text.split("def book")[1].split("@task")[0]


def test_icons_in_use_are_embedded_and_others_are_not():
    sheet = icon_sheet(['<i class="fa-solid fa-bars">'], ["a{content:'\\f107'}"])
    assert '.fa-bars:before{content:"\\f0c9"}' in sheet
    assert "fa-moon" not in sheet
    font = base64.b64decode(re.search(r"base64,([^)]*)\)", sheet)[1])
    assert font[:4] == b"wOFF"
    assert len(font) < 2000
    assert icon_sheet(['<i class="fa-solid fa-bars">'], ["a{content:'\\f107'}"]) == sheet
    assert "http" not in re.sub(r"/\*.*?\*/", "", sheet)


def test_code_points_are_read_from_rules_with_several_names():
    assert code_points({"b", "zzz"}, '.fa-a:before,.fa-b:before{content:"\\f001"}') == {"b": 0xF001}


def test_unchanged_files_are_not_written_again(tmp_path):
    path = tmp_path / "a" / "b.txt"
    write_changed(path, b"x")
    before = path.stat().st_mtime_ns
    write_changed(path, b"x")
    assert path.stat().st_mtime_ns == before
    write_changed(path, b"y")
    assert path.read_bytes() == b"y"


@pytest.fixture(scope="module")
def small_book(tmp_path_factory):
    """Build a book of two pages through the whole chain: Sphinx, the extension, finishing."""
    folder = tmp_path_factory.mktemp("book")
    intro = "# A book\n\nSee {chapter}`the first <tools/one>`, {chapter}`its start <tools/one#One>` and $a^2$.\n"
    picture = {"image/svg+xml": "<svg xmlns='http://www.w3.org/2000/svg'/>"}
    shown = {"outputs": [new_output("execute_result", picture, execution_count=1)], "execution_count": 1}
    cells = [new_markdown_cell("# One\n\n```{prf:theorem} T\n:label: t\nTrue.\n```\n\nSee {prf:ref}`t`.")]
    for name in ("fig-a", "fig-b"):  # with data and without
        meta = {"mystnb": {"image": {"alt": "A line."}, "figure": {"name": name, "caption": "A figure."}}}
        cells.append(new_code_cell("draw()", metadata=meta, **shown))
    tiny.write(folder / "src", intro, "book/tools/one", cells)
    (folder / "src/book/tools/one-data").mkdir()
    (folder / "src/book/tools/one-data/fig-a.csv").write_text("x\n1\n")
    built = tiny.run(folder)
    assert built.returncode == 0, built.stderr
    return folder / "html", int(built.stdout.split()[-1])


def test_a_chapter_and_its_sections_are_linked(small_book):
    site, _ = small_book
    page = (site / "book" / "intro.html").read_text()
    assert re.search(r'href="tools/one.html"[^>]*>(<[^>]*>)?the first', page)
    assert re.search(r'href="tools/one.html#one"[^>]*>(<[^>]*>)?its start', page)


@pytest.mark.parametrize("target", ["tools/two", "tools/two#One"])
def test_a_link_to_no_chapter_ends_the_build(tmp_path, target: str):
    tiny.write(tmp_path / "src", f"# A book\n\nSee {{chapter}}`the second <{target}>`.\n")
    built = tiny.run(tmp_path)
    assert built.returncode != 0
    assert "tools/two" in built.stdout + built.stderr


def test_a_figure_with_data_links_to_them(small_book):
    site, _ = small_book
    page = (site / "book" / "tools" / "one.html").read_text()
    assert page.count('class="v2g-data" href="one-data/fig-a.csv" download') == page.count("v2g-data") == 1
    assert (site / "book" / "tools" / "one-data" / "fig-a.csv").read_text() == "x\n1\n"


def test_every_page_is_finished(small_book):
    site, count = small_book
    pages = [p for p in site.rglob("*.html") if "_static" not in p.parts]
    assert len(pages) == count + 1  # and the redirect
    for path in pages:
        page = path.read_text()
        assert "script-src 'self'" in policy_of(page)
        assert not re.search(r'(src|href)="(https?:)?//', page)
        if path.name != "index.html":
            assert "thebe" not in page.lower()
            assert "Version " in page
            assert len(re.findall(r"<script[^>]*doctools", page)) == 1
            inline = [m["body"] for m in INLINE.finditer(page) if "toggleHintShow" in m["body"]]
            assert len(inline) == 1


def test_mathjax_comes_with_the_book_where_there_is_mathematics(small_book):
    site, _ = small_book
    assert "_static/mathjax/startup.js" in (site / "book" / "intro.html").read_text()
    assert (site / "_static" / "mathjax" / "core.js").exists()
    assert "MathJax" not in (site / "book" / "tools" / "one.html").read_text()
    assert sum(p.stat().st_size for p in site.rglob("*") if p.is_file()) < 5e6


def test_the_address_of_the_book_leads_to_its_first_page(small_book):
    site, _ = small_book
    assert 'url=book/intro.html"' in (site / "index.html").read_text()


def test_a_warning_stops_the_build(tmp_path):
    tiny.write(tmp_path / "src", "# A book\n\nSee {ref}`nowhere` and {cite}`nobody1900`.\n")
    built = tiny.run(tmp_path)
    assert built.returncode == 1
    for words in ("undefined label: 'nowhere'", "nobody1900", "nothing was put into"):
        assert words in built.stderr


def test_full_stops_units_powers_and_names_break_where_they_may():
    formula = r'<span class="math notranslate nohighlight">\(a &lt; b\)</span>'
    assert typeset(f"<p>If {formula}, so {formula} is</p>") == (
        f'<p>If <span class="v2g-tied">{formula},</span> so {formula} is</p>'
    )
    assert typeset("<td>2.7 min, 5 kWh</td><td>at most 1e-06 EUR</td>") == (
        '<td>2.7\u00a0min, 5\u00a0kWh</td><td>at most <span class="v2g-tied">1e-06</span>\u00a0EUR</td>'
    )
    assert typeset("<td>37.4 ± 0.5</td>") == "<td>37.4\u00a0±\u00a00.5</td>"
    assert typeset("<p>2.7 min</p><td>20 generators</td>") == "<p>2.7 min</p><td>20 generators</td>"
    name = '<span class="pre">v2g_nb.figures 0.5</span>'
    assert typeset(name) == '<span class="pre">v2g_<wbr>nb.<wbr>figures 0.5</span>'


def test_a_proof_is_known_by_its_first_word():
    (mend,) = [m for m in MENDS if "Proof" in m.old]
    faults = {}
    page = '<div class="proof admonition" id="proof">\n<p>Proof. By induction.</p></div>'
    assert (
        mend.apply(page, "page", faults) == '<div class="proof admonition"><p><em>Proof.</em> By induction.</p></div>'
    )
    assert faults == {}
    mend.apply(page.replace("Proof.", "Because."), "page", faults)
    assert len(faults) == 1
