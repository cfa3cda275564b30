"""Records that hold arrays compare and hash as objects: numbers are compared with a tolerance, in the open."""

import copy
import importlib
import pkgutil
from dataclasses import is_dataclass
from itertools import islice

import numpy as np
import pytest

from tests.campus.instances import RULES
from v2g_nb import campus
from v2g_nb.campus.aggregator import AscentStep, campus_game, solve_leader
from v2g_nb.campus.building import calibrated_campus
from v2g_nb.campus.equilibrium import liebmann
from v2g_nb.campus.exact import printed_best_response
from v2g_nb.campus.game import car_costs
from v2g_nb.campus.money import gains
from v2g_nb.campus.protocol import run_protocol
from v2g_nb.campus.selection import FleetRules, draw_fleet, select_cars

OF_NUMBERS_ONLY = {AscentStep, FleetRules}


def all_records():
    """Return one record of each class that holds arrays."""
    day, rng = calibrated_campus(), np.random.default_rng(1)
    chosen = select_cars(draw_fleet(RULES, rng), day.request_kw, RULES, rng)
    game = campus_game(day, chosen.fleet, 3e-3)
    plan = chosen.fleet.plug_and_charge()
    leader = solve_leader(day, chosen.fleet, points=3)
    exact = printed_best_response(game, plan, 0, max_iter=1)
    talk = run_protocol(day, chosen.fleet, 3e-3, 1, rng)
    step = next(islice(liebmann(game), 1))
    side = gains(leader.money, leader.money)
    found = [day, chosen, chosen.fleet, game, leader, leader.fleet, leader.money, side, exact, talk, talk.messages[0]]
    return [*found, step, car_costs(game, plan)]


RECORDS = {type(record).__name__: record for record in all_records()}


def test_none_is_left_out():
    names = set()
    for found in pkgutil.iter_modules(campus.__path__, "v2g_nb.campus."):
        module = importlib.import_module(found.name)
        own = [c for c in vars(module).values() if is_dataclass(c) and getattr(c, "__module__", "") == found.name]
        names |= {c.__name__ for c in own if c not in OF_NUMBERS_ONLY}
    assert names == set(RECORDS)


@pytest.mark.parametrize("name", RECORDS)
def test_compares_and_hashes(name):
    record = RECORDS[name]
    twin = copy.copy(record)
    assert record == record  # noqa: PLR0124
    assert record != twin
    assert len({record, twin}) == 2
