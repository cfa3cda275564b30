"""Other people's solvers on the campus game. Run by ``benchmarks.campus`` in the peers' environment.

Reads one JSON line: solver, and the file with the game's arrays. Prints one JSON line: seconds of
set-up and solution, and writes the plans beside the file. Needs numpy, scipy and the solver only.
"""

import json
import sys
import time

import numpy as np
import scipy.sparse as sp

RUNS, PATIENCE = 5, 3.0  # as ours: the shortest of five runs, fewer where they take seconds


def whole_program(game):
    """Return (P, q, A, l, u) of the potential as a quadratic program; unknown: levels, totals, shortfalls.

    Flows are differences of levels, so that the constraints stay sparse.
    """
    first, stop, slots = game["first"], game["stop"], len(game["request"])
    length = stop - first
    size, ends = int(length.sum()), np.cumsum(length)
    begins = ends - length
    owner = np.repeat(np.arange(len(first)), length)
    slot = np.arange(size) - begins[owner] + first[owner]
    inner = np.setdiff1d(np.arange(size), begins)
    differ = (sp.eye(size) - sp.csc_matrix((np.ones(len(inner)), (inner, inner - 1)), shape=(size, size))).tocsc()
    surplus = np.flatnonzero(game["request"] > 0)
    m = len(surplus)
    a, k = float(game["slope"]), float(game["weight"])
    gather = sp.csc_matrix((np.ones(size), (slot, np.arange(size))), shape=(slots, size))
    # unknown: x (flows), L (levels), S (totals), z (shortfalls)
    zero = sp.csc_matrix
    quadratic = sp.block_diag(
        [a * sp.eye(size), zero((size, size)), a * sp.eye(slots), 2 * k * sp.eye(m)], format="csc"
    )
    linear = np.concatenate([np.zeros(2 * size), a * (game["baseline"] - game["request"]), np.zeros(m)])
    start = np.zeros(size)
    start[begins] = game["start"]
    low_level, high_level = np.repeat(game["floor"], length), np.repeat(game["ceiling"], length)
    low_level[ends - 1] = game["target"]
    power = np.repeat(game["power"], length)
    pick = sp.csc_matrix((np.ones(m), (np.arange(m), surplus)), shape=(m, slots))
    rows = sp.bmat(
        [
            [-sp.eye(size), differ, None, None],
            [gather, None, -sp.eye(slots), None],
            [None, None, pick, sp.eye(m)],
            [sp.eye(size), None, None, None],
            [None, sp.eye(size), None, None],
            [None, None, None, sp.eye(m)],
        ],
        format="csc",
    )
    low = np.concatenate([start, np.zeros(slots), game["request"][surplus], -power, low_level, np.zeros(m)])
    infinite = np.full(m, np.inf)
    high = np.concatenate([start, np.zeros(slots), infinite, power, high_level, infinite])
    return quadratic, linear, rows, low, high, (owner, slot, size)


def piqp(program):
    import piqp

    quadratic, linear, rows, low, high, _ = program
    equal = low == high
    solver = piqp.SparseSolver()
    solver.settings.eps_abs = solver.settings.eps_rel = 1e-9
    fixed, free = rows[equal].tocsc(), rows[~equal].tocsc()
    solver.setup(quadratic, linear, fixed, low[equal], free, low[~equal], high[~equal])
    begin = time.perf_counter()
    solver.solve()
    return np.array(solver.result.x), time.perf_counter() - begin


def osqp(program):
    import osqp

    quadratic, linear, rows, low, high, _ = program
    solver = osqp.OSQP()
    solver.setup(sp.triu(quadratic, format="csc"), linear, rows, low, high, verbose=False, eps_abs=1e-7, eps_rel=1e-7,
                 max_iter=200_000)  # fmt: skip
    begin = time.perf_counter()
    found = solver.solve()
    return found.x, time.perf_counter() - begin


def clarabel(program):
    import clarabel

    quadratic, linear, rows, low, high, _ = program
    equal, above, below = low == high, np.isfinite(high) & (low < high), np.isfinite(low) & (low < high)
    matrix = sp.vstack([rows[equal], rows[above], -rows[below]], format="csc")
    right = np.concatenate([low[equal], high[above], -low[below]])
    cones = [clarabel.ZeroConeT(int(equal.sum())), clarabel.NonnegativeConeT(int(above.sum() + below.sum()))]
    settings = clarabel.DefaultSettings()
    settings.verbose = False
    begin = time.perf_counter()
    found = clarabel.DefaultSolver(sp.triu(quadratic, format="csc"), linear, matrix, right, cones, settings).solve()
    return np.array(found.x), time.perf_counter() - begin


def gurobi_sweeps(game, sweeps):
    """The paper's way: one Gurobi program a car, one after the other; return plans and seconds of some sweeps."""
    import gurobipy as gp

    env = gp.Env(params={"OutputFlag": 0, "Threads": 1})
    cars, slots = len(game["first"]), len(game["request"])
    plans, a, k = np.zeros((cars, slots)), float(game["slope"]), float(game["weight"])
    begin = time.perf_counter()
    for _ in range(sweeps):
        for i in range(cars):
            stay = slice(int(game["first"][i]), int(game["stop"][i]))
            others = (plans.sum(axis=0) - plans[i])[stay]
            request, baseline = game["request"][stay], game["baseline"][stay]
            model = gp.Model(env=env)
            x = model.addMVar(len(others), lb=-game["power"][i], ub=game["power"][i])
            level = model.addMVar(len(others), lb=game["floor"][i], ub=game["ceiling"][i])
            unused = model.addMVar(len(others), lb=0.0)
            model.addConstr(level[0] == game["start"][i] + x[0])
            model.addConstr(level[1:] == level[:-1] + x[1:])
            model.addConstr(level[-1] >= game["target"][i])
            surplus = request > 0
            model.addConstr(unused[surplus] >= (request - others)[surplus] - x[surplus])
            cost = (a * (baseline + others - request)) @ x + a * (x @ x) + k * (unused @ unused)
            model.setObjective(cost, gp.GRB.MINIMIZE)
            model.optimize()
            plans[i, stay] = x.X
    return plans, time.perf_counter() - begin


def main():
    order = json.loads(sys.argv[1])
    game = dict(np.load(order["file"]))
    if order["solver"] == "gurobi":
        plans, seconds = gurobi_sweeps(game, order["sweeps"])
        whole = seconds
    else:
        runs = []
        while len(runs) < RUNS and sum(run[0] for run in runs) < PATIENCE:
            begin = time.perf_counter()
            program = whole_program(game)
            x, seconds = {"piqp": piqp, "osqp": osqp, "clarabel": clarabel}[order["solver"]](program)
            runs.append((time.perf_counter() - begin, seconds))
        whole, seconds = min(runs, key=lambda run: run[1])
        owner, slot, size = program[-1]
        plans = np.zeros((len(game["first"]), len(game["request"])))
        plans[owner, slot] = x[:size]
    np.save(order["file"] + ".plans.npy", plans)
    print(json.dumps({"seconds": seconds, "set_up": whole - seconds}))


if __name__ == "__main__":
    main()
