"""Finite games of two players, and games with a potential.

`pure_equilibria`, `support_enumeration`, `nash_program` and `lemke_howson` find equilibria of a bimatrix
game, the last in exact fractions; `equilibrium_certificates` measures what a player could gain. Players
with a store each who meet in one price are a game with a potential: `best_response`,
`best_response_sweeps` and `solve_potential_game` solve it.

Derived in the chapters *Games* and *Mixed strategies*; the fleet of the campus plays the second kind.
"""

from v2g_nb.games.certificates import equilibrium_certificates
from v2g_nb.games.dual import StorageEquilibrium, solve_potential_game
from v2g_nb.games.finite import MixedEquilibrium, nash_program, pure_equilibria, support_enumeration
from v2g_nb.games.pivoting import ExactEquilibrium, lemke_howson
from v2g_nb.games.response import best_response, best_response_sweeps
from v2g_nb.games.storage import SharedCost, StorageUsers, player_costs, potential

__all__ = [
    "ExactEquilibrium",
    "MixedEquilibrium",
    "SharedCost",
    "StorageEquilibrium",
    "StorageUsers",
    "best_response",
    "best_response_sweeps",
    "equilibrium_certificates",
    "lemke_howson",
    "nash_program",
    "player_costs",
    "potential",
    "pure_equilibria",
    "solve_potential_game",
    "support_enumeration",
]
