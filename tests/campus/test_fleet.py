"""The cars: draws, filters, energy, and what is refused."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import truncnorm

from tests.campus.instances import RULES
from v2g_nb.campus import Campus, Fleet, FleetRules, draw_fleet, draw_real_fleet, select_cars
from v2g_nb.errors import Infeasible, InvalidInput

REQUEST = Campus.calibrated().request_kw


def test_table_1():
    assert (RULES.cars, RULES.slots, RULES.capacity_kwh, RULES.power_kw) == (200, 96, 80.0, 22.0)
    assert (RULES.soc_mean, RULES.soc_std, RULES.soc_least, RULES.soc_most) == (0.4, 0.1, 0.2, 0.7)
    assert (RULES.arrival_mean, RULES.arrival_std, RULES.stay_mean, RULES.stay_std) == (32.0, 4.0, 32.0, 5.0)
    assert (RULES.stay_least, RULES.willing, RULES.safety) == (10, 0.8, 1.2)


def test_draws_have_the_means_of_table_1():
    fleet = draw_fleet(FleetRules(cars=40_000), np.random.default_rng(0))
    for value, mean, std in [
        (fleet.arrival, 32.0, 4.0),
        (fleet.departure - fleet.arrival, 32.0, 5.0),
        (fleet.soc_start, truncnorm.mean(-2, 3, 0.4, 0.1), 0.1),
    ]:
        assert value.mean() == pytest.approx(mean, abs=4 * std / 200)


def test_number_of_cars():
    assert RULES.needed(206.2) == 12
    drawn = draw_fleet(RULES, np.random.default_rng(1))
    assert select_cars(drawn, REQUEST, RULES, np.random.default_rng(2)).needed == 12


def test_filters():
    rng = np.random.default_rng(1)
    fleet = draw_fleet(RULES, rng)
    chosen = select_cars(fleet, REQUEST, RULES, rng)
    first, stop = chosen.window
    assert (chosen.fleet.arrival <= first).all()
    assert (chosen.fleet.departure >= stop).all()
    assert chosen.parked > chosen.overlapping > chosen.willing > chosen.fleet.size == 12
    assert not chosen.short
    inside = (fleet.arrival <= first) & (fleet.departure >= stop)
    assert int(inside.sum()) == chosen.overlapping


def test_the_fullest_of_the_willing_are_chosen():
    all_willing = FleetRules(willing=1.0)
    rng = np.random.default_rng(1)
    fleet = draw_fleet(all_willing, rng)
    chosen = select_cars(fleet, REQUEST, all_willing, rng)
    first, stop = chosen.window
    inside = np.flatnonzero((fleet.arrival <= first) & (fleet.departure >= stop))
    assert set(chosen.cars) == set(inside[np.argsort(-fleet.soc_start[inside])[:12]])


def test_too_few_willing_are_all_taken_and_reported():
    rules = FleetRules(willing=0.03)
    rng = np.random.default_rng(3)
    chosen = select_cars(draw_fleet(rules, rng), REQUEST, rules, rng)
    assert chosen.short
    assert chosen.fleet.size == chosen.willing < chosen.needed


def test_nobody_willing():
    rules = FleetRules(willing=0.0)
    with pytest.raises(Infeasible, match="none is willing"):
        select_cars(draw_fleet(rules, np.random.default_rng(3)), REQUEST, rules, np.random.default_rng(3))


def test_a_target_out_of_reach_is_infeasible():
    with pytest.raises(Infeasible, match=r"car 1: soc_target = 0.8 is out of reach"):
        Fleet(96, [30, 31], [64, 36], [0.4, 0.4], [0.8, 0.8], hours=0.25)


def test_the_length_of_a_slot_is_not_guessed():
    with pytest.raises(TypeError, match="hours"):
        Fleet(24, [8], [16], [0.4], [0.8])
    with pytest.raises(TypeError, match="hours"):
        Campus([5.0], [1.0], [0.3], [0.0], [0.0])


def test_stay_is_half_open():
    fleet = Fleet(4, [1], [3], [0.5], [0.5], hours=0.25)
    assert fleet.present.tolist() == [[False, True, True, False]]


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 2**31), st.integers(1, 30))
def test_plug_and_charge_meets_every_target(seed, cars):
    fleet = draw_fleet(FleetRules(cars=cars), np.random.default_rng(seed))
    plan = fleet.plug_and_charge()
    reached = fleet.soc_start + plan.sum(axis=1) * fleet.hours / fleet.capacity_kwh
    assert np.abs(reached - fleet.soc_target).max() < 1e-12
    assert (plan <= fleet.power_kw[:, None] + 1e-12).all()
    assert (plan[~fleet.present] == 0).all()


def test_real_sessions_become_cars():
    fleet = draw_real_fleet(RULES, np.random.default_rng(1))
    assert fleet.size == 200
    assert (fleet.need_kwh >= 8.0 - 1e-9).all()
    assert (fleet.need_kwh <= 48.0 + 1e-9).all()
    assert 20 < np.median(fleet.arrival) < 36
    again = draw_real_fleet(RULES, np.random.default_rng(1))
    assert (again.arrival == fleet.arrival).all()


def test_more_cars_than_sessions():
    with pytest.raises(InvalidInput, match=r"must be for at most \d+ cars: only so many sessions fit$"):
        draw_real_fleet(FleetRules(cars=5000), np.random.default_rng(1))


def test_targets_of_drawn_cars():
    """A car that arrives with more than the target keeps that; one whose target is out of reach is drawn again."""
    rules = FleetRules(soc_target=0.5, power_kw=2.0)
    fleet = draw_fleet(rules, np.random.default_rng(1))
    assert (fleet.soc_start > 0.5).any()
    assert (fleet.soc_target == np.maximum(0.5, fleet.soc_start)).all()
    reach = fleet.soc_start + 2.0 * 0.25 * (fleet.departure - fleet.arrival) / 80.0
    assert (reach >= fleet.soc_target).all()
    assert reach.min() < 0.51  # the test would not pass by luck
