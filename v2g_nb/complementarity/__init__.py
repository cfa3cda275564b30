"""Complementarity problems, variational inequalities and convex programs.

`natural_residual` says how far a point is from a solution, `projection` and `extragradient` walk there,
`newton_steps` and `smoothing_newton` go fast, `interior_point` solves a convex program with its
multipliers, and `complementarity_certificates` checks any answer.

Derived in the chapters *Equilibrium problems* and *Computing equilibria*; used by the city.
"""

from v2g_nb.complementarity.barrier import ConvexResult, interior_point
from v2g_nb.complementarity.certificates import complementarity_certificates
from v2g_nb.complementarity.newton import (
    ComplementarityResult,
    extragradient,
    natural_residual,
    newton_steps,
    projection,
    smoothing_newton,
)

__all__ = [
    "ComplementarityResult",
    "ConvexResult",
    "complementarity_certificates",
    "extragradient",
    "interior_point",
    "natural_residual",
    "newton_steps",
    "projection",
    "smoothing_newton",
]
