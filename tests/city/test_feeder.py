"""The IEEE 123-bus feeder: its totals, its tree, and how far its linear model is from OpenDSS."""

from pathlib import Path

import numpy as np
import pytest

from v2g_nb.city import ieee123, phase_equivalent
from v2g_nb.data import load_table
from v2g_nb.errors import InvalidInput
from v2g_nb.power import lindistflow

FEEDER = ieee123()
OUTAGES = [("18", "135"), ("13", "152"), ("60", "160")]


def test_totals_and_tree():
    """3 490 kW and 1 920 kvar, as published; 130 buses (regulators and the transformer included), one tree."""
    assert (FEEDER.load_kw.sum(), FEEDER.load_kvar.sum(), FEEDER.capacitor_kvar.sum()) == (3490.0, 1920.0, 750.0)
    assert (FEEDER.radial.num_buses, FEEDER.radial.num_lines) == (130, 129)
    assert FEEDER.radial.roots.tolist() == [FEEDER.bus("150")]
    assert np.bincount(FEEDER.phases).tolist() == [0, 56, 4, 69]


def test_voltages_agree_with_opendss_on_three_phase_buses():
    """Recorded from OpenDSS with the loads' own models: under .002 pu; with constant power .0025."""
    own = lindistflow(FEEDER.radial, FEEDER.load_kw, FEEDER.load_kvar - FEEDER.capacitor_kvar, source_voltage_pu=1.03)
    data = load_table("ieee123_opendss")
    ours, three = own.voltage_pu[[FEEDER.bus(bus) for bus in data["bus"].tolist()]], data["num_phases"] == 3
    assert (three.sum(), (~three).sum()) == (70, 60)
    error = np.abs(ours - data["voltage_pu"])
    constant = np.abs(ours - data["voltage_constant_power_pu"])
    assert error[three].max() < 0.002
    assert 0.002 < constant[three].max() < 0.0026  # what the chapter reports as well
    assert 0.02 < error[~three].max() < 0.025  # laterals see their own phase, which the equivalent does not


def test_a_positive_sequence_on_laterals_is_three_times_too_small():
    """The trap: without the factor 3/k the laterals' own drops come out too small."""
    for phases, ohm in ((1, 0.9), (2, 0.3), (3, 0.2)):
        full = np.full((phases, phases), 0.1) + 0.2 * np.eye(phases)
        assert phase_equivalent(full, 2 * full) == pytest.approx((ohm, 2 * ohm))


def test_closed_ties_are_refused_as_a_loop():
    """The trap of the OpenDSS copy: its two ties are closed."""
    with pytest.raises(InvalidInput, match="closes a loop: must be radial"):
        ieee123(ties_closed=True)


def test_outages_leave_three_islands():
    island = ieee123(outages=OUTAGES)
    names = island.radial.names
    assert names is not None
    assert len(island.radial.roots) == 4
    home = island.radial.roots.tolist()
    sizes = np.zeros(4, dtype=int)
    tree = {root: k for k, root in enumerate(home)}
    for bus in island.radial.order.tolist():
        parent = int(island.radial.parent[bus])
        tree[bus] = tree[bus] if parent < 0 else tree[parent]
        sizes[tree[bus]] += 1
    assert sorted(sizes[1:].tolist()) == [18, 19, 53]
    with pytest.raises(InvalidInput, match="two ends of a line"):
        ieee123(outages=[("18", "151")])


def test_closed_ties_pass_where_outages_open_the_loops():
    ring = ieee123(ties_closed=True, outages=[("18", "135"), ("60", "160")])
    assert (ring.radial.num_lines, len(ring.radial.roots)) == (129, 1)


def test_tables_say_where_they_come_from():
    sources = (Path(__file__).parents[2] / "v2g_nb" / "data" / "SOURCES.md").read_text()
    for table in ("sioux_falls_links", "sioux_falls_trips", "ieee123_branches", "ieee123_opendss"):
        assert f"`{table}.csv`" in sources
