"""The ledger's page holds every item with the computed verdict, and follows the values."""

import re

from tools.back_matter import ledger
from v2g_nb.ledger import PAPERS, load_items, load_values, status

VALUES = load_values()
ROW = re.compile(r'<tr role="row" id="([a-z0-9-]+)" data-paper="(\w+)" data-status="([^"]+)">(.*?)</tr>', re.S)


def rows(values) -> dict[str, tuple[str, str, str]]:
    return {place: (paper, verdict, body) for place, paper, verdict, body in ROW.findall(ledger.table(values))}


def test_every_item_is_a_row_with_its_verdict():
    found = rows(VALUES)
    assert len(found) == len(load_items())
    for item in load_items().values():
        paper, verdict, body = found[item.id.replace(".", "-")]
        assert (paper, verdict) == (item.paper, status(item, VALUES.get(item.id)))
        assert f">{verdict}<" in body


def test_the_page_follows_a_value_that_changes():
    item = next(i for i in load_items().values() if status(i, VALUES.get(i.id)) == "reproduced")
    assert rows(VALUES | {item.id: 12345.0})[item.id.replace(".", "-")][1] in ("differs", "refuted")
    assert ledger.sums(VALUES) != ledger.sums({**VALUES, item.id: 12345.0})
    assert ledger.counts(VALUES) != ledger.counts({**VALUES, item.id: 12345.0})


def test_counts_add_up():
    lines = ledger.counts(VALUES).split("<tbody>")[1].split("</tr>")[:-1]
    *parts, total = ([int(n) for n in re.findall(r"<td>(\d+)</td>", line)] for line in lines)
    assert [sum(column) for column in zip(*parts, strict=True)] == total
    assert total[:4] == [sum(i.paper == p for i in load_items().values()) for p in PAPERS]
    assert total[4] == len(load_items()) == sum(total[:4])


def test_the_sentence_adds_up():
    total, held, *rest = (int(n) for n in re.findall(r"\d+", ledger.sums(VALUES)))
    assert total == len(load_items())
    assert held == rest[0] + rest[1]
    assert held + sum(rest[2:]) == total


def test_without_a_script_the_table_is_complete():
    """Only the filters are hidden before the script runs."""
    text = ledger.table(VALUES).split("<script>")[0]
    assert text.count(" hidden>") == 1
    assert 'class="v2g-filter" hidden' in text


def test_an_equation_is_said_in_words():
    items = load_items()
    assert ledger.found(items["highway.eq-19"], 0.0) == "holds to 1e-9"
    assert ledger.found(items["highway.eq-19"], 0.5) == "off by 0.5"
    assert ledger.said(items["highway.eq-19"]) == "it holds"
    assert ledger.said(items["campus.fig-3b-cars"]) == "24.42 EUR"
