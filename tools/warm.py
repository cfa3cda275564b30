"""Fill the caches that a first notebook would wait for: ``python -m tools.warm``. Binder runs it once an image.

Loads what chapters import, so that it is compiled to byte code, draws once, so that matplotlib lists its
fonts, and calls every function that numba compiles and keeps.
"""

import importlib
import io
import sys
from pathlib import Path
from types import ModuleType

import numpy as np

from v2g_nb.campus import Fleet, FleetGame, solve_fleet
from v2g_nb.city import sioux_falls
from v2g_nb.games import best_response, best_response_sweeps
from v2g_nb.games import kernels as storage_kernels
from v2g_nb.matching import Market, deferred_acceptance
from v2g_nb.matching import kernel as matching_kernel
from v2g_nb.networks import compiled as assignment_kernel
from v2g_nb.networks import solve_assignment

LOADED = ("matplotlib.pyplot", "scipy.optimize", "scipy.stats", "cvxpy", "networkx", "pandas", "ipywidgets", "highspy")
COMPILED = (storage_kernels, assignment_kernel, matching_kernel)


def uncompiled(modules: tuple[ModuleType, ...] = COMPILED) -> list[str]:
    """Return the functions that numba compiles and keeps, but has not kept yet."""
    found = [(m, name, f) for m in modules for name, f in vars(m).items() if hasattr(f, "signatures")]
    ending = f"-*.py{sys.version_info[0]}{sys.version_info[1]}*.nbi"
    kept = {(m, name): list(Path(f.stats.cache_path).glob(f"*.{name}{ending}")) for m, name, f in found}
    return [f"{m.__name__}.{name}" for (m, name), files in kept.items() if not files]


def warm() -> None:
    """Load, draw and compile."""
    for name in LOADED:
        importlib.import_module(name)
    import matplotlib.pyplot as plt

    plt.figure().savefig(io.BytesIO(), format="svg")
    plt.close("all")
    fleet = Fleet(2, [0, 0], [2, 2], [0.5, 0.5], [0.5, 0.5], hours=0.25)
    game = FleetGame(fleet, [40.0, 0.0], [0.0, 0.0], 0.002, deviation_weight=0.002)
    best_response(game.storage, np.zeros((2, 2)), 0)
    next(best_response_sweeps(game.storage))
    next(best_response_sweeps(game.storage, order="random", rng=np.random.default_rng(1)))
    solve_fleet(game)
    market = Market(np.array([[0, 1], [0, 1]]), np.array([[1, 0], [0, 1]]), np.array([1, 1]))
    deferred_acceptance(market, engine="compiled")
    city = sioux_falls()
    solve_assignment(city.network, city.demand, tol=1e-3, engine="compiled", progress=False)


if __name__ == "__main__":
    warm()
    left = uncompiled()
    if left:
        raise SystemExit(f"not compiled: {', '.join(left)}")
    print("caches are filled")
