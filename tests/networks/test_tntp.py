"""Reading TransportationNetworks files: a good one, and every way in which one may be malformed."""

import errno
from pathlib import Path

import pytest

from v2g_nb.errors import InvalidInput
from v2g_nb.networks import read_tntp_network, read_tntp_trips

FILES = Path(__file__).parent / "files"


def test_a_small_network():
    roads = read_tntp_network(FILES / "three_net.tntp", toll_factor=0.5, distance_factor=2.0)
    assert (roads.num_nodes, roads.num_links, roads.first_through) == (3, 3, 2)
    assert roads.tails.tolist() == [0, 2, 1]
    assert roads.free_flow_time.tolist() == [0.0, 10.0, 4.0]
    assert roads.fixed_cost.tolist() == [10.0, 24.0, 6.0]
    assert read_tntp_network(FILES / "three_net.tntp").fixed_cost.tolist() == [0.0, 0.0, 0.0]


def test_small_trips():
    trips = read_tntp_trips(str(FILES / "three_trips.tntp"))
    assert trips.origins.tolist() == [0, 0, 1, 1]
    assert trips.volumes.tolist() == [0.0, 50.0, 7.0, 3.0]
    assert (trips.rows.tolist(), trips.intrazonal) == ([1, 2], 3.0)


NETWORK = (FILES / "three_net.tntp").read_text()
TRIPS = (FILES / "three_trips.tntp").read_text()


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        # of a network
        ("<END OF METADATA>\n", "", "line 7: .*must be metadata"),
        ("<NUMBER OF NODES> 3", "<NUMBER OF NODES> three", "NUMBER OF NODES> three: must be a whole number"),
        ("<NUMBER OF LINKS> 3", "", "NUMBER OF LINKS> : must be a whole number"),
        ("<NUMBER OF NODES> 3", "<NUMBER OF NODES> ²", "NUMBER OF NODES> ²: must be a whole number"),
        ("<NUMBER OF NODES> 3", "<NUMBER OF NODES> " + 5000 * "9", "NUMBER OF NODES> 9{40}: must be a whole number"),
        ("<NUMBER OF LINKS> 3", "<NUMBER OF LINKS> 4", "has 3 links: must have <NUMBER OF LINKS> 4"),
        ("\t3\t2\t100", "\t3\t2\t-100", "line 9: .*capacity must be a finite number of at least 0"),
        ("\t3\t2\t100", "\t3\t2\t0", "line 9: .*capacity must be above 0"),
        ("\t3\t2\t100", "\t3\t9\t100", "line 9: .*term_node must be a node from 1 to 3"),
        ("\t3\t2\t100", "\t3.5\t2\t100", "line 9: .*init_node must be a whole number"),
        ("\t3\t2\t100", "\tnan\t2\t100", "line 9: .*init_node must be a whole number"),
        ("\t3\t2\t100", "\t3\t2\tmany", "line 9: .*must hold numbers"),
        ("\t7\t10\t0.15\t4\t0\t20\t1\t;", "\t7 ;", "line 9: .*must hold at least 9 numbers"),
        ("\t7\t10\t0.15", "\t7\tinf\t0.15", "line 9: .*free_flow_time must be a finite number"),
        # of a table of trips
        ("Origin  1\n", "", "line 5: .*must stand below a line such as 'Origin 1'"),
        ("Origin  2", "Origin two", "line 7: .*origin must be a zone from 1 to 2"),
        ("Origin  2", "Origin 5", "line 7: .*origin must be a zone from 1 to 2"),
        ("Origin  2", "Origin ²", "line 7: .*origin must be a zone from 1 to 2"),
        ("Origin  2", "Origin " + 5000 * "9", "line 7: .*origin must be a zone from 1 to 2"),
        ("2 :     50.0", "² :     50.0", "line 6: .*must be entries"),
        ("2 :     50.0", 5000 * "9" + " : 50.0", "line 6: .*must be entries"),
        ("2 :     50.0", "2 :     -50.0", "line 6: .*must be entries"),
        ("2 :     50.0", "2 =     50.0", "line 6: .*must be entries"),
        ("2 :     50.0", "7 :     50.0", "line 6: .*must be entries"),
        ("2 :     50.0", "2 :     fifty", "line 6: .*must be entries"),
        ("2 :     50.0", "1 :     50.0", "line 6: .*trips from 1 to 1 must stand once"),
    ],
)
def test_a_malformed_file_names_the_line(tmp_path: Path, old: str, new: str, message: str):
    good, read = (NETWORK, read_tntp_network) if old in NETWORK else (TRIPS, read_tntp_trips)
    assert old in good
    file = tmp_path / "bad.tntp"
    file.write_text(good.replace(old, new), encoding="utf-8")
    with pytest.raises(InvalidInput, match=message) as caught:
        read(file)
    assert "bad.tntp" in str(caught.value)
    assert len(str(caught.value)) < 300


@pytest.mark.parametrize("read", [read_tntp_network, read_tntp_trips])
def test_a_file_that_cannot_be_opened(read, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    with pytest.raises(
        InvalidInput, match=r"path = 'n{70,}\.\.\.: must be a file that can be read: File name too long"
    ):
        read(5000 * "n")

    def refuse(*_, **__):
        raise PermissionError(errno.EACCES, "Permission denied")

    file = tmp_path / "locked.tntp"
    file.write_text(NETWORK)
    monkeypatch.setattr(Path, "read_text", refuse)
    with pytest.raises(InvalidInput, match="must be a file that can be read: Permission denied"):
        read(file)


def test_a_file_without_its_end_gives_a_warning(tmp_path: Path):
    file = tmp_path / "cut_trips.tntp"
    file.write_text(TRIPS[: TRIPS.index("Origin  2")])
    with pytest.warns(UserWarning, match="is the file complete"):
        read_tntp_trips(file)
    file.write_text(TRIPS[: TRIPS.index("    1 :")])
    with pytest.raises(InvalidInput, match="at least one entry"):
        read_tntp_trips(file)
    file.write_bytes(b"\xff\xfe\x00\x01")
    with pytest.raises(InvalidInput, match="must be a text file"):
        read_tntp_trips(file)


def test_an_uncongestible_link_may_lack_a_capacity(tmp_path: Path):
    file = tmp_path / "free_net.tntp"
    file.write_text(NETWORK.replace("\t1\t3\t100", "\t1\t3\t0"))  # its free-flow time is zero
    assert read_tntp_network(file).capacity[0] == 1.0
