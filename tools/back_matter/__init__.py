"""Parts of the back matter that are computed when the pages are built, so that they cannot go stale.

Each part is a text that a page of ``book/`` includes from ``book/generated/``. The parts are written
to ``_build/generated``; nothing here is tracked.
"""

from pathlib import Path

from tools import derivations
from tools.back_matter import api, corrections, glossary, ledger, notation, players, ways
from tools.paths import BUILD, stored_values
from v2g_nb.ledger import Value, load_values

GENERATED = BUILD / "generated"
PLACE = Path("book/generated")


def parts(values: dict[str, Value]) -> dict[str, str]:
    """Return every part by its file name."""
    return {
        "ledger-table.html": ledger.table(values),
        "ledger-counts.html": ledger.counts(values),
        "ledger-sums.md": ledger.sums(values),
        "corrections.md": corrections.page(values),
        "notation.md": notation.page(),
        "glossary.md": glossary.page(),
        "derivations.md": derivations.page(),
        "map.html": players.picture(),
        "paths.md": ways.paths(),
        "course.md": ways.course(),
        "times.md": ways.times(),
        "api-map.md": api.overview(),
    } | {f"api-{group}.md": api.group(group) for group in api.GROUPS}


def generate(run: Path | None = None) -> dict[Path, Path]:
    """Write every part and return the files by their place among the sources; values of a `run` come first."""
    values = load_values() | (stored_values(run / "record" / "ledger") if run else {})
    GENERATED.mkdir(parents=True, exist_ok=True)
    made = {}
    for name, text in parts(values).items():
        (GENERATED / name).write_text(text, encoding="utf-8")
        made[PLACE / name] = GENERATED / name
    return made
