"""Record what pandapower and pygambit answer, with version and date, for tests that run without them."""

import datetime
import json
from typing import Any

import numpy as np

from tools.make_data_grid import TO_TEXTBOOK
from tools.paths import ROOT
from tools.peers.call import call
from v2g_nb.grid import PriceGrid, nine_bus, paper_market
from v2g_nb.grid.buses import FLAT, TEXTBOOK

FOLDER = ROOT / "tests" / "references"
GAMES = (
    ("paper-25", paper_market(), 2),
    ("repaired-25", paper_market(repaired=True), 2),
    ("paper-61", paper_market(), 5),
)  # name, market, prices per unit up to 12
THEIRS = {"case9": "case9", "case14": "case14", "case30": "case_ieee30"}


def random_loadings(count: int = 50) -> list[dict[str, Any]]:
    """Return random demands at the nine buses in our numbering, with random set-points."""
    rng = np.random.default_rng(5)
    base = nine_bus()
    made = []
    for _ in range(count):
        factor = rng.uniform(0.2, 1.5, (2, 9))
        made.append(
            {
                "set_points": rng.choice([TEXTBOOK, FLAT]).tolist(),
                "demand_mw": (factor[0] * base.demand_mw).round(3).tolist(),
                "demand_mvar": (factor[1] * base.demand_mvar).round(3).tolist(),
            }
        )
    return made


def as_asked(loading: dict[str, Any]) -> dict[str, Any]:
    """Return a loading of the nine buses in pandapower's numbering, which counts MATPOWER's from 0."""
    order = [TO_TEXTBOOK[k] - 1 for k in range(1, 10)]
    columns = {name: [loading[name][k] for k in order] for name in ("demand_mw", "demand_mvar")}
    return {"case": "case9", "set_points": dict(enumerate(loading["set_points"])), **columns}


def as_ours(answer: dict[str, Any], case: str) -> dict[str, Any]:
    """Return pandapower's answer in our order of buses."""
    if case != "case9":
        return answer
    order = [next(t for t, ours in TO_TEXTBOOK.items() if ours == k) - 1 for k in range(1, 10)]
    return answer | {name: [answer[name][k] for k in order] for name in ("magnitude_pu", "angle_deg")}


def power_flows() -> dict[str, Any]:
    """Return the recorded power flows: three cases as they are, the textbook base case, 50 loadings."""
    loadings = random_loadings()
    asked = [{"case": theirs} for theirs in THEIRS.values()]
    asked += [{"case": "case9", "set_points": dict(enumerate(TEXTBOOK))}, *map(as_asked, loadings)]
    reply = call("pandapower_peer", {"task": "flows", "cases": asked}, "pandapower")
    names = [*THEIRS, "case9", *["case9"] * len(loadings)]
    answers = [as_ours(answer, name) for answer, name in zip(reply["answer"], names, strict=True)]
    return {
        "peer": f"pandapower {reply['version']}",
        "cases": dict(zip(THEIRS, answers, strict=False)),
        "textbook": answers[3],
        "loadings": [one | {"answer": answer} for one, answer in zip(loadings, answers[4:], strict=True)],
    }


def games() -> dict[str, Any]:
    """Return pygambit's exact equilibria of price grids, and its version."""
    made = {}
    for name, market, steps in GAMES:
        game = PriceGrid(market, steps, 12)
        asked = {"row": game.row_payoff.astype(int).tolist(), "column": game.column_payoff.astype(int).tolist()}
        reply = call("pygambit_peer", asked, "pygambit")
        made[name] = reply["answer"]
    return {"peer": f"pygambit {reply['version']}", "equilibria": made}


def main() -> None:
    """Write the recorded answers."""
    FOLDER.mkdir(exist_ok=True)
    today = datetime.datetime.now(tz=datetime.UTC).date().isoformat()
    for name, made in (("grid_power_flow", power_flows()), ("grid_games", games())):
        path = FOLDER / f"{name}.json"
        path.write_text(json.dumps({"date": today, **made}, indent=1) + "\n", encoding="utf-8")
        print(f"wrote {path.relative_to(ROOT)} ({made['peer']})")


if __name__ == "__main__":
    main()
