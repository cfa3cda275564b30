"""Bad input for complementarity problems and convex programs."""

import numpy as np

from tests.bad_input.kinds import also, array, call, other
from v2g_nb import complementarity

LOW = also([0.0, 0.0], [2.0, 0.0])
HIGH = other([1.0, 9.0], "seven", [None], [np.nan, 1.0], [1.0], [[1.0, 9.0]])
F = also(lambda x: np.asarray(x) - 2.0, lambda x: None, lambda x: ["a", "b"], lambda x: np.zeros(3))
START = also([0.5, 0.5], [0.5])
BOX = {"lower": LOW, "upper": HIGH}
NEWTON = {"function": F, **BOX, "start": START, "smoothing": 1.0, "tol": 1e-3}
NEWTON["jacobian"] = also(lambda x: np.eye(2), lambda x: None, lambda x: "ab", lambda x: np.eye(3))

CALLS = [
    call(complementarity.natural_residual, point=[0.5, 0.5], value=START, **BOX),
    call(complementarity.smoothing_newton, **NEWTON, max_iter=50),
    call(complementarity.newton_steps, **NEWTON | {"jacobian": lambda x: np.eye(2)}),  # the first item needs none
    call(complementarity.projection, function=F, **BOX, start=START, step=1e-3),
    call(complementarity.extragradient, function=F, **BOX, start=START, step=1e-3),
    call(
        complementarity.complementarity_certificates,
        function=F,
        **BOX,
        point=other([1.0, 2.0], "seven", [None] * 2, [0.5]),
        tol=1e-9,
    ),
    call(
        complementarity.interior_point,
        gradient=also(lambda x: 2 * np.asarray(x), lambda x: None, lambda x: np.zeros(3)),
        curvature=also(lambda x: np.full(2, 2.0), lambda x: "two", lambda x: np.full(2, -1.0)),
        matrix=array([[1.0, 1.0]]).also([1.0, 1.0]),
        right=also([2.0], [1.0, 2.0]),
        lower=also([0.0, 0.0], [0.0], [9.0, 0.0]),
        upper=HIGH,
        tol=1e-3,
        max_iter=50,
    ),
]
