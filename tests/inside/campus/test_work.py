"""How much a fleet's equilibrium asks of the compiled loops, by the number of cars."""

import pytest

from tests.campus.instances import scaled_game
from v2g_nb.campus import solve_fleet
from v2g_nb.games import kernels


@pytest.mark.parametrize("cars", [100, 1000, 10_000])
def test_work_per_car_does_not_grow(cars, monkeypatch):
    """Best responses per car, in sweeps and Newton steps, are as many for a hundred cars as for ten thousand."""
    asked = {"to prices": 0, "in turn": 0}
    to_price, sweep = kernels.respond_to_price, kernels.sweep

    def counting(kind, kernel, size):
        def counted(*arguments):
            asked[kind] += size(arguments)
            return kernel(*arguments)

        return counted

    monkeypatch.setattr(kernels, "respond_to_price", counting("to prices", to_price, lambda a: len(a[2][0])))
    monkeypatch.setattr(kernels, "sweep", counting("in turn", sweep, lambda a: len(a[0])))
    found = solve_fleet(scaled_game(cars), certify=False)
    assert found.converged
    assert asked["in turn"] <= 6 * cars
    assert asked["to prices"] <= 8 * cars
    assert sum(asked.values()) > 4 * cars  # and the counters count
