"""Make the power-network tables from pandapower's test cases; a second run changes nothing.

pandapower runs in the peers' environment (``V2G_PEERS``). Its nine-bus case keeps MATPOWER's
numbering; ours is that of Anderson and Fouad's book, which the literature on the game uses.
"""

import csv
from pathlib import Path
from typing import Any

from tools.paths import ROOT
from tools.peers.call import call

FOLDER = ROOT / "v2g_nb" / "data"
NAMES = {"case9": "case9", "case14": "case14", "case_ieee30": "case30"}
KINDS = {1: "pq", 2: "pv", 3: "slack"}
TO_TEXTBOOK = {1: 1, 2: 2, 3: 3, 4: 4, 5: 6, 6: 9, 7: 8, 8: 7, 9: 5}  # MATPOWER's bus 5 is the book's bus 6
UNLIMITED_MVA = 9000.0  # pandapower writes 9900 where there is no rating


def clean(value: float) -> str:
    """Return a number without the rounding noise of pandapower's way through ohms."""
    return f"{float(f'{value:.9g}') + 0.0:.9g}"


def bus_rows(case: dict[str, Any], number: dict[int, int]) -> list[list[Any]]:
    """Return the bus table, generators included, sorted by our numbers."""
    made: dict[int, float] = {}
    point: dict[int, float] = {}
    for row in case["gen"]:
        made[int(row[0])] = made.get(int(row[0]), 0.0) + row[1]
        point[int(row[0])] = row[5]
    rows = []
    for row in case["bus"]:
        k = int(row[0])
        numbers = [row[2], row[3], row[4], row[5], made.get(k, 0.0), point.get(k, 1.0)]
        rows.append([number[k + 1], KINDS[int(row[1])], *map(clean, numbers)])
    return sorted(rows)


def branch_rows(case: dict[str, Any], number: dict[int, int]) -> list[list[Any]]:
    """Return the branch table; an empty rating stands for none."""
    rows = []
    for row in case["branch"]:
        if not row[10]:
            continue
        rating = clean(row[5]) if row[5] < UNLIMITED_MVA else ""
        ends = [number[int(row[0]) + 1], number[int(row[1]) + 1]]
        rows.append([*ends, *map(clean, [row[2], row[3], row[4], row[8] or 1.0, row[9]]), rating])
    return sorted(rows, key=lambda r: (r[0], r[1]))


def write(path: Path, header: str, rows: list[list[Any]]) -> None:
    """Write one table."""
    with path.open("w", encoding="utf-8", newline="") as out:
        writer = csv.writer(out, lineterminator="\n")
        writer.writerow(header.split(","))
        writer.writerows(rows)


def main() -> None:
    """Write all tables."""
    for theirs, ours in NAMES.items():
        case = call("pandapower_peer", {"task": "tables", "case": theirs}, "pandapower")["answer"]
        if case["base_mva"] != 100.0:
            raise SystemExit(f"{theirs}: base_mva = {case['base_mva']}: the loader takes 100 MVA")
        number = TO_TEXTBOOK if ours == "case9" else {k: k for k in range(1, len(case["bus"]) + 1)}
        head = "bus,kind,demand_mw,demand_mvar,shunt_mw,shunt_mvar,generation_mw,set_point_pu"
        write(FOLDER / f"power_{ours}_bus.csv", head, bus_rows(case, number))
        head = "from_bus,to_bus,resistance_pu,reactance_pu,charging_pu,tap,shift_deg,rating_mva"
        write(FOLDER / f"power_{ours}_branch.csv", head, branch_rows(case, number))
    print(f"wrote {len(NAMES)} cases to {FOLDER.relative_to(ROOT)}")


if __name__ == "__main__":
    main()
