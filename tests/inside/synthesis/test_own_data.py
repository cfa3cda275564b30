"""What stands behind a reader's own files: times, cells, costs, and the command as a function."""

from datetime import datetime
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.synthesis.test_own_data import OWN, written
from v2g_nb.errors import InvalidInput
from v2g_nb.synthesis.own_data import Tariff, _cost, price_pieces, read_table
from v2g_nb.synthesis.who_gains import main


def test_time_zones_are_converted():
    """Eight in Berlin is seven in London: the same piece of the tariff."""
    clock = "2024-03-01T{}"
    times = tuple(datetime.fromisoformat(clock.format(t)) for t in ("07:00+00:00", "08:00+00:00", "09:00+00:00"))
    tariff = Tariff(times, (0.1, 0.5))
    berlin = [datetime.fromisoformat(clock.format(t)) for t in ("08:00+01:00", "09:30+01:00")]
    assert price_pieces(tariff, *berlin) == [(0.1, 1.0), (0.5, 0.5)]


def test_the_hour_that_a_clock_skips_counts_as_none():
    """With offsets the night of the change is three hours long from one to five; without them it is four."""
    begin, end = "2024-03-31T01:00", "2024-03-31T05:00"
    aware = tuple(datetime.fromisoformat(t) for t in (begin + "+01:00", end + "+02:00"))
    naive = tuple(datetime.fromisoformat(t) for t in (begin, end))
    assert price_pieces(Tariff(aware, (0.2,)), *aware) == [(0.2, 3.0)]
    assert price_pieces(Tariff(naive, (0.2,)), *naive) == [(0.2, 4.0)]


def test_a_zone_whose_clock_skips_an_hour_counts_the_hours_that_pass():
    """Two times of one zone are two hours apart here, though their clocks show three."""
    zone = ZoneInfo("Europe/Berlin")
    times = tuple(datetime(2024, 3, 31, hour, tzinfo=zone) for hour in (1, 3, 4))
    assert price_pieces(Tariff(times, (0.3, 0.1)), times[0], times[-1]) == [(0.3, 1.0), (0.1, 1.0)]


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("none.csv", "tariff.csv"), "none.csv"),
        (("sessions.csv", "none.csv"), "none.csv"),
        (("sessions.csv", "sessions.csv"), "column start: is missing"),
        (("tariff.csv", "tariff.csv"), "column id: is missing"),
        (("sessions.csv", "tariff.csv", "--flat", "-1"), "flat_eur_per_kwh = -1.0"),
        (("sessions.csv", "tariff.csv", "--flat", "32"), "flat_eur_per_kwh = 32.0"),
    ],
)
def test_the_command_ends_with_two_where_there_is_nothing_to_compute(tmp_path, capsys, words, said):
    files = [str(OWN / w) if w.endswith(".csv") else w for w in words]
    out = tmp_path / "table.csv"
    assert main([*files, "--out", str(out)]) == 2
    assert said in capsys.readouterr().err
    assert not out.exists()


def test_the_command_never_writes_over_what_it_reads(tmp_path, capsys):
    mine = written(tmp_path, "mine.csv", (OWN / "sessions.csv").read_text(encoding="utf-8"))
    before = mine.read_text(encoding="utf-8")
    assert main([str(mine), str(OWN / "tariff.csv"), "--out", str(mine)]) == 2
    assert "--out" in capsys.readouterr().err
    assert mine.read_text(encoding="utf-8") == before
    assert main([str(mine), str(OWN / "tariff.csv"), "--out", str(tmp_path / "no" / "table.csv")]) == 2
    assert main([str(mine), str(OWN / "tariff.csv"), "--out", str(tmp_path)]) == 2
    assert "a file that can be written" in capsys.readouterr().err


def test_a_spreadsheets_mark_and_quoted_cells_are_read(tmp_path):
    path = tmp_path / "mine.csv"
    path.write_text('\ufeffbus, load_kw\n"the, mill",12\n\n"two\nlines",3\n', encoding="utf-8")
    rows = read_table("path", path, ["bus", "load_kw"])
    assert [(r.place, r.cells["bus"]) for r in rows] == [(2, "the, mill"), (5, "two\nlines")]
    path.write_bytes(b"bus,load_kw\nm\xfchle,3\n")
    with pytest.raises(InvalidInput, match="UTF-8"):
        read_table("path", path, ["bus"])
    path.write_text("bus,load_kw\nmill," + "3" * 200_000 + "\n", encoding="utf-8")
    with pytest.raises(InvalidInput, match=r"mine\.csv, row 2: must be rows of cells"):
        read_table("path", path, ["bus"])


@settings(max_examples=40, deadline=None)
@given(
    st.lists(st.tuples(st.floats(0.05, 0.6), st.floats(0.25, 3.0)), min_size=1, max_size=6),
    st.floats(0, 1),
    st.floats(1, 22),
)
def test_shifting_never_costs_more_and_scales(pieces, part, power):
    energy = part * power * sum(h for _, h in pieces)
    shifted, arrival = _cost(sorted(pieces), energy, power), _cost(pieces, energy, power)
    low, high = min(p for p, _ in pieces), max(p for p, _ in pieces)
    assert low * energy - 1e-9 <= shifted <= arrival + 1e-9 <= high * energy + 2e-9
