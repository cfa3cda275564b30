"""Bad input for the synthesis: the common setting, the four mechanisms, a reader's own files."""

from dataclasses import replace
from datetime import UTC, datetime

import numpy as np

from tests.bad_input.kinds import also, call, generator, other
from tools.paths import BOOK
from v2g_nb import synthesis
from v2g_nb.synthesis import Tariff, Town

TOWN = Town([1.0, 1.0], [10.0, 12.0], [3.0, 2.0], [0, 1], [2, 2], [0.2, 0.2], [50.0, 50.0])
MADE, GAME = synthesis.solve_market(TOWN), synthesis.solve_aggregator(TOWN)
LIMIT_PRICE = also(MADE.leader, np.zeros((2, 3)))
OWN = BOOK / "synthesis" / "own-data"
TIMES = (datetime(2024, 3, 1, 8), datetime(2024, 3, 1, 9))
MIXED = (datetime(2024, 3, 1, 8), datetime(2024, 3, 1, 9, tzinfo=UTC))


def path_to(name):
    return other(OWN / name, 7, None, "", "missing.csv")


CALLS = [
    call(
        Town,
        first_value=[1.0],
        room_kwh=also([10.0], [22.1]),
        time_value=[3.0],
        arrival=also([0], [1]),
        departure=also([1], [0], [3]),
        energy_price=[0.2, 0.2],
        house_kw=also([50.0, 50.0], [50.0], [500.0, 500.0]),
        chargers=also([3, 4], [1, 1, 1], [1e30, 4]),
        power_kw=also([50.0, 22.0], [50.0]),
        import_kw=240.0,
        lowest_pu=0.96,
    ),
    call(TOWN.dual_bound, limit_price=LIMIT_PRICE),
    call(MADE.loss_by_car, limit_price=LIMIT_PRICE),
    call(synthesis.draw_town, cars=5, rng=generator(), import_kw=240.0, lowest_pu=0.96),
    call(synthesis.solve_market, town=TOWN),
    call(synthesis.solve_aggregator, town=TOWN, other_kwh=120.0, low=1e-4, high=also(1e-1, 1e-4, 1e-5), points=5),
    call(
        synthesis.potential_bound,
        outcome=also(GAME, MADE),
        other=also(MADE, replace(MADE, energy_kwh=np.zeros((2, 2, 3)))),
    ),
    call(synthesis.solve_posted_prices, town=TOWN, pricing="clearing"),
    call(synthesis.incentive_market, town=TOWN, hour=also(0, 2)),
    call(synthesis.solve_incentives, town=TOWN),
    call(synthesis.play, outcome=also(MADE, replace(MADE, mechanism="none")), rng=generator()),
    call(
        Tariff,
        times=also(TIMES, TIMES[:1], TIMES[::-1], MIXED, (1.0, 2.0)),
        price_eur_per_kwh=also((0.3,), (0.3, 0.4), (float("nan"),)),
    ),
    call(synthesis.read_tariff, path=path_to("tariff.csv"), allow_negative=False),
    call(synthesis.tariff_gains, sessions=path_to("sessions.csv"), tariff=Tariff(TIMES, (0.3,)), flat_eur_per_kwh=0.3),
    call(
        synthesis.read_feeder,
        lines=path_to("lines.csv"),
        loads=path_to("loads.csv"),
        source=also("substation", "no such bus"),
        nominal_kv=0.4,
    ),
]
