"""Roads, and flows on which no driver can gain.

`RoadNetwork` and `Demand` hold the data, `read_tntp_network` and `read_tntp_trips` read them from files of
the usual format; `bpr` and `beckmann` are the travel time and the potential; `cheapest_tree` finds routes,
`frank_wolfe` and `gradient_projection` yield iterates, and `solve_assignment` solves with certificates.

Derived in the chapter *Roads*; used by the city.
"""

from v2g_nb.arguments import face
from v2g_nb.networks.assignment import solve_assignment
from v2g_nb.networks.plain import frank_wolfe, gradient_projection
from v2g_nb.networks.roads import AssignmentIterate, AssignmentResult, Demand, RoadNetwork, beckmann, bpr
from v2g_nb.networks.shortest_paths import cheapest_tree, path_links
from v2g_nb.networks.tntp import read_tntp_network, read_tntp_trips

__all__ = [
    "AssignmentIterate", "AssignmentResult", "Demand", "RoadNetwork", "beckmann", "bpr", "cheapest_tree",
    "frank_wolfe", "gradient_projection", "path_links", "read_tntp_network", "read_tntp_trips", "solve_assignment",
]  # fmt: skip

face(globals())
