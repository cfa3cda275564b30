"""User equilibrium on roads: shortest paths, Frank-Wolfe, and path-based gradient projection."""

from v2g_nb.methods.assignment.frank_wolfe import frank_wolfe
from v2g_nb.methods.assignment.gradient_projection import gradient_projection
from v2g_nb.methods.assignment.shortest_paths import cheapest_tree, path_links
from v2g_nb.methods.assignment.solve import AssignmentResult, solve_assignment

__all__ = [
    "AssignmentResult",
    "cheapest_tree",
    "frank_wolfe",
    "gradient_projection",
    "path_links",
    "solve_assignment",
]
