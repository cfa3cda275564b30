"""Finite games of two players, and games with a potential.

`pure_equilibria`, `support_enumeration`, `nash_program` and `lemke_howson` find equilibria of a bimatrix
game, the last in exact fractions; `equilibrium_certificates` measures what a player could gain. Players
with a store each who meet in one price are a `StorageGame`, which has a potential: `best_response`,
`best_response_sweeps` and `solve_storage_game` solve it, `regret_bounds` says what a player could save.

Derived in the chapters *Games* and *Mixed strategies*; the fleet of the campus plays the second kind.
"""

from v2g_nb.arguments import face
from v2g_nb.games.bimatrix import MixedEquilibrium, lemke_howson, nash_program, pure_equilibria, support_enumeration
from v2g_nb.games.certificates import equilibrium_certificates, regret_bounds
from v2g_nb.games.storage import StorageGame
from v2g_nb.games.storage_solvers import (
    StorageEquilibrium,
    Sweep,
    best_response,
    best_response_sweeps,
    solve_storage_game,
)

__all__ = [
    "MixedEquilibrium", "StorageEquilibrium", "StorageGame", "Sweep", "best_response", "best_response_sweeps",
    "equilibrium_certificates", "lemke_howson", "nash_program", "pure_equilibria", "regret_bounds",
    "solve_storage_game", "support_enumeration",
]  # fmt: skip

face(globals())
