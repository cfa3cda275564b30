"""The conditions of a convex program's optimum, block by block."""

import numpy as np
import pytest
from scipy import sparse

from v2g_nb.complementarity.certificates import optimality_certificates
from v2g_nb.complementarity.problems import ConvexProgram
from v2g_nb.errors import InvalidInput


def program(slope: float, right: float = 2.0) -> ConvexProgram:
    """Return the program of slope / 2 x'x with x + y given, in a box of nine."""
    row = sparse.csc_array([[1.0, 1.0]])
    return ConvexProgram(
        lambda x: slope * x, lambda x: np.full(2, slope), row, np.array([right]), np.zeros(2), np.full(2, 9.0)
    )


def test_a_maximiser_meets_the_conditions_too():
    """Why the solver refuses a curvature below zero: at (1.5, 1.5) no certificate of -x'x would tell."""
    proof = optimality_certificates(program(-2.0, 3.0), np.array([1.5, 1.5]), np.array([-3.0]), 1e-9)
    assert all(c.holds for c in proof)


def test_a_gradient_of_another_shape_is_not_certified():
    wrong = program(2.0)
    wrong.gradient = lambda x: np.zeros((3, 2))
    with pytest.raises(InvalidInput, match=r"gradient = .* returns shape \(3, 2\): must return \(2,\)"):
        optimality_certificates(wrong, np.ones(2), np.zeros(1), 1e-9)


@pytest.mark.parametrize("block", [0, 1])
@pytest.mark.parametrize("change", [1e-4, -1e-4, np.nan])
def test_a_perturbed_block_fails_a_certificate(block: int, change: float):
    blocks = [np.array([1.0, 1.0]), np.array([2.0])]
    assert all(c.holds for c in optimality_certificates(program(2.0), *blocks, 1e-6))
    blocks[block][-1] += change
    assert not all(c.holds for c in optimality_certificates(program(2.0), *blocks, 1e-6))
