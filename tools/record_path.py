"""Record what PATH finds on a reduced instance of the coupled city, or compare with what is recorded.

``python -m tools.record_path`` writes tests/references/city_path.json and, for the chapter that
shows them, the prices as v2g_nb/data/city_path.csv; with ``--check`` it only compares. PATH runs
through GAMSPy, in the environment of the Python that V2G_PEERS names, under a demonstration licence
that allows 1000 rows and expires.
"""

import datetime
import json
import sys
from typing import Any

import numpy as np
from scipy import sparse

from tools.paths import ROOT
from tools.peers.call import call
from v2g_nb.city import city_program, reduced_city
from v2g_nb.city.equilibrium import full_dlmp, solve_program
from v2g_nb.city.program import MONEY, VEHICLES, CityProgram
from v2g_nb.city.scenarios import REDUCED_BUSES

TARGET = ROOT / "tests" / "references" / "city_path.json"
TABLE = ROOT / "v2g_nb" / "data" / "city_path.csv"
SAME = 1e-6  # $/kWh
BUSES = REDUCED_BUSES


def path_request(program: CityProgram) -> dict[str, Any]:
    """Return the complementarity problem of a program in numbers, as the peer reads it."""
    _, _, lower, upper, _ = program.complementarity_problem()
    road = program.model.roads.network
    blocks: Any = [[sparse.diags_array(program.quadratic), -program.forces], [program.matrix, None]]
    linear = sparse.coo_array(sparse.block_array(blocks))
    entries = zip(linear.row.tolist(), linear.col.tolist(), linear.data.tolist(), strict=True)
    theta = program.value_of_time * VEHICLES / MONEY
    links = range(program.columns["link"].start, program.columns["link"].stop)
    visits = range(program.columns["visit"].start, program.columns["visit"].stop)
    stations, k = program.model.stations, program.model.sharpness
    if (road.power != 4.0).any():
        raise ValueError("the peer knows BPR times of the fourth power only")

    def at(places: range, values: Any) -> list[list[float]]:
        return [[place, float(value)] for place, value in zip(places, values, strict=True)]

    steepness = theta * road.free_flow_time * road.b * (VEHICLES / road.capacity) ** 4
    return {
        "size": len(lower),
        "entries": [[a, b, v] for a, b, v in entries if v],
        "constant": [*program.linear.tolist(), *(-program.right).tolist()],
        "time": at(links, theta * road.free_flow_time),
        "rise": at(links, steepness),
        "wait": at(visits, [theta * one.base_wait_min for one in stations]),
        "slope": at(visits, [theta * one.wait_slope / k for one in stations]),
        "sharpness": at(visits, [k * VEHICLES] * len(stations)),
        "room": at(visits, [k * one.capacity for one in stations]),
        "lower": [[i, float(v)] for i, v in enumerate(lower) if np.isfinite(v)],
        "upper": [[i, float(v)] for i, v in enumerate(upper) if np.isfinite(v)],
        "tolerance": 1e-10,
    }


def run_path(request: dict[str, Any]) -> dict[str, Any]:
    """Return what PATH answers; raise PeerAbsent where there is no GAMSPy."""
    answer: dict[str, Any] = call("path_peer", request, "gamspy")
    return answer


def run_ours(program: CityProgram) -> tuple[Any, Any]:
    """Return decisions and multipliers by our convex program: as with PATH, neither paths nor certificates count."""
    x, y, _ = solve_program(program)
    return x, y


def record() -> dict[str, Any]:
    """Return PATH's equilibrium of the reduced instance, as it is stored."""
    program = city_program(reduced_city())
    answer = run_path(path_request(program))
    z = np.array(answer["point"])
    x, y = z[: len(program.lower)], z[len(program.lower) :]
    paid = y[program.rows["demand"]] * MONEY / VEHICLES
    return {
        "date": datetime.date.today().isoformat(),
        "peer": answer["version"],
        "status": answer["status"],
        "unknowns": len(z),
        "natural_residual": float(f"{np.abs(program.residual(x, y)).max():.1e}"),
        "dlmp_usd_per_kwh": dict(zip(BUSES, np.round(full_dlmp(program, y), 9).tolist(), strict=True)),
        "link_flow_veh_per_h": np.round(VEHICLES * x[program.columns["link"]], 6).tolist(),
        "od_cost_usd": np.round(paid, 7).tolist(),
    }


def table(found: dict[str, Any]) -> str:
    """Return the recorded prices as CSV."""
    head = f"# {found['peer']}, recorded {found['date']}: {found['unknowns']} unknowns\nbus,dlmp_usd_per_kwh\n"
    return head + "".join(f"{bus},{price}\n" for bus, price in found["dlmp_usd_per_kwh"].items())


def main() -> None:
    """Write the reference, or compare."""
    found = record()
    if "--check" not in sys.argv:
        TARGET.write_text(json.dumps(found, indent=1) + "\n")
        TABLE.write_text(table(found), encoding="utf-8")
        return
    stored = json.loads(TARGET.read_text())
    for bus, price in stored["dlmp_usd_per_kwh"].items():
        if abs(price - found["dlmp_usd_per_kwh"][bus]) > SAME:
            raise SystemExit(f"PATH's price at bus {bus} is {found['dlmp_usd_per_kwh'][bus]}, recorded was {price}")
    print(f"{found['peer']}: as recorded on {stored['date']}")


if __name__ == "__main__":
    main()
