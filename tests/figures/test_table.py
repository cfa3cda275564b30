"""Tables as a reader and a screen reader get them."""

import numpy as np

from v2g_nb.figures.table import Table

TABLE = Table(["station", "wait"], [["Ashigara & co", "2.7 min"], ["Suruga", 12345]], "Waits <today>")


def test_html_has_caption_header_cells_and_a_region_for_the_keyboard():
    page = TABLE.to_html()
    assert page.startswith('<div class="v2g-table" role="region" tabindex="0" aria-label="Waits &lt;today&gt;">')
    assert "<caption>Waits &lt;today&gt;</caption>" in page
    assert page.count('<th scope="col">') == 2
    assert page.count("<td>") == 4
    assert "<td>Ashigara &amp; co</td>" in page
    assert "<td>12,345</td>" in page


def test_text_is_aligned():
    lines = ["Waits <today>", "station        wait", "Ashigara & co  2.7 min", "Suruga         12,345"]
    assert str(TABLE).splitlines() == lines


def test_both_forms_are_shown():
    assert TABLE._repr_mimebundle_() == {"text/html": TABLE.to_html(), "text/plain": str(TABLE)}


def test_a_table_without_caption_still_has_a_name():
    page = Table(["a"], [[True]]).to_html()
    assert 'aria-label="table"' in page
    assert "<caption>" not in page
    assert "<td>True</td>" in page


def test_whole_numbers_of_any_kind_are_read_alike():
    assert str(Table(["a"], [[np.int64(12345)]])) == str(Table(["a"], [[12345]]))
