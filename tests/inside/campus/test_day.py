"""The window of a request and what is carried out of it, by hand."""

import numpy as np
import pytest

from v2g_nb.campus.day import executed_request, regulation_request
from v2g_nb.campus.fleet import regulation_window


@pytest.mark.parametrize(
    ("request_kw", "window"),
    [([0, 4, 10, 6, 4, -5], (2, 4)), ([-9, -5, 4, 4], (0, 2)), ([5, 5, 5], (0, 3)), ([1, -2, 1], (1, 2))],
)
def test_window(request_kw, window):
    assert regulation_window(np.array(request_kw)) == window


def test_request_with_little_surplus_shaves_the_peak():
    assert regulation_request(np.array([5.0, 1.0, 7.0]), np.array([1.0, 4.0, 0.0]), 0, 3) == pytest.approx(
        [0.0, 3.0, -3.0]
    )


def test_request_with_much_surplus_takes_it_up_to_a_level():
    assert regulation_request(np.array([4.0, 0.0, 0.0]), np.array([1.0, 9.0, 2.0]), 0, 3) == pytest.approx(
        [-3.0, 1.5, 1.5]
    )


def test_execution_is_cut_off():
    request, total = np.array([10, 10, 10, -10, -10, 0]), np.array([4, 15, -2, -4, -15, 7])
    assert executed_request(request, total).tolist() == [4, 10, 0, -4, -10, 0]
