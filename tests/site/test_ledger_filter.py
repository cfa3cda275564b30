"""The ledger's filters in a real browser, and the page without any script."""

import pytest
from playwright.sync_api import sync_playwright

from tools.back_matter import ledger
from tools.browser import NOT_RUN, found
from tools.finish_pages import with_policy
from v2g_nb.ledger import load_items, load_values, status

CHROMIUM = found()
pytestmark = pytest.mark.skipif(CHROMIUM is None, reason=NOT_RUN)

VALUES = load_values()
VISIBLE = "rows => rows.filter(row => row.getClientRects().length > 0).length"
ROWS = "tr[data-status]"


@pytest.fixture(scope="module")
def browser():
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox", "--disable-gpu"])
        yield browser
        browser.close()


@pytest.fixture
def page(browser, request, tmp_path):
    """The ledger on a page with the book's security policy, with or without scripts."""
    place = tmp_path / "ledger.html"
    head = '<!DOCTYPE html>\n<html lang="en"><head><meta charset="utf-8"><title>x</title></head><body><main>'
    place.write_text(with_policy(f"{head}{ledger.table(VALUES)}</main></body></html>", "ledger", {}), encoding="utf-8")
    context = browser.new_context(java_script_enabled=request.param, viewport={"width": 390, "height": 844})
    page = context.new_page()
    page.goto(place.as_uri())
    yield page
    context.close()


@pytest.mark.parametrize("page", [True], indirect=True)
def test_a_choice_shows_its_items_and_no_others(page):
    verdicts = [(i.paper, status(i, VALUES.get(i.id))) for i in load_items().values()]
    assert page.eval_on_selector_all(ROWS, VISIBLE) == len(verdicts)
    page.get_by_label("Status").select_option("refuted")
    refuted = [paper for paper, verdict in verdicts if verdict == "refuted"]
    assert page.eval_on_selector_all(ROWS, VISIBLE) == len(refuted)
    page.get_by_label("Paper").select_option("grid")
    assert page.eval_on_selector_all(ROWS, VISIBLE) == refuted.count("grid") > 0
    assert (
        page.locator("output").evaluate("output => output.value") == f"{refuted.count('grid')} of {len(verdicts)} items"
    )
    assert page.eval_on_selector_all("th[scope=rowgroup]", VISIBLE) == 1


@pytest.mark.parametrize("page", [False], indirect=True)
def test_without_scripts_everything_is_there(page):
    assert page.locator(f"{ROWS}:visible").count() == len(load_items())
    assert not page.locator("select").first.is_visible()
