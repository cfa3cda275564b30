"""A made-up city of the size of Chicago Sketch: 933 nodes, 2 950 links, 387 zones, 143 000 rows of trips."""

from pathlib import Path

import numpy as np

ZONES, TALL, WIDE, ROWS = 387, 21, 26, 143_000


def roads(rng: np.random.Generator) -> list[tuple[int, int, float, float, float]]:
    """Return links as (tail, head, capacity, length, time): a grid, some diagonals, two connectors a zone."""

    def node(i: int, j: int) -> int:
        return ZONES + 1 + i * WIDE + j

    pairs = [(node(i, j), node(i + 1, j)) for i in range(TALL - 1) for j in range(WIDE)]
    pairs += [(node(i, j), node(i, j + 1)) for i in range(TALL) for j in range(WIDE - 1)]
    diagonals = [(node(i, j), node(i + 1, j + 1)) for i in range(TALL - 1) for j in range(WIDE - 1)]
    pairs += [diagonals[k] for k in sorted(rng.choice(len(diagonals), 43, replace=False))]
    links = []
    for a, z in pairs:
        time, capacity = float(rng.uniform(1.5, 4.0)), float(rng.choice([1500.0, 3000.0, 6000.0]))
        links += [(a, z, capacity, time, time), (z, a, capacity, time, time)]
    for zone, place in enumerate(rng.choice(TALL * WIDE, ZONES, replace=False), 1):
        there = ZONES + 1 + int(place)
        links += [(zone, there, 49_500.0, 0.0, 0.0), (there, zone, 49_500.0, 0.0, 0.0)]
    return links


def write_tntp(folder: Path, seed: int = 1, level: float = 1.0) -> tuple[Path, Path]:
    """Write the network and its trips as TNTP files and return their paths."""
    rng = np.random.default_rng(seed)
    links = roads(rng)
    network, trips = folder / "large_net.tntp", folder / "large_trips.tntp"
    head = {
        "NUMBER OF ZONES": ZONES,
        "NUMBER OF NODES": ZONES + TALL * WIDE,
        "FIRST THRU NODE": ZONES + 1,
        "NUMBER OF LINKS": len(links),
    }
    with network.open("w") as out:
        out.writelines(f"<{key}> {value}\n" for key, value in head.items())
        out.write("<END OF METADATA>\n\n~ init term capacity length free_flow_time b power speed toll type ;\n")
        out.writelines(f"\t{a}\t{z}\t{c:g}\t{d:.6f}\t{t:.6f}\t0.15\t4\t0\t0\t1\t;\n" for a, z, c, d, t in links)
    mass = rng.lognormal(0.0, 1.0, ZONES)
    place = np.array([divmod(a - ZONES - 1, WIDE) for z, a, *_ in links[-2 * ZONES :: 2]])
    apart = np.abs(place[:, None] - place[None]).sum(axis=2)
    volume = mass[:, None] * mass[None] * np.exp(-apart / 6.0)
    volume = np.round(volume * level * 3e5 / volume.sum(), 2)
    keep = np.zeros(ZONES * ZONES, dtype=bool)
    keep[rng.choice(ZONES * ZONES, ROWS, replace=False)] = True
    keep = keep.reshape(ZONES, ZONES)
    with trips.open("w") as out:
        out.write(f"<NUMBER OF ZONES> {ZONES}\n<TOTAL OD FLOW> {volume[keep].sum():.2f}\n<END OF METADATA>\n")
        for origin in range(ZONES):
            out.write(f"\nOrigin {origin + 1}\n")
            out.write("".join(f"{d + 1} : {volume[origin, d]:.2f};\n" for d in np.flatnonzero(keep[origin])))
    return network, trips
