"""How long a chapter takes to read: ``python -m tools.reading_time`` prints what is measured.

The speeds are the same for every chapter, and stated. 238 words a minute is the mean silent reading
speed for English non-fiction over 190 studies (Brysbaert, Journal of Memory and Language 109, 2019).
The others are assumptions: a symbol of mathematics takes half a second, a line of code that computes
two seconds, a line that imports, draws or records half a second, a figure or table 20 seconds, a
figure with sliders a minute. What is closed when a page opens, such as solutions of exercises, does
not count; neither does the time to think about an exercise, or to check a proof with a pencil.
"""

import re
from dataclasses import dataclass, fields
from functools import cache
from typing import Any

from tools.back_matter.chapters import cells
from tools.paths import ROOT
from tools.size import lines_by_kind

SECONDS = {"words": 60 / 238, "symbols": 0.5, "code": 2.0, "drawing": 0.5, "figures": 20.0, "sliders": 60.0}
LIMIT_MINUTES = 30
FOLDERS = ("tools", "highway", "campus", "grid", "city", "synthesis")

DISPLAY = re.compile(r"\$\$.*?\$\$", re.S)
INLINE = re.compile(r"(?<![\\$])\$(?!\$)[^$]+\$(?!\$)")
LAYOUT = re.compile(
    r"\\(begin|end|tag|label|text|mathrm|mathcal|operatorname)\*?\{[^}]*\}"
    r"|\\(left|right|[bB]ig+[lr]?|quad|qquad|displaystyle|tfrac|frac|sqrt|bar|hat|underline)(?![a-zA-Z])|\\[,;! ]"
)
SYMBOL = re.compile(r"\\[a-zA-Z]+|[a-zA-Z]|\d+(?:\.\d+)?|[-+=<>/*|]")
FENCE = re.compile(r"^(```|:::).*?$|^:\w+:.*$", re.M)
CLOSED = re.compile(
    r"^(`{3,}|:{3,})\{(?!solution)[^}\n]*\}[^\n]*\n(?::[^\n]*\n)*?:class: *dropdown\b.*?^\1 *$", re.S | re.M
)
ROLE = re.compile(r"\{[\w:]+\}`([^`<]*?)(?:\s*<[^`]*>)?`")


@dataclass(frozen=True)
class Measure:
    """What a reader meets in a chapter."""

    words: int = 0
    symbols: int = 0
    code: int = 0
    drawing: int = 0
    figures: int = 0
    sliders: int = 0

    def __add__(self, other: "Measure") -> "Measure":
        """Return the sum, kind by kind."""
        return Measure(*(getattr(self, f.name) + getattr(other, f.name) for f in fields(self)))

    @property
    def seconds(self) -> float:
        """The time all this takes."""
        return sum(SECONDS[f.name] * float(getattr(self, f.name)) for f in fields(self))

    @property
    def minutes(self) -> int:
        """The same in whole minutes."""
        return max(1, round(self.seconds / 60))


def prose(text: str) -> Measure:
    """Measure a piece of Markdown, without what is closed when a page opens."""
    text = CLOSED.sub(" ", text)
    formulas = [match[0] for pattern in (DISPLAY, INLINE) for match in pattern.finditer(text)]
    text = INLINE.sub(" ", DISPLAY.sub(" ", text))
    figures = len(re.findall(r"```\{(?:image|figure)\}", text)) + len(re.findall(r"^\|[-| :]+\|$", text, flags=re.M))
    text = ROLE.sub(r" \1 ", FENCE.sub(" ", text))
    return Measure(len(re.findall(r"\w[\w'’-]*", text)), sum(map(symbols, formulas)), figures=figures)


def symbols(formula: str) -> int:
    """Return how many symbols of a formula have to be read, without what only sets them."""
    return len(SYMBOL.findall(LAYOUT.sub(" ", formula)))


def code(cell: dict[str, Any]) -> Measure:
    """Measure a code cell with what it shows."""
    lines = lines_by_kind(cell["source"])
    drawing = lines["plots"] + lines["bookkeeping"] + lines["imports"]
    shown = {mime for output in cell.get("outputs", ()) for mime in output.get("data", {})}
    sliders = "interactive" in cell["metadata"].get("tags", ())
    seen = bool(shown & {"image/svg+xml", "image/png", "text/html"}) and not sliders
    return Measure(code=sum(lines.values()) - drawing, drawing=drawing, figures=int(seen), sliders=int(sliders))


@cache
def measure(chapter: str) -> Measure:
    """Measure a chapter, without the solutions of its exercises."""
    total, solving = Measure(), False
    for cell in cells(chapter):
        if cell["cell_type"] != "markdown":
            total += Measure() if solving else code(cell)
            continue
        for piece in re.split(r"(?=^`{3,}\{solution-(?:start|end)\})", cell["source"], flags=re.M):
            if "{solution-end}" in piece:
                solving = False
                total += prose(piece.split("```", 2)[-1])
            else:
                solving = solving or "{solution-start}" in piece
                total += Measure() if solving else prose(piece)
    return total


def chapters() -> list[str]:
    """Return the chapters of the book proper in its order, without front and back matter."""
    names = re.findall(r"file: book/(\S+)", (ROOT / "_toc.yml").read_text(encoding="utf-8"))
    return [name for name in names if name.split("/")[0] in FOLDERS]


def main() -> None:
    """Print what every chapter holds and how long it takes."""
    names = [f.name for f in fields(Measure)]
    print(f"{'chapter':34}" + "".join(f"{name.replace('_', ' '):>12}" for name in names) + f"{'minutes':>9}")
    for name in chapters():
        found = measure(name)
        print(f"{name:34}" + "".join(f"{getattr(found, n):>12}" for n in names) + f"{found.minutes:>9}")


if __name__ == "__main__":
    main()
