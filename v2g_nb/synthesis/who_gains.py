"""Who gains and who loses when a flat price becomes a tariff by the hour: sessions and tariff in, a table out.

As a command::

    python -m v2g_nb.synthesis.who_gains sessions.csv tariff.csv --out table.csv

It ends with 0 if every session could be used, 1 if some could not (the table says which and why),
and 2 if there is nothing to compute.
"""

import argparse
import csv
import io
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from v2g_nb import checks
from v2g_nb.errors import InvalidInput
from v2g_nb.synthesis import read_tariff, tariff_gains
from v2g_nb.synthesis.own_data import COLUMNS, PRICE, SESSION


def write_table(lines: list[dict[str, Any]], path: str) -> None:
    """Write the lines of :func:`tariff_gains` as a CSV file, money to a hundredth of a cent."""
    if not path.strip() or not Path(path).parent.is_dir():
        raise checks.invalid("path", path, "the path of a file in a folder that exists")
    text = io.StringIO()
    writer = csv.DictWriter(text, COLUMNS)
    writer.writeheader()
    for line in lines:
        writer.writerow({k: f"{v:.4f}" if isinstance(v, float) else v for k, v in line.items()})
    try:
        Path(path).write_text(text.getvalue(), encoding="utf-8", newline="")
    except OSError as error:
        raise checks.invalid("path", path, f"a file that can be written ({error.strerror})") from None


def main(words: Sequence[str] | None = None) -> int:
    """Run the command and return its exit status."""
    parser = argparse.ArgumentParser(prog="python -m v2g_nb.synthesis.who_gains", description=__doc__.split("\n")[0])
    parser.add_argument("sessions", help=f"CSV file with the columns {', '.join(SESSION)}")
    parser.add_argument("tariff", help=f"CSV file with the columns {', '.join(PRICE)}")
    parser.add_argument("--out", required=True, help="CSV file to write: one row for every session")
    parser.add_argument("--flat", type=float, help="flat price before [EUR/kWh]; by default the one of equal revenue")
    parser.add_argument("--allow-negative", action="store_true", help="accept negative prices")
    given = parser.parse_args(words)
    try:
        if Path(given.out).resolve() in {Path(given.sessions).resolve(), Path(given.tariff).resolve()}:
            raise InvalidInput(f"--out = {given.out!r}: must not be one of the files that are read")
        prices = read_tariff(given.tariff, allow_negative=given.allow_negative)
        lines = tariff_gains(given.sessions, prices, flat_eur_per_kwh=given.flat)
        write_table(lines, given.out)
    except InvalidInput as error:
        print(f"error: {error}", file=sys.stderr)
        return 2
    counts = {s: sum(v["status"] == s for v in lines) for s in ("gains", "loses", "even", "rejected")}
    together = sum(v["gain_eur"] or 0.0 for v in lines)
    print(
        f"{len(lines)} sessions: {counts['gains']} gain, {counts['loses']} lose, {counts['even']} even, "
        f"{counts['rejected']} rejected; together they gain {together:.2f} EUR; see {Path(given.out).name}"
    )
    for line in lines:
        if line["status"] == "rejected":
            print(f"rejected: {line['note']}", file=sys.stderr)
    return 1 if counts["rejected"] else 0


if __name__ == "__main__":
    sys.exit(main())
