"""What the last chapter of the city proves or counts by hand: a reserve that decides, three equilibria."""

import itertools

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.city.cases import case
from v2g_nb.city.path_generation import stop_energies, trip_patterns
from v2g_nb.city.roads import sioux_falls
from v2g_nb.city.trips import Battery
from v2g_nb.methods.complementarity import smoothing_newton

WAY = [1, 3, 12, 13, 24, 21, 20]
SHORT = [1, 2, 6, 8, 7, 18, 20]
STATIONS = [2, 11, 12, 15]


@given(
    capacity=st.floats(20.0, 100.0),
    use=st.floats(0.1, 4.0),
    reserve=st.floats(0.0, 0.5),
    waived=st.floats(0.0, 0.5),
    length=st.floats(5.0, 60.0),
    more=st.floats(0.0, 10.0),
    place=st.floats(0.01, 0.99),
)
def test_a_sale_on_the_longer_way_needs_a_lower_reserve(capacity, use, reserve, waived, length, more, place):
    """Theorem: if L needs a charge and L' >= L admits a sale Q alone, alpha - alpha_d > (Q + e (L' - L)) / E."""
    battery = Battery(capacity, use, floor=0.0, reserve=reserve, reserve_after_discharging=waived)
    longer = length + more
    needs_charge = stop_energies(battery, [length], "") is None
    sale = stop_energies(battery, [place * longer, (1 - place) * longer], "-")
    if needs_charge and sale is not None:
        assert reserve - waived > (sale[0] + use * (longer - length)) / capacity - 1e-9


@pytest.mark.parametrize(
    ("route", "kept", "sells"),
    [(WAY, 0.1032, True), (WAY, 0.1034, False), (SHORT, 0.1766, True), (SHORT, 0.1768, False), (WAY, 0.2, False)],
)
def test_up_to_which_reserve_od_3_sells(route, kept, sells):
    """(60 - 24 x 2.2 - 1) / 60 and (60 - 22 x 2.2 - 1) / 60."""
    trips = trip_patterns(sioux_falls(), route, STATIONS, Battery(reserve_after_discharging=kept))
    assert any(trip.pattern == "2" for trip in trips) == sells


M, AWAY = np.array([[1.2, 1.7], [2.3, 3.05]]), np.array([2.9, 5.35])


def is_equilibrium(h: np.ndarray) -> bool:
    cost = M @ h - AWAY
    return bool((h > -1e-9).all() and (cost > -1e-9).all() and abs(h @ cost) < 1e-9)


def test_newton_finds_each_of_three_equilibria_and_no_other():
    expected = [(1.0, 1.0), (2.9 / 1.2, 0.0), (0.0, 5.35 / 3.05)]
    found = set()
    for start in itertools.product((0.0, 0.5, 1.0, 1.5, 2.5), repeat=2):
        for smoothing in (0.0, 1.0):
            answer = smoothing_newton(
                lambda h: M @ h - AWAY,
                lambda h: M,
                np.zeros(2),
                np.full(2, np.inf),
                np.array(start),
                smoothing=smoothing,
                tolerance=1e-11,
            )
            if answer.converged:
                assert is_equilibrium(answer.point)
                found.add(tuple(answer.point.round(6)))
    assert found <= {tuple(np.round(h, 6)) for h in expected}
    assert len(found) >= 2
    assert all(is_equilibrium(np.array(h)) for h in expected)


def test_a_grid_finds_no_fourth():
    """The natural residual is small only near the three."""
    axis = np.linspace(0.0, 3.0, 301)
    expected = np.array([(1.0, 1.0), (2.9 / 1.2, 0.0), (0.0, 5.35 / 3.05)])
    for h in itertools.product(axis, axis):
        point = np.array(h)
        if np.abs(np.minimum(point, M @ point - AWAY)).max() < 0.005:
            assert np.abs(expected - point).max(axis=1).min() < 0.2


def test_oligopoly_accounts_balance():
    """All players' results add up to what households are served with, less the social cost."""
    result = case("stress", False)
    market, grid, fee = result.model.market, result.model.market.grid, result.wheeling_fee
    sold, made = result.sales_kw.sum(axis=0), result.generation_kw
    retail = market.intercept - market.slope * sold
    drivers = sum(g.volumes @ cost for g, cost in zip(result.model.drivers, result.od_cost, strict=True))
    power = retail @ sold - grid.cost_per_kwh @ made - grid.cost_slope @ made**2 / 2
    # what drivers pay for energy is in their cost and goes to CNO, LSEs and DSO together
    paid = result.path_flow @ result.path_energy_cost
    network = power - grid.import_cost_per_kwh * result.import_kw - 38.53 * result.total_shed_kw + paid
    homes = market.slope @ sold**2 / 2
    served = market.intercept @ sold - market.slope @ sold**2 / 2
    assert network + homes - drivers == pytest.approx(served - result.social_cost["total"], abs=1e-3)
    assert fee[grid.feeder.root] == pytest.approx(0.0, abs=1e-9)
