"""A reader's own files: what comes out is right, what is wrong is named, and no row is lost."""

import csv
import subprocess
import sys
from datetime import datetime, timedelta
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
from scipy.optimize import linprog

from tools.paths import BOOK, ROOT
from v2g_nb.errors import InvalidInput
from v2g_nb.synthesis import read_feeder, read_tariff, tariff_gains

OWN = BOOK / "synthesis" / "own-data"
HEAD = "id,arrival,departure,energy_kwh,power_kw\n"
PRICES = "start,end,price_eur_per_kwh\n"
DAY = datetime(2024, 3, 1)


def written(folder: Path, name: str, text: str) -> Path:
    path = folder / name
    path.write_text(text, encoding="utf-8")
    return path


def test_shifting_is_the_linear_program():
    """The cheapest way to charge, by a general solver on a grid of minutes."""
    tariff = read_tariff(OWN / "tariff.csv")
    lines = tariff_gains(OWN / "sessions.csv", tariff)
    price = np.concatenate(
        [
            np.full(round((b - a) / timedelta(minutes=1)), p)
            for (a, b), p in zip(pairwise(tariff.times), tariff.price_eur_per_kwh, strict=True)
        ]
    )
    with (OWN / "sessions.csv").open(encoding="utf-8") as stream:
        for row, line in zip(csv.DictReader(stream), lines, strict=True):
            begin, end = (
                round((datetime.fromisoformat(row[k]) - DAY) / timedelta(minutes=1)) for k in ("arrival", "departure")
            )
            minutes, power = price[begin:end], float(row["power_kw"])
            best = linprog(
                minutes, A_eq=np.ones((1, len(minutes))), b_eq=[float(row["energy_kwh"])], bounds=(0, power / 60)
            )
            assert line["tariff_shifted_eur"] == pytest.approx(best.fun, abs=1e-6)
            full = np.full(len(minutes), power / 60)
            filled = np.minimum(
                full, np.maximum(0, float(row["energy_kwh"]) - np.concatenate([[0], full.cumsum()[:-1]]))
            )
            assert line["tariff_on_arrival_eur"] == pytest.approx(minutes @ filled, abs=1e-6)


def test_the_flat_price_brings_the_same_revenue_before_anybody_reacts():
    lines = tariff_gains(OWN / "sessions.csv", read_tariff(OWN / "tariff.csv"))
    assert sum(v["flat_eur"] for v in lines) == pytest.approx(sum(v["tariff_on_arrival_eur"] for v in lines))
    assert all(v["tariff_shifted_eur"] <= v["tariff_on_arrival_eur"] + 1e-12 for v in lines)
    assert {v["status"] for v in lines} == {"gains", "loses"}
    dear = tariff_gains(OWN / "sessions.csv", read_tariff(OWN / "tariff.csv"), flat_eur_per_kwh=1.0)
    assert {v["status"] for v in dear} == {"gains"}
    assert dear[0]["flat_eur"] == dear[0]["energy_kwh"]


@pytest.mark.parametrize(
    ("row", "column", "words"),
    [
        ("x,2024-03-01 08:00,2024-03-01 07:00,1,11", "departure", "after the arrival"),
        ("x,2024-03-01 08:00,2024-03-01 08:00,1,11", "departure", "after the arrival"),
        ("x,soon,2024-03-01 09:00,1,11", "arrival", "must be a time"),
        ("x,2024-03-01,2024-03-01 09:00,1,11", "arrival", "must be a time"),
        ("x,2024-13-01 08:00,2024-03-01 09:00,1,11", "arrival", "must be a time"),
        ("x,2024-03-01 08:00,2024-03-01 09:00,12,11", "energy_kwh", "at most 11 kWh"),
        ("x,2024-03-01 08:00,2024-03-01 09:00,-1,11", "energy_kwh", "at least 0"),
        ("x,2024-03-01 08:00,2024-03-01 09:00,nan,11", "energy_kwh", "must be a number"),
        ("x,2024-03-01 08:00,2024-03-01 09:00,,11", "energy_kwh", "must be a number"),
        ("x,2024-03-01 08:00,2024-03-01 09:00,1,0", "power_kw", "above 0"),
        ("x,2024-03-01 08:00,2024-03-01 09:00,1,11000", "power_kw", "at most 2000; the column's name"),
        ("x,2024-03-01 08:00,2024-03-01 09:00,8000,11", "energy_kwh", "at most 11 kWh"),
        ("x,2024-02-29 23:00,2024-03-01 09:00,1,11", "arrival", "before the tariff begins"),
        ("x,2024-03-01 23:00,2024-03-02 09:00,1,11", "departure", "after the tariff ends"),
        ("x,2024-03-01 08:00Z,2024-03-01 09:00Z,1,11", "arrival", "no time zone"),
        ("a,2024-03-01 08:00,2024-03-01 09:00,1,11", "id", "row 2 has it already"),
        (",2024-03-01 08:00,2024-03-01 09:00,1,11", "id", "must name"),
        ("x,2024-03-01 08:00,2024-03-01 09:00,1", "", "has 4 cells, must have 5"),
        ("x,2024-03-01 08:00,2024-03-01 09:00,7,5,11", "", "has 6 cells, must have 5 as the header; numbers"),
    ],
)
def test_a_bad_row_is_kept_and_named(tmp_path, row, column, words):
    good = "a,2024-03-01 08:00,2024-03-01 09:00,1,11\n"
    path = written(tmp_path, "mine.csv", HEAD + good + row + "\n")
    lines = tariff_gains(path, read_tariff(OWN / "tariff.csv"))
    assert [v["status"] for v in lines] == ["even", "rejected"]
    note = lines[1]["note"]
    assert note.startswith(f"mine.csv, row 3, column {column}:" if column else "mine.csv, row 3: ")
    assert words in note


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "row 1, column start: is missing"),
        ("start,end,price\n2024-03-01 08:00,2024-03-01 09:00,0.3\n", "row 1, column price_eur_per_kwh: is missing"),
        ("start;end;price_eur_per_kwh\n", "separated by commas"),
        (PRICES, "at least one row"),
        (PRICES + "2024-03-01 08:00,2024-03-01 09:00\n", "row 2: has 2 cells, must have 3"),
        (PRICES + "2024-03-01 08:00,2024-03-01 07:00,0.3\n", "row 2, column end"),
        (PRICES + "2024-03-01 08:00,2024-03-01 09:00,-0.1\n", "--allow-negative"),
        (PRICES + "2024-03-01 08:00,2024-03-01 09:00,32\n", "column price_eur_per_kwh: '32' must be at most 5"),
        (PRICES + "2024-03-01 08:00,2024-03-01 09:00,dear\n", "column price_eur_per_kwh: 'dear' must be a number"),
        (PRICES + "2024-03-01 08:00,2024-03-01 09:00,1\n2024-03-01 10:00,2024-03-01 11:00,1\n", "row 3, column start"),
        (PRICES + "2024-03-01 08:00,2024-03-01 10:00,.3\n2024-03-01 09:00,2024-03-01 11:00,.3\n", "overlaps"),
        (PRICES + "2024-03-01 08:00Z,2024-03-01 09:00,.3\n", "row 2, column end"),
        (PRICES + "2024-03-01 08:00,2024-03-01 09:00,.3\n2024-03-01 09:00Z,2024-03-01 10:00Z,.3\n", "row 3, column"),
    ],
)  # fmt: skip
def test_a_bad_tariff_is_named(tmp_path, text, words):
    with pytest.raises(InvalidInput) as caught:
        read_tariff(written(tmp_path, "mine.csv", text))
    assert str(caught.value).startswith("mine.csv")
    assert words in str(caught.value)


def test_a_session_across_midnight(tmp_path):
    """Ten hours from ten at night, three of them before midnight's price ends: by hand."""
    night = PRICES + "2024-03-01 20:00,2024-03-02 01:00,0.3\n2024-03-02 01:00,2024-03-02 09:00,0.1\n"
    path = written(tmp_path, "mine.csv", HEAD + "a,2024-03-01 22:00,2024-03-02 08:00,40,10\n")
    (line,) = tariff_gains(path, read_tariff(written(tmp_path, "night.csv", night)))
    assert line["tariff_on_arrival_eur"] == pytest.approx(30 * 0.3 + 10 * 0.1)
    assert line["tariff_shifted_eur"] == pytest.approx(40 * 0.1)
    (line,) = tariff_gains(path, read_tariff(OWN / "tariff.csv"))
    assert "must not lie after the tariff ends" in line["note"]


def test_negative_prices_are_read_where_they_are_allowed(tmp_path):
    path = written(tmp_path, "mine.csv", PRICES + "2024-03-01 08:00,2024-03-01 09:00,-0.1\n")
    assert read_tariff(path, allow_negative=True).price_eur_per_kwh == (-0.1,)


def test_rows_may_stand_in_any_order(tmp_path):
    lines = (OWN / "tariff.csv").read_text(encoding="utf-8").splitlines()
    path = written(tmp_path, "mine.csv", "\n".join([lines[0], *reversed(lines[1:])]))
    assert read_tariff(path) == read_tariff(OWN / "tariff.csv")


def test_a_negative_price_in_another_unit_is_seen(tmp_path):
    rows = "2024-03-01 08:00,2024-03-01 09:00,{}\n"
    with pytest.raises(InvalidInput, match="row 2, column price_eur_per_kwh: '-40'") as caught:
        read_tariff(written(tmp_path, "mine.csv", PRICES + rows.format("-40")), allow_negative=True)
    assert "--allow-negative" not in str(caught.value)  # they are allowed already
    assert read_tariff(written(tmp_path, "mine.csv", PRICES + rows.format("-0.04")), allow_negative=True)


def test_the_first_row_with_a_time_is_named_where_blank_ones_come_before(tmp_path):
    rows = ",,\n,,\n2024-03-01 08:00,2024-03-01 09:00,.3\n2024-03-01 09:00Z,2024-03-01 10:00Z,.3\n"
    with pytest.raises(InvalidInput, match=r"row 5, column start: .* if row 4 has one"):
        read_tariff(written(tmp_path, "mine.csv", PRICES + rows))


def test_a_path_that_no_system_takes_is_an_input_error():
    with pytest.raises(InvalidInput, match=r"path = .*: cannot be read, "):
        read_tariff("a" * 5000)


def run(*words):
    command = [sys.executable, "-m", "v2g_nb.synthesis.who_gains", *map(str, words)]
    return subprocess.run(command, capture_output=True, text=True, cwd=ROOT, check=False)


def test_the_command(tmp_path):
    out = tmp_path / "table.csv"
    done = run(OWN / "sessions.csv", OWN / "tariff.csv", "--out", out)
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.startswith("8 sessions: 7 gain, 1 lose")
    with out.open(encoding="utf-8") as stream:
        rows = list(csv.DictReader(stream))
    assert [row["row"] for row in rows] == [str(k) for k in range(2, 10)]
    assert next(row for row in rows if row["id"] == "visitor")["gain_eur"] == "-1.2582"


def test_the_command_keeps_every_row_and_says_what_is_wrong(tmp_path):
    out = tmp_path / "table.csv"
    done = run(OWN / "sessions-with-faults.csv", OWN / "tariff.csv", "--out", out)
    assert done.returncode == 1
    assert done.stderr.count("rejected: sessions-with-faults.csv, row") == 9
    with out.open(encoding="utf-8") as stream:
        assert len(list(csv.DictReader(stream))) == 10


def test_feeder_of_ones_own():
    own = read_feeder(OWN / "lines.csv", OWN / "loads.csv", source="substation", nominal_kv=0.4)
    assert own.feeder.names == ("substation", "square", "school", "car park", "mill")
    assert own.load_kw.tolist() == [0, 60, 35, 20, 40]
    assert own.feeder.resistance[0] == pytest.approx(0.012 / 0.16)
    assert own.feeder.rating_kva[1] == np.inf


LINES = "from_bus,to_bus,r_ohm,x_ohm,rating_kva\n"
LOADS = "bus,load_kw,load_kvar\n"


@pytest.mark.parametrize(
    ("lines", "loads", "words"),
    [
        ("a,b,0.1,x,\n", "b,1,1\n", "lines.csv, row 2, column x_ohm: 'x'"),
        ("a,b,-0.1,0,\n", "b,1,1\n", "lines.csv, row 2, column r_ohm"),
        ("a,b,0.1,0,0\n", "b,1,1\n", "lines.csv, row 2, column rating_kva"),
        ("a,,0.1,0,\n", "b,1,1\n", "lines.csv, row 2, column to_bus"),
        ("a,b,0.1,0,\n", "c,1,1\n", "loads.csv, row 2, column bus: 'c' must be a bus of lines.csv: a, b"),
        ("a,b,0.1,0,\n", "b,1,much\n", "loads.csv, row 2, column load_kvar"),
        ("a,b,0.1,0,\nb,c,0.1,0,\nc,a,0.1,0,\n", "b,1,1\n", "lines.csv, row 3: the line from bus 'b' to 'c' closes"),
        ("a,b,0.1,0,\nc,d,0.1,0,\n", "b,1,1\n", "bus 'c' must hang on a line that leads to the source 'a'"),
        ("b,c,0.1,0,\n", "b,1,1\n", "source = 'a': must be a bus of lines.csv, one of b, c"),
    ],
)
def test_a_bad_feeder_is_named(tmp_path, lines, loads, words):
    a, b = written(tmp_path, "lines.csv", LINES + lines), written(tmp_path, "loads.csv", LOADS + loads)
    with pytest.raises(InvalidInput) as caught:
        read_feeder(a, b, source="a", nominal_kv=0.4)
    assert words in str(caught.value)


@pytest.mark.parametrize("nominal_kv", [0.0, 1e-200, 400.0, 1e200])
def test_a_voltage_in_another_unit_is_refused(nominal_kv):
    with pytest.raises(InvalidInput, match=r"nominal_kv = .*must be a number in"):
        read_feeder(OWN / "lines.csv", OWN / "loads.csv", source="substation", nominal_kv=nominal_kv)
