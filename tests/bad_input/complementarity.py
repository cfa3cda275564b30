"""Bad input for complementarity problems and convex programs."""

import numpy as np

from tests.bad_input.kinds import array, call, function, integer, other, real
from v2g_nb.complementarity import barrier as interior_point
from v2g_nb.complementarity import certificates as proof
from v2g_nb.complementarity import newton as complementarity
from v2g_nb.complementarity import optimality as convex

LOW = array([0.0, 0.0], infinite=True).also([2.0, 0.0])
HIGH = other([1.0, 9.0], "seven", [None], [np.nan, 1.0], [1.0], [[1.0, 9.0]])
POINT = array([0.5, 0.5]).also([0.5])
F = function(lambda x: np.asarray(x) - 2.0)
J = function(lambda x: np.eye(2))
POSITIVE = real(1e-3, low=0, open_low=True)

CALLS = [
    call(complementarity.natural_residual, point=POINT, value=POINT, lower=LOW, upper=HIGH),
    call(
        complementarity.smoothing_newton,
        function=F,
        jacobian=J,
        lower=LOW,
        upper=HIGH,
        start=POINT,
        smoothing=real(1.0, low=0),
        tolerance=POSITIVE,
        max_iter=integer(50, low=1),
    ),
    call(
        complementarity.newton_steps,
        function=F,
        jacobian=J,
        lower=LOW,
        upper=HIGH,
        start=POINT,
        smoothing=real(1.0, low=0),
        tolerance=POSITIVE,
    ),
    call(complementarity.projection, function=F, lower=LOW, upper=HIGH, start=POINT, step=POSITIVE),
    call(complementarity.extragradient, function=F, lower=LOW, upper=HIGH, start=POINT, step=POSITIVE),
    call(
        proof.complementarity_certificates,
        function=F,
        lower=LOW,
        upper=HIGH,
        point=other([1.0, 2.0], "seven", [None] * 2, [0.5]),
        tolerance=real(1e-9, low=0),
    ),
]

CALLS += [
    call(
        interior_point.interior_point,
        gradient=function(lambda x: 2 * np.asarray(x)),
        curvature=function(lambda x: np.full(2, 2.0)),
        matrix=array([[1.0, 1.0]]).also([1.0, 1.0]),
        right=array([2.0]).also([1.0, 2.0]),
        lower=array([0.0, 0.0], infinite=True).also([0.0], [9.0, 0.0]),
        upper=HIGH,
        tolerance=POSITIVE,
        max_iter=integer(50, low=1),
    ),
    call(
        convex.optimality_certificates,
        gradient=function(lambda x: 2 * np.asarray(x)),
        matrix=array([[1.0, 1.0]]).also([1.0, 1.0]),
        right=array([2.0], empty=True).also([1.0, 2.0]),
        lower=array([0.0, 0.0], infinite=True).also([0.0]),
        upper=HIGH,
        point=other([1.0, 1.0], "seven", [None] * 2, [0.5]),
        dual=other([2.0], "seven", [None], [0.5, 0.5]),
        tolerance=real(1e-9, low=0),
    ),
]
