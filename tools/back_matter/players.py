"""The map on the first page: four games, their players and chapters, every box a link.

It is drawn twice, two games beside each other for a wide page and one below the other for a narrow
one, so that letters keep their size; a style rule shows one of the two. Colours are the theme's.
"""

import html
from dataclasses import dataclass

from tools import reading_time
from tools.back_matter.chapters import title

# who is linked to the chapter in which it decides; the arrow goes from whoever moves first
PLAYERS: dict[str, list[tuple[str, str]]] = {
    "highway": [("Station operator", "highway/price-of-a-kwh"), ("Cars", "highway/who-charges-where")],
    "campus": [("Building", "campus/aggregator"), ("Aggregator", "campus/aggregator"), ("Cars", "campus/one-car")],
    "grid": [("Operator", "grid/operator"), ("Stations", "grid/two-stations"), ("Drivers", "grid/two-stations")],
    "city": [
        ("Drivers", "city/roads"),
        ("Network", "city/feeder"),
        ("Chargers", "city/one-program"),
        ("Suppliers", "city/one-program"),
    ],
}
BANDS = {
    "highway": ("Highway", "the operator names a price, cars answer"),
    "campus": ("Campus", "a building asks, a price answers, cars follow"),
    "grid": ("Grid", "three levels, each foresees the next"),
    "city": ("City", "all decide at once, prices make it fit"),
    "tools": ("Tools", "what every game stands on"),
    "synthesis": ("Synthesis", "four mechanisms compared, your own data"),
}
PAD, TITLE, PILL, LINE, GAP = 12, 50, 36, 32, 14

LETTER = 6.5  # width of a letter, about

STYLE = """<style>
.v2g-map {font-family: inherit; height: auto; max-width: 100%}
.v2g-map text {fill: var(--pst-color-text-base); font-size: 14px}
.v2g-map .head {font-size: 17px; font-weight: 600}
.v2g-map .said {fill: var(--pst-color-text-muted); font-size: 13px}
.v2g-map rect {fill: none; stroke: var(--pst-color-border)}
.v2g-map .ground {fill: var(--pst-color-surface)}
.v2g-map a rect {fill: var(--pst-color-background); stroke: var(--pst-color-primary)}
.v2g-map a text {fill: var(--pst-color-primary)}
.v2g-map a:hover text, .v2g-map a:focus-visible text {text-decoration: underline}
.v2g-map a:focus-visible {outline: none}
.v2g-map a:focus-visible rect {stroke-width: 3}
.v2g-map path {fill: none; stroke: var(--pst-color-text-muted); stroke-width: 1.5}
.v2g-map.narrow {display: none}
@media (max-width: 760px) {.v2g-map.wide {display: none} .v2g-map.narrow {display: block}}
</style>"""


@dataclass(frozen=True)
class Card:
    """A game, or a band of chapters, at a place and of a width."""

    name: str
    x: float
    y: float
    width: float
    columns: int = 1

    @property
    def chapters(self) -> list[str]:
        """Its chapters in the order of the book."""
        return [c for c in reading_time.chapters() if c.startswith(self.name + "/")]

    @property
    def height(self) -> float:
        """What its contents need."""
        rows = -(-len(self.chapters) // self.columns)
        return TITLE + (PILL + 10) * (self.name in PLAYERS) + LINE * rows + PAD

    def draw(self) -> str:
        """Return it as SVG."""
        head, said = BANDS[self.name]
        parts = [
            f'<rect class="ground" x="{self.x}" y="{self.y}" width="{self.width}" height="{self.height}" rx="8"/>',
            f'<text class="head" x="{self.x + PAD}" y="{self.y + 23}">{head}</text>',
            f'<text class="said" x="{self.x + PAD}" y="{self.y + 41}">{said}</text>',
        ]
        top = self.y + TITLE
        if self.name in PLAYERS:
            parts.append(self.players(top))
            top += PILL + 10
        column = (self.width - 2 * PAD - GAP * (self.columns - 1)) / self.columns
        for place, chapter in enumerate(self.chapters):
            row, side = divmod(place, self.columns)
            parts.append(self.chapter(chapter, self.x + PAD + side * (column + GAP), top + LINE * row, column))
        return "".join(parts)

    def players(self, top: float) -> str:
        """Return the players in a row, with arrows where somebody moves first."""
        players = PLAYERS[self.name]
        arrow = 6 if self.name == "city" else 24
        width = (self.width - 2 * PAD - arrow * (len(players) - 1)) / len(players)
        parts = []
        for place, (who, chapter) in enumerate(players):
            x = self.x + PAD + place * (width + arrow)
            box = f'<rect x="{x:g}" y="{top}" width="{width:g}" height="{PILL - 8}" rx="14"/>'
            box += f'<text x="{x + width / 2:g}" y="{top + 19}" text-anchor="middle">{who}</text>'
            parts.append(linked(chapter, f"{who}, in: ", box))
            if place and arrow > 10:
                middle = top + (PILL - 8) / 2
                parts.append(f'<path d="M{x - arrow + 4:g} {middle:g}h{arrow - 8}m-5 -4l5 4l-5 4"/>')
        return "".join(parts)

    def chapter(self, chapter: str, x: float, y: float, width: float) -> str:
        """Return a chapter with its reading time."""
        minutes = f"{reading_time.measure(chapter).minutes} min"
        box = f'<rect x="{x:g}" y="{y}" width="{width:g}" height="{LINE - 5}" rx="4"/>'
        name, room = title(chapter), width - 75
        squeeze = f' textLength="{room:g}" lengthAdjust="spacingAndGlyphs"' if len(name) * LETTER > room else ""
        box += f'<text x="{x + 8:g}" y="{y + 18}"{squeeze}>{html.escape(name)}</text>'
        box += f'<text x="{x + width - 8:g}" y="{y + 18}" text-anchor="end">{minutes}</text>'
        return linked(chapter, "", box)


def linked(chapter: str, before: str, box: str) -> str:
    """Return a box as a link to a chapter."""
    label = f' aria-label="{before}{html.escape(title(chapter))}"' if before else ""
    return f'<a href="{chapter}.html"{label}>{box}</a>'


def svg(kind: str, width: int, columns: int) -> str:
    """Return the map for one width of page."""
    cards: list[Card] = []
    y = 1.0
    games = list(PLAYERS)
    column = (width - 2 - GAP * (columns - 1)) / columns
    for start in range(0, len(games), columns):
        row = [Card(n, 1 + k * (column + GAP), y, column) for k, n in enumerate(games[start : start + columns])]
        y += max(card.height for card in row) + GAP
        cards += row
    for name in ("tools", "synthesis"):
        band = Card(name, 1, y, width - 2, columns)
        if band.chapters:
            y += band.height + GAP
            cards.append(band)
    label = "Map of the book: four games with their players and chapters, and the tools they stand on"
    return (
        f'<svg class="v2g-map {kind}" xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {y:g}" '
        f'width="{width}" role="group" aria-label="{label}">{"".join(card.draw() for card in cards)}</svg>'
    )


def picture() -> str:
    """Return the map with its style."""
    return f"{STYLE}\n{svg('wide', 688, 2)}\n{svg('narrow', 358, 1)}\n"
