"""Power on a radial feeder, linearised: flows and voltages, and a dispatch with its prices."""

from v2g_nb.methods.lindistflow.dispatch import Dispatch, DispatchProblem, solve_dispatch
from v2g_nb.methods.lindistflow.flow import LinDistFlowResult, lindistflow

__all__ = ["Dispatch", "DispatchProblem", "LinDistFlowResult", "lindistflow", "solve_dispatch"]
