"""Reading road networks and trips in the format of the TransportationNetworks collection (TNTP)."""

import re
import warnings
from collections.abc import Iterator
from os import PathLike
from pathlib import Path
from typing import Annotated

import numpy as np

from v2g_nb import checks
from v2g_nb.checks import Number
from v2g_nb.errors import InvalidInput
from v2g_nb.networks.roads import Demand, RoadNetwork

LINK = ("init_node", "term_node", "capacity", "length", "free_flow_time", "b", "power", "speed", "toll")
END = "<END OF METADATA>"
Factor = Annotated[float, Number(low=0.0)]


def _fault(path: Path, number: int, line: str, right: str) -> InvalidInput:
    return InvalidInput(f"path = {path.name!r}, line {number}: {checks.shown(line.strip())}: {right}")


def _open(path: str | PathLike[str]) -> tuple[Path, list[str]]:
    if not isinstance(path, (str, PathLike)) or not str(path).strip():
        raise checks.invalid("path", path, "the path of a file")
    place = Path(path)
    try:
        if not place.is_file():
            raise InvalidInput(f"path = {str(path)!r}: must be a file that exists")
        return place, place.read_text(encoding="utf-8-sig").splitlines()
    except OSError as reason:
        words = f"must be a file that can be read: {reason.strerror or reason}"
        raise InvalidInput(f"path = {checks.shown(str(path))}: {words}") from None
    except UnicodeDecodeError:
        raise InvalidInput(f"path = {place.name!r}: must be a text file") from None


def _metadata(path: Path, lines: list[str]) -> tuple[dict[str, str], int]:
    """Return what stands between angle brackets, and the number of lines that it takes."""
    found: dict[str, str] = {}
    for number, line in enumerate(lines, 1):
        text = line.split("~")[0].strip()
        if text.upper().startswith(END):
            return found, number
        match = re.match(r"<([^>]+)>\s*(.*)", text)
        if match:
            found[match[1].strip().upper()] = match[2].strip()
        elif text:
            raise _fault(path, number, line, f"must be metadata such as '<NUMBER OF ZONES> 24' before {END}")
    raise InvalidInput(f"path = {path.name!r}, line {len(lines)}: must hold a line {END}")


def _whole(text: str) -> int:
    """Return a number of at most nine plain digits, and 0 for anything else."""
    return int(text) if re.fullmatch(r"[0-9]{1,9}", text) else 0


def _count(path: Path, found: dict[str, str], key: str, default: int | None = None) -> int:
    text = found.get(key, "" if default is None else str(default)).split()
    number = _whole(text[0]) if text else 0
    if number < 1:
        right = "must be a whole number of at least 1, in at most nine digits"
        raise InvalidInput(f"path = {path.name!r}: <{key}> {' '.join(text)[:40]}: {right}")
    return number


def _body(lines: list[str], begin: int) -> Iterator[tuple[int, str, str]]:
    """Yield line number, line, and what stands on it besides comments."""
    for number, line in enumerate(lines[begin:], begin + 1):
        text = line.split("~")[0].strip()
        if text:
            yield number, line, text


def read_tntp_network(
    path: str | PathLike[str], *, toll_factor: Factor = 0.0, distance_factor: Factor = 0.0
) -> RoadNetwork:
    """Read a road network from a TNTP file (``..._net.tntp``).

    Nodes keep their order: node 1 of the file is node 0 here. Zones below the file's first through
    node are not passed through.

    Parameters
    ----------
    path : str or path
        The file.
    toll_factor : float
        What a unit of toll is worth, in the unit of time [min]; at least 0.
    distance_factor : float
        What a unit of length is worth, in the unit of time [min]; at least 0.

    Returns
    -------
    RoadNetwork
        Times and capacities in the file's units; ``fixed_cost`` is `toll_factor` times the toll plus
        `distance_factor` times the length, in the unit of time.

    Raises
    ------
    InvalidInput
        If the file is missing or malformed, or a factor is negative; the message names the line, where there
        is one.

    Examples
    --------
    >>> import tempfile
    >>> from pathlib import Path
    >>> text = '''<NUMBER OF ZONES> 2
    ... <NUMBER OF NODES> 2
    ... <FIRST THRU NODE> 1
    ... <NUMBER OF LINKS> 1
    ... <END OF METADATA>
    ... ~ init term capacity length free_flow_time b power speed toll type ;
    ... 1 2 100 7 10 0.15 4 0 2 1 ;'''
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     file = Path(folder) / "two_net.tntp"
    ...     _ = file.write_text(text)
    ...     roads = read_tntp_network(file, toll_factor=0.5)
    >>> roads.num_links, roads.fixed_cost.tolist()
    (1, [1.0])
    """
    place, lines = _open(path)
    found, begin = _metadata(place, lines)
    nodes = _count(place, found, "NUMBER OF NODES")
    through = _count(place, found, "FIRST THRU NODE", 1)
    wanted = _count(place, found, "NUMBER OF LINKS")
    rows = [_link(place, number, line, text, nodes) for number, line, text in _body(lines, begin)]
    if len(rows) != wanted:
        raise InvalidInput(f"path = {place.name!r}: has {len(rows)} links: must have <NUMBER OF LINKS> {wanted}")
    tails, heads, capacity, length, time, b, power, _, toll = np.array(rows).T
    fixed = toll_factor * toll + distance_factor * length
    start, end = tails.astype(np.int64) - 1, heads.astype(np.int64) - 1
    # A link that no flow slows may stand there without a capacity.
    capacity = np.where((capacity == 0.0) & (b * time == 0.0), 1.0, capacity)
    return RoadNetwork(nodes, start, end, time, capacity, b, power, fixed, min(through - 1, nodes))


def _link(path: Path, number: int, line: str, text: str, nodes: int) -> list[float]:
    """Return the nine numbers of a link's line."""
    words = text.rstrip(";").replace(";", " ").split()
    if len(words) < len(LINK):
        raise _fault(path, number, line, f"must hold at least {len(LINK)} numbers: {' '.join(LINK)}")
    try:
        values = [float(word) for word in words[: len(LINK)]]
    except ValueError:
        raise _fault(path, number, line, f"must hold numbers: {' '.join(LINK)}") from None
    start, end, capacity, length, time, b, power, _, toll = values
    for name, value in (("init_node", start), ("term_node", end)):
        if value != int(value) if np.isfinite(value) else True:
            raise _fault(path, number, line, f"{name} must be a whole number")
        if not 1 <= value <= nodes:
            raise _fault(path, number, line, f"{name} must be a node from 1 to {nodes}")
    named = {"capacity": capacity, "length": length, "free_flow_time": time, "b": b, "power": power, "toll": toll}
    for name, value in named.items():
        if not np.isfinite(value) or value < 0.0:
            raise _fault(path, number, line, f"{name} must be a finite number of at least 0")
    if capacity == 0.0 and b * time > 0.0:
        raise _fault(path, number, line, "capacity must be above 0 where b and free_flow_time are")
    return values


def read_tntp_trips(path: str | PathLike[str]) -> Demand:
    """Read trips from a TNTP file (``..._trips.tntp``).

    Parameters
    ----------
    path : str or path
        The file.

    Returns
    -------
    Demand
        One row for each entry of the file, zeros and intrazonal trips included; zone 1 of the
        file is node 0 here. A total that differs from the file's own by more than a thousandth
        gives a warning.

    Raises
    ------
    InvalidInput
        If the file is missing or malformed; the message names the line, where there is one.

    Examples
    --------
    >>> import tempfile
    >>> from pathlib import Path
    >>> text = '''<NUMBER OF ZONES> 2
    ... <TOTAL OD FLOW> 5.0
    ... <END OF METADATA>
    ... Origin 1
    ...     1 : 0.0;    2 : 5.0;'''
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     file = Path(folder) / "two_trips.tntp"
    ...     _ = file.write_text(text)
    ...     trips = read_tntp_trips(file)
    >>> trips.destinations.tolist(), trips.volumes.tolist()
    ([0, 1], [0.0, 5.0])
    """
    place, lines = _open(path)
    found, begin = _metadata(place, lines)
    zones = _count(place, found, "NUMBER OF ZONES")
    origin = 0
    rows: list[tuple[int, int, float]] = []
    seen: set[tuple[int, int]] = set()
    for number, line, text in _body(lines, begin):
        if text.lower().startswith("origin"):
            origin = _whole(text[6:].strip())
            if not 1 <= origin <= zones:
                raise _fault(place, number, line, f"origin must be a zone from 1 to {zones}")
            continue
        if not origin:
            raise _fault(place, number, line, "must stand below a line such as 'Origin 1'")
        for destination, volume in _trips(place, number, line, text, zones):
            if (origin, destination) in seen:
                raise _fault(place, number, line, f"trips from {origin} to {destination} must stand once")
            seen.add((origin, destination))
            rows.append((origin - 1, destination - 1, volume))
    if not rows:
        raise InvalidInput(f"path = {place.name!r}: must hold at least one entry of trips")
    _compare_total(place, found, sum(row[2] for row in rows))
    origins, destinations, volumes = np.array(rows).T
    return Demand(origins.astype(np.int64), destinations.astype(np.int64), volumes)


def _trips(path: Path, number: int, line: str, text: str, zones: int) -> Iterator[tuple[int, float]]:
    """Yield destination and volume of each entry on a line."""
    for entry in text.split(";"):
        if not entry.strip():
            continue
        match = re.fullmatch(r"\s*([0-9]{1,9})\s*:\s*(\S+)\s*", entry)
        try:
            destination, volume = (int(match[1]), float(match[2])) if match else (0, -1.0)
        except ValueError:
            destination, volume = 0, -1.0
        if not 1 <= destination <= zones or not np.isfinite(volume) or volume < 0.0:
            right = f"must be entries 'zone : trips;' with a zone from 1 to {zones} and trips of at least 0"
            raise _fault(path, number, line, right)
        yield destination, volume


def _compare_total(path: Path, found: dict[str, str], total: float) -> None:
    try:
        said = float(found.get("TOTAL OD FLOW", "").split()[0])
    except (ValueError, IndexError):
        return
    if abs(total - said) > 1e-3 * max(total, said):
        warnings.warn(
            f"{path.name}: the trips sum to {total:g}, but <TOTAL OD FLOW> says {said:g}: is the file complete?",
            stacklevel=3,
        )
