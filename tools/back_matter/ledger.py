"""The ledger as a page: every item of the four papers, with filters that a reader may leave alone."""

import html
from collections import Counter

from tools.back_matter.chapters import title
from v2g_nb.ledger import PAPERS, STATUSES, Item, Value, load_items, status

TITLES = {
    "highway": "Highway (Yoshihara and Namerikawa)",
    "campus": "Campus (Shen and others)",
    "grid": "Grid (the tri-level game)",
    "city": "City (Hou, Li and Pang)",
}
SHORT = {name: name.capitalize() for name in PAPERS}
COLUMNS = ("Item", "The paper says", "We get", "Status", "Shown in")

STYLE = """<style>
.v2g-ledger table {width: 100%}
.v2g-ledger th, .v2g-ledger td {max-width: none; padding-right: .8rem}
.v2g-ledger td:first-child {width: 45%}
.v2g-ledger td:last-child {min-width: 7.5rem}
.v2g-ledger td small {display: block; margin-top: .25rem}
.v2g-ledger tbody th {background: var(--pst-color-surface); padding: .5rem .4rem; text-align: left}
.v2g-counts tbody th {border-bottom: 1px solid var(--pst-color-border); font-weight: normal}
.v2g-counts tr:last-child > * {font-weight: 600}
.v2g-filter {display: flex; flex-wrap: wrap; gap: .5rem 1.25rem; margin: 0 0 1rem}
.v2g-filter[hidden], .v2g-ledger [hidden] {display: none}
.v2g-filter select {background: var(--pst-color-background); border: 1px solid var(--pst-color-text-muted);
  border-radius: .25rem; color: inherit; font: inherit; min-height: 2.4rem; padding: .2rem .4rem}
.v2g-filter output {align-self: center}
@media (max-width: 760px) {
  .v2g-ledger thead {clip-path: inset(50%); height: 1px; overflow: hidden; position: absolute; width: 1px}
  .v2g-ledger :is(table, tbody, tr, th, td):not([hidden]) {display: block}
  .v2g-ledger tbody td, .v2g-ledger td:first-child {border: 0; padding: .1rem 0; width: auto}
  .v2g-ledger tr {border-bottom: 1px solid var(--pst-color-border); padding: .6rem 0}
  .v2g-ledger td[data-name]::before {color: var(--pst-color-text-muted); content: attr(data-name) ": "}
}
</style>"""

# Without scripts the table is complete and the filters stay hidden.
SCRIPT = """<script>
(() => {
  const form = document.querySelector(".v2g-filter");
  const [paper, state] = form.querySelectorAll("select");
  const shown = form.querySelector("output");
  const rows = [...document.querySelectorAll(".v2g-ledger tr[data-status]")];
  const show = () => {
    for (const row of rows) row.hidden = (paper.value && row.dataset.paper !== paper.value)
      || (state.value && row.dataset.status !== state.value);
    for (const body of document.querySelectorAll(".v2g-ledger tbody"))
      body.hidden = !body.querySelector("tr[data-status]:not([hidden])");
    shown.value = rows.filter(row => !row.hidden).length + " of " + rows.length + " items";
  };
  form.addEventListener("change", show);
  form.hidden = false;
  show();
})();
</script>"""


def is_equation(item: Item) -> bool:
    """Return whether the item says that something holds as printed: a residual that should be zero."""
    return item.reported == 0 and isinstance(item.reported, float) and ".fig-" not in item.id


def said(item: Item) -> str:
    """Return what the paper says, in words."""
    return "it holds" if is_equation(item) else words(item.reported, item.unit)


def found(item: Item, value: Value | None) -> str:
    """Return what we get, in words."""
    if value is None:
        return "not computed"
    if not is_equation(item) or not isinstance(value, float):
        return words(value, item.unit)
    if value > item.tolerance:
        return f"off by {value:.4g} {item.unit}".rstrip()
    size = f"{item.tolerance:g}".replace("e-0", "e-")
    return f"holds to {size} {item.unit}".rstrip() if item.tolerance else "holds exactly"


def words(value: Value | None, unit: str) -> str:
    """Return a value of the ledger as a reader expects it."""
    if value is None:
        return "no value"
    if isinstance(value, bool):
        return "yes" if value else "no"
    return value if isinstance(value, str) else f"{value:.4g} {unit}".rstrip()


def statuses(values: dict[str, Value]) -> dict[str, str]:
    """Return the status of every item."""
    return {item.id: status(item, values.get(item.id)) for item in load_items().values()}


def row(item: Item, values: dict[str, Value]) -> str:
    """Return one line of the table."""
    value = values.get(item.id)
    verdict = status(item, value)
    more = " ".join(text for text in (item.refutation, item.note) if text)
    what = html.escape(item.what) + (f"<small>{html.escape(more)}</small>" if more else "")
    link = f'<a href="../{item.chapter}.html">{title(item.chapter)}</a>' if item.chapter else "not yet"
    cells = (html.escape(said(item)), html.escape(found(item, value)), verdict, link)
    body = f'<td role="cell">{what}</td>' + "".join(
        f'<td role="cell" data-name="{name}">{cell}</td>' for name, cell in zip(COLUMNS[1:], cells, strict=True)
    )
    place = item.id.replace(".", "-")
    return f'<tr role="row" id="{place}" data-paper="{item.paper}" data-status="{verdict}">{body}</tr>'


def select(name: str, label: str, options: dict[str, str]) -> str:
    """Return a labelled list to choose from."""
    entries = "".join(f'<option value="{value}">{text}</option>' for value, text in options.items())
    return f'<label>{label} <select name="{name}">{entries}</select></label>'


def table(values: dict[str, Value]) -> str:
    """Return the whole ledger with its filters."""
    items = load_items().values()
    present = Counter(statuses(values).values())
    papers = select("paper", "Paper", {"": "all four"} | SHORT)
    states = select("status", "Status", {"": "any"} | {s: s for s in STATUSES if present[s]})
    head = "".join(f'<th role="columnheader" scope="col">{name}</th>' for name in COLUMNS)
    bodies = [
        f'<tbody role="rowgroup"><tr role="row"><th role="rowheader" colspan="{len(COLUMNS)}" scope="rowgroup">'
        f"{TITLES[paper]}</th></tr>"
        + "\n".join(row(item, values) for item in items if item.paper == paper)
        + "</tbody>"
        for paper in PAPERS
    ]
    return (
        f'{STYLE}\n<form class="v2g-filter" hidden>{papers}{states}<output aria-live="polite"></output></form>\n'
        '<div class="v2g-table v2g-ledger" role="region" tabindex="0" aria-label="The ledger"><table role="table">'
        f'<thead role="rowgroup"><tr role="row">{head}</tr></thead>{"".join(bodies)}</table></div>\n{SCRIPT}\n'
    )


def counts(values: dict[str, Value]) -> str:
    """Return how many items of each paper have each status."""
    found_ = Counter((item.paper, status(item, values.get(item.id))) for item in load_items().values())
    used = [s for s in STATUSES if any(found_[p, s] for p in PAPERS)]
    head = "".join(f'<th scope="col">{name}</th>' for name in ("Status", *SHORT.values(), "All"))
    rows = [(s, [found_[p, s] for p in PAPERS]) for s in used]
    rows.append(("all", [sum(found_[p, s] for s in used) for p in PAPERS]))
    body = "".join(
        f'<tr><th scope="row">{name}</th>' + "".join(f"<td>{n}</td>" for n in (*numbers, sum(numbers))) + "</tr>"
        for name, numbers in rows
    )
    return (
        '<div class="v2g-table v2g-counts" role="region" tabindex="0" aria-label="Items by paper and status"><table>'
        f"<thead><tr>{head}</tr></thead><tbody>{body}</tbody></table></div>\n"
    )


def sums(values: dict[str, Value]) -> str:
    """Return the counts as sentences."""
    count = Counter(statuses(values).values())
    held = count["reproduced"] + count["reproduced on our data"]
    text = (
        f"Of {count.total()} items, {held} come out as the papers say: {count['reproduced']} from what is printed "
        f"alone, {count['reproduced on our data']} with data of ours in place of data that the text does not give. "
        f"Refuted, with an argument, are {count['refuted']}; different without one, {count['differs']}. Tuning met "
        f"{count['calibrated']}, which shows only that they are possible. What is printed does not fix "
        f"{count['not identifiable from the text']}, and in {count['not reported']} cases the paper gives no value to "
        "compare with."
    )
    left = count["not yet treated"]
    return text + (f" Not treated yet: {left}." if left else "") + "\n"
