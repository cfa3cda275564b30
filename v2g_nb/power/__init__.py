"""Power flow, with and without losses, and dispatch.

`PowerNetwork` with `solve_power_flow` is the full AC power flow, `newton_iterates` shows its steps. `RadialFeeder`
with `lindistflow` is the linear flow on a feeder; `solve_dispatch` finds the cheapest supply of a
`DispatchProblem` and the price at every bus.

Derived in the chapters *Nine buses* and *The feeder*; used by the grid, the city and the synthesis.
"""

from v2g_nb.arguments import face
from v2g_nb.power.ac_flow import NewtonIterate, PowerFlowResult, newton_iterates, solve_power_flow
from v2g_nb.power.dispatch import DispatchResult, solve_dispatch
from v2g_nb.power.feeder import DispatchProblem, RadialFeeder
from v2g_nb.power.flow import LinDistFlowResult, lindistflow
from v2g_nb.power.network import PowerNetwork

__all__ = [
    "DispatchProblem",
    "DispatchResult",
    "LinDistFlowResult",
    "NewtonIterate",
    "PowerFlowResult",
    "PowerNetwork",
    "RadialFeeder",
    "lindistflow",
    "newton_iterates",
    "solve_dispatch",
    "solve_power_flow",
]

face(globals())
