"""Complementarity problems and convex programs.

Variational inequalities over boxes are among them. `natural_residual` says
how far a point is from a solution, `projection` and `extragradient` walk there,
`newton_steps` and `smoothing_newton` go fast, `interior_point` solves a convex program with its
multipliers, and `complementarity_certificates` checks any answer.

Derived in the chapters *Equilibrium problems* and *Computing an equilibrium*; used by the city.
"""

from v2g_nb.arguments import face
from v2g_nb.complementarity.barrier import interior_point
from v2g_nb.complementarity.certificates import complementarity_certificates
from v2g_nb.complementarity.newton import NewtonStep, extragradient, newton_steps, projection, smoothing_newton
from v2g_nb.complementarity.problems import ComplementarityResult, natural_residual

__all__ = [
    "ComplementarityResult", "NewtonStep", "complementarity_certificates", "extragradient", "interior_point",
    "natural_residual", "newton_steps", "projection", "smoothing_newton",
]  # fmt: skip

face(globals())
