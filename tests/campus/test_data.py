"""The tables are what SOURCES.md says."""

import hashlib

import numpy as np
import pytest

from tools.paths import ROOT
from v2g_nb.data import load_campus_day, load_workplace_sessions

DATA = ROOT / "v2g_nb" / "data"


@pytest.mark.parametrize("name", ["campus_day.csv", "workplace_sessions.csv"])
def test_checksums(name):
    assert hashlib.sha256((DATA / name).read_bytes()).hexdigest() in (DATA / "SOURCES.md").read_text(encoding="utf-8")


def test_day():
    day = load_campus_day()
    assert (day.hour_h == np.arange(0.125, 24, 0.25)).all()
    assert day.pv_kw_per_kwp[:16].max() == 0.0
    assert 12.5 < day.hour_h[np.argmax(day.pv_kw_per_kwp)] < 13.6  # summer time, 13.7 degrees east
    assert 0.7 < day.pv_kw_per_kwp.max() < 0.95
    assert (day.price_eur_per_kwh.reshape(24, 4).std(axis=1) < 1e-12).all()
    assert day.price_eur_per_kwh[4 * 13] == 0.02132


def test_sessions():
    sessions = load_workplace_sessions()
    assert len(sessions.date) > 2000
    assert {d[:7] for d in sessions.date} == {"2019-06", "2019-07"}
    assert (sessions.departure_h > sessions.arrival_h).all()
    assert (sessions.energy_kwh > 0).all()
