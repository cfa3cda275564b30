"""The page of corrections: what we found in the papers, with arguments, from ``book/back/corrections.yml``."""

import re
from collections import Counter
from dataclasses import dataclass

import yaml

from tools.back_matter.chapters import title
from tools.back_matter.ledger import SHORT, words
from tools.paths import BOOK
from v2g_nb.ledger import PAPERS, Value, load_items

SOURCE = BOOK / "back" / "corrections.yml"
KINDS = {
    "false": "does not hold",
    "misprint": "misprint",
    "ambiguous": "several readings",
    "missing": "not stated",
}
OURS = re.compile(r"\[\[([a-z0-9.-]+)(:%)?\]\]")


@dataclass(frozen=True)
class Correction:
    """One entry: where in the paper, what it says, what we find, and where the book shows it."""

    paper: str
    place: str
    title: str
    kind: str
    chapter: str
    says: str
    argument: str
    section: str = ""
    items: tuple[str, ...] = ()


def load() -> list[Correction]:
    """Return all entries in the order of the papers."""
    rows = yaml.safe_load(SOURCE.read_text(encoding="utf-8"))
    return [Correction(**row | {"items": tuple(row.get("items", ()))}) for row in rows]


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
            f"{filled(correction.argument, values)} Shown in {{chapter}}`{name} <{place}>`.",
            "",
        ]
    )
    return text.replace(" %", "\N{NO-BREAK SPACE}%")


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
