"""Record the flows that AequilibraE finds on Sioux Falls: ``python -m tools.record_aequilibrae``.

AequilibraE is called in the environment of the Python that V2G_PEERS names.
"""

import csv
import datetime
import io

from benchmarks.city import run_aequilibrae
from tools.paths import ROOT
from v2g_nb.city import sioux_falls

TABLE = ROOT / "tests" / "networks" / "files" / "aequilibrae_sioux_falls.csv"


def main() -> None:
    """Write the flows of the run with the smallest gap."""
    answer = run_aequilibrae()
    if "absent" in answer:
        raise SystemExit(f"AequilibraE is absent: {answer['absent']}")
    best = min(answer["runs"], key=lambda run: run["gap"])
    roads = sioux_falls().network
    today = datetime.datetime.now(tz=datetime.UTC).date().isoformat()
    out = io.StringIO()
    out.write(f"# AequilibraE {answer['version']}, recorded {today}: bi-conjugate Frank-Wolfe, ")
    out.write(f"relative gap {best['gap']:.2e}, Beckmann {best['beckmann']:.6f}\n")
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(("from_node", "to_node", "flow_veh_per_h"))
    for tail, head, flow in zip(roads.tails + 1, roads.heads + 1, best["flow"], strict=True):
        writer.writerow((tail, head, f"{flow:.3f}"))
    TABLE.write_text(out.getvalue(), encoding="utf-8")


if __name__ == "__main__":
    main()
