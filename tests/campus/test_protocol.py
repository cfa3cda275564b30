"""Who learns what: the messages follow Figure 1, and the building sees a sum only."""

from dataclasses import replace

import numpy as np
import pytest

from tests.campus.instances import selected_fleet
from v2g_nb.campus import FLOWS, Campus, Fleet, Record, run_protocol, solve_fleet

CAMPUS, CARS = Campus.calibrated(), selected_fleet(1)
RECORD = run_protocol(CAMPUS, CARS, 3e-3, 60, np.random.default_rng(1))


def test_messages_reach_the_equilibrium():
    assert np.abs(RECORD.plan_kw - solve_fleet(CAMPUS.game(CARS, 3e-3)).plan_kw).max() < 1e-4


def test_every_flow_is_between_the_four():
    assert {kind for kind, *_ in FLOWS} == {"communication", "energy", "money"}
    assert {side for _, a, b, _ in FLOWS for side in (a, b)} == {"Grid", "EMS", "EVA", "EV"}
    assert not {("EV", "EMS"), ("EMS", "EV")} & {(a, b) for _, a, b, _ in FLOWS}


def test_the_building_hears_of_no_car():
    heard = RECORD.seen_by("EMS")
    assert [m.sender for m in heard] == ["Grid", "EVA"]
    assert {key for m in heard for key in m.content} == {"grid_price_eur_per_kwh", "exchange_kw"}


def test_no_car_hears_of_another():
    told = {"price_base", "deviation_weight", "baseline_kw", "request_kw", "others_kw"}
    for i in range(CARS.size):
        for message in RECORD.seen_by(f"EV {i}"):
            assert message.sender == "EVA"
            assert set(message.content) == told
            assert message.content["others_kw"].shape == (96,)


def test_nobody_is_told_a_state_of_charge():
    names = {key for m in RECORD.messages for key in m.content}
    assert not [n for n in names if "soc" in n or "target" in n or "arrival" in n]


def test_the_building_cannot_tell_two_fleets_of_equal_sum_apart():
    """Two pairs of cars with the same needs in sum: plans differ, what the building hears does not."""
    small = replace(CAMPUS, request_kw=CAMPUS.request_kw / 8, baseline_kw=CAMPUS.baseline_kw / 8)
    one = Fleet(96, [30, 30], [64, 64], [0.35, 0.45], [0.8, 0.8], hours=0.25)
    two = Fleet(96, [30, 30], [64, 64], [0.4, 0.4], [0.8, 0.8], hours=0.25)
    heard, plans = [], []
    for fleet in (one, two):
        record = run_protocol(small, fleet, 3e-3, 60, np.random.default_rng(1))
        heard.append(record.seen_by("EMS")[-1].content["exchange_kw"])
        plans.append(record.plan_kw)
    assert np.abs(plans[0] - plans[1]).max() > 0.4
    assert np.abs(heard[0] - heard[1]).max() < 1e-6


def test_what_a_curious_aggregator_learns():
    """It is told neither, but sees stay and need of most cars in their plans."""
    guesses = [RECORD.infer_car(i, hours=0.25) for i in range(CARS.size)]
    for i, (first, stop, energy) in enumerate(guesses):
        assert energy == pytest.approx(CARS.need_kwh[i], abs=1e-6)
        assert CARS.arrival[i] <= first < stop <= CARS.departure[i]
    exact = sum(g[0] == a and g[1] == d for g, a, d in zip(guesses, CARS.arrival, CARS.departure, strict=True))
    assert exact > CARS.size / 2


def test_a_car_without_power_shows_nothing():
    record = Record()
    record.post("EV 0", "EVA", "plan", plan_kw=np.zeros(4))
    assert record.infer_car(0, hours=0.25) == (0, 0, 0.0)


def test_with_two_cars_the_sum_of_the_others_is_the_other():
    pair = CARS.chosen([0, 1])
    record = run_protocol(CAMPUS, pair, 3e-3, 3, np.random.default_rng(1))
    told = [m for m in record.messages if m.receiver == "EV 0"][-1].content["others_kw"]
    sent = [m for m in record.messages if m.sender == "EV 1"]
    assert any(np.abs(m.content["plan_kw"] - told).max() < 1e-9 for m in sent)
