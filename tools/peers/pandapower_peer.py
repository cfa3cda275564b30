"""pandapower, in the peers' environment: case tables, power flows, timings. JSON in, JSON out.

Standard input holds ``{"task": "tables" | "flows" | "times", ...}``. Bus numbers are pandapower's.
"""

import importlib.util
import json
import logging
import sys
import time
import warnings

warnings.filterwarnings("ignore")
logging.disable(logging.WARNING)

import numpy as np  # noqa: E402
import pandapower as pp  # noqa: E402
from pandapower import networks  # noqa: E402
from pandapower.converter.pypower.to_ppc import to_ppc  # noqa: E402

EXACT = {
    "algorithm": "nr",
    "init": "flat",
    "tolerance_mva": 1e-11,
    "max_iteration": 30,
    "calculate_voltage_angles": True,
    "trafo_model": "pi",
    "numba": False,
}


def tables(case: str) -> dict:
    """Return bus, branch and generator tables in MATPOWER's columns."""
    ppc = to_ppc(getattr(networks, case)(), init="flat", calculate_voltage_angles=True)
    cut = {"bus": 10, "branch": 11, "gen": 10}
    clean = {k: np.nan_to_num(ppc[k][:, :n].real, nan=0.0).tolist() for k, n in cut.items()}
    return {"base_mva": float(ppc["baseMVA"]), **clean}


def loaded(case: str, demand_mw: list, demand_mvar: list, set_points: dict):
    """Return a network whose loads at every bus are replaced, and some set-points."""
    net = getattr(networks, case)()
    if demand_mw:
        net.load = net.load.iloc[0:0]
        for bus, (p, q) in enumerate(zip(demand_mw, demand_mvar, strict=True)):
            pp.create_load(net, bus, p_mw=p, q_mvar=q)
    for bus, value in set_points.items():
        for table in (net.gen, net.ext_grid):
            table.loc[table.bus == int(bus), "vm_pu"] = value
    return net


def flow(case: str, demand_mw: list = (), demand_mvar: list = (), set_points: dict | None = None) -> dict:
    """Return voltages and the losses of all branches."""
    net = loaded(case, demand_mw, demand_mvar, set_points or {})
    pp.runpp(net, **EXACT)
    lost = net.res_line.pl_mw.sum() + (net.res_trafo.pl_mw.sum() if len(net.trafo) else 0.0)
    return {
        "magnitude_pu": net.res_bus.vm_pu.tolist(),
        "angle_deg": net.res_bus.va_degree.tolist(),
        "losses_mw": float(lost),
    }


def timings(case: str, repeats: int) -> dict:
    """Return the best seconds of the whole call and of Newton's kernel inside it, and the voltages."""
    import pandapower.pf.run_newton_raphson_pf as runner

    compiled = importlib.util.find_spec("numba") is not None

    net, kernel = getattr(networks, case)(), runner.newtonpf
    best = {"runpp": np.inf, "kernel": np.inf}

    def timed(*given, **named):
        begin = time.perf_counter()
        found = kernel(*given, **named)
        best["kernel"] = min(best["kernel"], time.perf_counter() - begin)
        return found

    runner.newtonpf = timed
    for _ in range(repeats):
        begin = time.perf_counter()
        pp.runpp(net, **EXACT | {"tolerance_mva": 1e-8, "numba": compiled})
        best["runpp"] = min(best["runpp"], time.perf_counter() - begin)
    voltages = {"magnitude_pu": net.res_bus.vm_pu.tolist(), "angle_deg": net.res_bus.va_degree.tolist()}
    return best | voltages | {"engine": "compiled" if compiled else "not compiled, as numba is absent"}


def main() -> None:
    """Answer one request."""
    request = json.load(sys.stdin)
    task = request.pop("task")
    if task == "tables":
        answer = tables(**request)
    else:  # many cases in one go: importing, and compiling, takes longer than solving
        answer = [{"flows": flow, "times": timings}[task](**case) for case in request["cases"]]
    json.dump({"version": pp.__version__, "answer": answer}, sys.stdout)


if __name__ == "__main__":
    main()
