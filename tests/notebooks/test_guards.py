"""Every guard of tools/guards.py holds for every chapter."""

import pytest

from tools.guards import GUARDS, notebooks
from tools.paths import ROOT


@pytest.mark.parametrize("guard", [pytest.param(g, id=g.__name__) for g in GUARDS])
def test_guard(guard):
    assert notebooks(ROOT), "the book has no notebook"
    assert guard(ROOT) == []
