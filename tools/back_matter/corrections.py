"""The page of corrections: what we found in the papers, with arguments, from ``book/back/corrections/<paper>.yml``."""

import re
from collections import Counter
from dataclasses import dataclass
from typing import Any

import yaml

from tools.back_matter.chapters import cell_number, title
from tools.back_matter.ledger import SHORT, words
from tools.paths import BOOK
from v2g_nb.ledger import PAPERS, Value, load_items

SOURCE = BOOK / "back" / "corrections"
KINDS = {
    "false": "does not hold",
    "misprint": "misprint",
    "ambiguous": "several readings",
    "not stated": "not stated",
}
OURS = re.compile(r"\[\[([a-z0-9.-]+)(:%)?\]\]")


@dataclass(frozen=True)
class Evidence:
    """What shows it: in words, and a piece of code that one cell of a chapter holds and no other."""

    what: str
    chapter: str
    code: str


@dataclass(frozen=True)
class Correction:
    """One entry: where in the paper, what it says, what we find, and where the book shows it.

    In the text, ``[[id]]`` is our value of that item of the ledger. A decimal number is one that the named chapter
    checks, or that the item reports. `quotation` is the paper's own wording, `readings` are those that were considered,
    `reconsider` is what would change our mind. An entry that is carried over `unjudged` may lack them.
    """

    paper: str
    place: str
    title: str
    kind: str
    chapter: str
    says: str
    argument: str
    section: str = ""
    items: tuple[str, ...] = ()
    quotation: str = ""
    readings: tuple[str, ...] = ()
    evidence: tuple[Evidence, ...] = ()
    reconsider: str = ""
    unjudged: bool = False

    def lacks(self) -> list[str]:
        """Return the fields that a judged entry of this kind must have and this one has not."""
        if self.unjudged:
            return []
        wanted = {"false": ("quotation", "readings", "evidence", "reconsider"), "ambiguous": ("readings",)}
        return [name for name in wanted.get(self.kind, ()) if not getattr(self, name)]


def read(paper: str, row: dict[str, Any]) -> Correction:
    """Return one entry of a paper's file."""
    lists: dict[str, tuple[Any, ...]] = {name: tuple(row.get(name, ())) for name in ("items", "readings")}
    lists["evidence"] = tuple(Evidence(**one) for one in row.get("evidence", ()))
    return Correction(paper, **row | lists)


def load() -> list[Correction]:
    """Return all entries in the order of the papers."""
    files = {paper: (SOURCE / f"{paper}.yml").read_text(encoding="utf-8") for paper in PAPERS}
    return [read(paper, row) for paper, text in files.items() for row in yaml.safe_load(text)]


def filled(text: str, values: dict[str, Value]) -> str:
    """Replace each ``[[id]]`` by our value of that item, as a share of 100 where ``:%`` follows."""

    def ours(match: re.Match[str]) -> str:
        item, value = load_items()[match[1]], values.get(match[1])
        if match[2] and isinstance(value, float):
            return f"{value:.0%}".replace("%", " %")
        return words(value, "" if item.unit in ("EUR", "$") else item.unit)  # the text names the currency

    return OURS.sub(ours, text)


def entry(correction: Correction, values: dict[str, Value]) -> str:
    """Return one entry as Markdown."""
    place = correction.chapter + (f"#{correction.section}" if correction.section else "")
    name = correction.section or title(correction.chapter)
    text = "\n".join(
        [
            f"### {correction.title}",
            "",
            f"**{correction.place}: {KINDS[correction.kind]}.** *The paper:* {correction.says}",
            "",
            *([f"> {' '.join(correction.quotation.split())}", ""] if correction.quotation else []),
            f"{filled(correction.argument, values)} Shown in {{chapter}}`{name} <{place}>`.",
            "",
            *grounds(correction, values),
        ]
    )
    return text.replace(" %", "\N{NO-BREAK SPACE}%")


def grounds(correction: Correction, values: dict[str, Value]) -> list[str]:
    """Return the readings, the evidence with links to its cells, and what would change our mind."""
    rows = [f"*Reading {n}:* {filled(text, values)}" for n, text in enumerate(correction.readings, 1)]
    for one in correction.evidence:
        number = cell_number(one.chapter, one.code)
        link = f"{{chapter}}`{title(one.chapter)}, cell {number} <{one.chapter}#cell-{number}>`"
        rows.append(f"*Evidence:* {filled(one.what, values)} {link}")
    rows += [f"*What would change our mind:* {correction.reconsider}"] if correction.reconsider else []
    return [*(f"- {' '.join(row.split())}" for row in rows), ""] if rows else []


def page(values: dict[str, Value]) -> str:
    """Return all entries, paper by paper, after a table that counts them."""
    entries = load()
    count = Counter((c.paper, c.kind) for c in entries)
    lines = ["| Paper | " + " | ".join(KINDS.values()) + " |", "|---" * (len(KINDS) + 1) + "|"]
    lines += [f"| {SHORT[p]} | " + " | ".join(str(count[p, k]) for k in KINDS) + " |" for p in PAPERS]
    for paper in PAPERS:
        lines += ["", f"## {SHORT[paper]}", ""]
        lines += [entry(c, values) for c in entries if c.paper == paper]
    return "\n".join(lines) + "\n"
