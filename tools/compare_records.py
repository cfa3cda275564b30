"""Compare what a run recorded (numbers behind figures, ledger values) with what is stored.

``python -m tools.compare_records RECORD [CHAPTER ...]``: of all chapters, or of those named.
"""

import math
import sys
from collections.abc import Sequence
from pathlib import Path

from tools.paths import VALUES, chapter, figure_folder, notebooks, stored_values
from v2g_nb.figures.data import differing, read_csv
from v2g_nb.ledger import load_items


def figure_faults(record: Path, chapters: Sequence[str] = ()) -> list[str]:
    """Return a line for every figure whose data is missing, left over or different."""
    faults = []
    for notebook in (n for n in notebooks() if not chapters or chapter(n) in chapters):
        ran, kept = record / "figures" / chapter(notebook), figure_folder(notebook)
        names = {p.name for p in ran.glob("*.csv")} | {p.name for p in kept.glob("*.csv")}
        for name in sorted(names):
            place = f"{chapter(notebook)}: {name}"
            if not (ran / name).exists():
                faults.append(f"{place} is stored, but the run makes no such figure")
            elif not (kept / name).exists():
                faults.append(f"{place} is made by the run, but not stored")
            else:
                columns = differing(read_csv((ran / name).read_text()), read_csv((kept / name).read_text()))
                faults += [f"{place} differs in column {column}" for column in columns]
    return faults


def same_value(item: str, ours: object, stored: object) -> bool:
    """Return whether two values of a ledger item are the same, as closely as processors agree."""
    if isinstance(ours, float) and isinstance(stored, float):
        # A residual is noise below the tolerance that the item allows.
        allowed = load_items()[item].tolerance if item in load_items() else 0.0
        return math.isclose(ours, stored, rel_tol=1e-5) or max(abs(ours), abs(stored)) <= allowed
    return type(ours) is type(stored) and ours == stored


def ledger_faults(record: Path, chapters: Sequence[str] = ()) -> list[str]:
    """Return a line for every ledger value that is missing, left over or different."""
    ran, kept = stored_values(record / "ledger"), stored_values(VALUES)
    if chapters:
        items = {item.id for item in load_items().values() if item.chapter in chapters}
        kept = {item: value for item, value in kept.items() if item in items}
    return [
        f"ledger: {item} is {ran.get(item)!r} in the run, but {kept.get(item)!r} in store"
        for item in sorted(ran.keys() | kept.keys())
        if not same_value(item, ran.get(item), kept.get(item))
    ]


def main() -> None:
    """Compare the folder named on the command line."""
    record, chapters = Path(sys.argv[1]), sys.argv[2:]
    faults = [*figure_faults(record, chapters), *ledger_faults(record, chapters)]
    if faults:
        raise SystemExit("\n".join([*faults, "run `make notebooks` and look at what changed"]))
    print("figure data and ledger values are current")


if __name__ == "__main__":
    main()
