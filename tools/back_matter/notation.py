"""The notation: which symbol means what in which chapter, and what no table explains.

A part declares its symbols in ``book/back/notation/<part>.yml``: those of the whole `part`, and those of single
`chapters`; ``everywhere.yml`` has what all share, and labels that are no products. A row is the name, as set, the
meaning, the unit ("-" for a pure number), and how the paper writes it where that differs. The name is the letter, or
the TeX command without its backslash; accents and superscripts do not count. A chapter may use nothing else.

``python -m tools.back_matter.notation`` prints the symbols of each chapter that are not declared, with the formula in
which they stand first.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from typing import Any

from tools import reading_time
from tools.back_matter.chapters import PARTS, by_part, cells, title
from tools.paths import BOOK

SOURCE = BOOK / "back" / "notation"
# what a command does is no symbol: layout, operators, relations, functions with a name of their own
COMMANDS = frozenset(
    re.findall(
        r"\w+",
        """
frac tfrac dfrac sum prod int sqrt le leq ge geq ne neq ll gg approx equiv sim propto to mapsto in notin subset
subseteq cup cap setminus emptyset forall exists infty partial nabla cdot times pm mp perp top dots ldots cdots
min max arg log ln exp sin cos tan det dim Pr lim sup inf left right big bigl bigr Big Bigl Bigr bigg lVert
rVert lvert rvert quad qquad hat bar tilde underline overline underbrace overbrace textstyle displaystyle star
mid Longleftrightarrow Leftrightarrow Rightarrow Longrightarrow rightarrow succeq preceq succ prec langle rangle
mathcal mathbb mathbf boldsymbol vec dot odot otimes circ prime lfloor rfloor lceil rceil not colon limits
middle leftarrow
""",
    )
)
PRINTED = ("highway", "campus", "grid")  # the city's paper has lost its formulas
DISPLAY = re.compile(r"\$\$(.*?)\$\$", re.S)
INLINE = re.compile(r"(?<![\\$])\$(?!\$)([^$]+)\$(?!\$)")
LABELS = re.compile(r"\\(?:begin|end|tag|label|text|operatorname|mathrm|mathsf|mathit|mathbb|ref)\*?\s*\{[^{}]*\}")


@dataclass(frozen=True)
class Symbol:
    """One row: the name by which the check knows it, how it is set, what it means, and in what unit."""

    name: str
    tex: str
    meaning: str
    unit: str
    paper: str = ""


@dataclass(frozen=True)
class Notation:
    """The tables, by where a symbol may be used."""

    words: tuple[str, ...]
    everywhere: tuple[Symbol, ...]
    rooms: dict[str, tuple[Symbol, ...]]
    chapters: dict[str, tuple[Symbol, ...]]

    def known(self, chapter: str) -> set[str]:
        """Return the names of symbols that a chapter may use."""
        room = chapter.split("/", maxsplit=1)[0]
        tables = (self.everywhere, self.rooms.get(room, ()), self.chapters.get(chapter, ()))
        return {symbol.name for table in tables for symbol in table}


def rows(table: list[list[Any]]) -> tuple[Symbol, ...]:
    """Return the rows of one table."""
    return tuple(Symbol(*(str(cell) for cell in row)) for row in table)


@cache
def load() -> Notation:
    """Return the notation as it is declared."""
    found = by_part(SOURCE)
    shared = found.pop("everywhere")
    rooms = {part: rows(tables["part"]) for part, tables in found.items() if "part" in tables}
    chapters = {name: rows(table) for tables in found.values() for name, table in tables.get("chapters", {}).items()}
    return Notation(tuple(shared["words"]), rows(shared["everywhere"]), rooms, chapters)


def formulas(markdown: str) -> Iterator[str]:
    """Yield the formulas of a text."""
    text = re.sub(r"(?<!`)`[^`\n]+`(?!`)", " ", markdown)
    for pattern in (DISPLAY, INLINE):
        yield from (match[1] for match in pattern.finditer(text))
        text = pattern.sub(" ", text)


def symbols(formula: str, words: tuple[str, ...]) -> set[str]:
    """Return the names of the symbols in a formula: letters and commands that stand for something."""
    bare = LABELS.sub(" ", formula)
    commands = set(re.findall(r"\\([a-zA-Z]+)", bare)) - COMMANDS
    runs = re.findall(r"[a-zA-Z]+", re.sub(r"\\[a-zA-Z]+|\\\[[^\]]*\]|\[\d+pt\]", " ", bare))
    return commands | {letter for run in runs if run not in words for letter in run}


def first_uses(prose: list[str], words: tuple[str, ...]) -> dict[str, str]:
    """Return every symbol of a text with the first formula in which it stands."""
    found: dict[str, str] = {}
    for formula in (f for text in prose for f in formulas(text)):
        for name in sorted(symbols(formula, words)):
            found.setdefault(name, " ".join(formula.split()))
    return found


def uses(chapter: str) -> dict[str, str]:
    """Return the symbols of a chapter."""
    return first_uses([c["source"] for c in cells(chapter) if c["cell_type"] == "markdown"], load().words)


def undeclared(chapter: str) -> dict[str, str]:
    """Return the symbols of a chapter that no table explains, with the formula in which they stand first."""
    known = load().known(chapter)
    return {name: formula for name, formula in uses(chapter).items() if name not in known}


def idle() -> list[str]:
    """Return what is declared for a chapter or room and not used there."""
    found, chapters = load(), reading_time.chapters()
    faults = [
        f"{chapter}: {s.name}"
        for chapter, table in found.chapters.items()
        for s in table
        if chapter in chapters and s.name not in uses(chapter)
    ]
    for room, table in found.rooms.items():
        used = {name for c in chapters if c.startswith(f"{room}/") for name in uses(c)}
        faults += [f"{room}: {s.name}" for s in table if s.name not in used]
    return faults


def lines(table: tuple[Symbol, ...]) -> list[str]:
    """Return a table as Markdown."""
    text = ["| Symbol | Meaning | Unit |", "|---|---|---|"]
    for s in sorted(table, key=lambda s: (s.name.lower(), s.tex)):
        text.append(f"| ${s.tex}$ | {s.meaning} | {'' if s.unit == '-' else s.unit} |")
    return [*text, ""]


def several() -> list[str]:
    """Return a table of the letters that mean different things in different rooms."""
    found = load()
    by_name: dict[str, list[tuple[str, Symbol]]] = {}
    for room, table in found.rooms.items():
        for symbol in table:
            by_name.setdefault(symbol.name, []).append((PARTS[room], symbol))
    text = ["| Letter | Where | Meaning |", "|---|---|---|"]
    for name in sorted(by_name, key=str.lower):
        if len(by_name[name]) > 1:
            letter = name if len(name) == 1 else f"\\{name}"
            text += [f"| ${letter}$ | {room} | {s.meaning} |" for room, s in by_name[name]]
    return [*text, ""]


def renamed(paper: str) -> list[str]:
    """Return a table from the symbols of a paper to ours, where they differ; *Tools* follows the highway's paper."""
    found = load()
    parts = (paper, "tools") if paper == "highway" else (paper,)
    tables = [(PARTS[room], found.rooms[room]) for room in parts if room in found.rooms]
    tables += [
        (f"{{chapter}}`{title(c)} <{c}>`", found.chapters[c])
        for c in reading_time.chapters()
        if c in found.chapters and c.split("/")[0] in parts
    ]
    where: dict[tuple[str, Symbol], list[str]] = {}
    for place, table in tables:
        for s in table:
            for theirs in s.paper.split(", also ") if s.paper not in ("", "not in the paper") else ():
                where.setdefault((theirs, s), []).append(place)
    text = ["| In the paper | Here | Meaning | Unit | In |", "|---|---|---|---|---|"]
    for (theirs, s), places in sorted(where.items(), key=lambda row: row[0][0].strip("\\").lower()):
        if theirs == s.tex:
            continue
        unit = "" if s.unit == "-" else s.unit
        text.append(f"| ${theirs}$ | ${s.tex}$ | {s.meaning} | {unit} | {', '.join(places)} |")
    return [*text, ""]


def page() -> str:
    """Return the tables as Markdown."""
    found = load()
    text = ["## From the papers' symbols to ours", ""]
    for paper in PRINTED:
        text += [f"### {PARTS[paper]}: what is written in another way", "", *renamed(paper)]
    text += ["## Everywhere", "", *lines(found.everywhere)]
    for room, part in PARTS.items():
        text += [f"## {part}", ""]
        text += lines(found.rooms[room]) if room in found.rooms else []
        for chapter in (c for c in reading_time.chapters() if c in found.chapters and c.startswith(f"{room}/")):
            text += [f"### Only in {{chapter}}`{title(chapter)} <{chapter}>`", "", *lines(found.chapters[chapter])]
    return "\n".join([*text, "## One letter, several meanings", "", *several()])


def main() -> None:
    """Print what is not declared, and what is declared in vain."""
    for chapter in reading_time.chapters():
        for name, formula in undeclared(chapter).items():
            print(f"{chapter}: {name} in {formula[:90]}")
    for fault in idle():
        print(f"declared, not used: {fault}")


if __name__ == "__main__":
    main()
