"""Bad input for the synthesis: the common setting, the four mechanisms, their checks."""

import tempfile
from datetime import UTC, datetime
from pathlib import Path

import numpy as np

from tests.bad_input.kinds import array, call, choice, flag, generator, instance, integer, other, real, text
from tools.paths import BOOK
from v2g_nb.synthesis import (
    aggregator,
    certificates,
    incentive,
    information,
    market,
    outcome,
    own_feeder,
    own_tables,
    posted_prices,
    town,
)
from v2g_nb.synthesis import (
    tariffs as who_gains,
)

TOWN = town.Town([1.0, 1.0], [10.0, 12.0], [3.0, 2.0], [0, 1], [2, 2], [0.2, 0.2], [50.0, 50.0])
MADE = market.solve_market(TOWN)
FIELD = other(TOWN, 7, None, "seven")
HOUR = integer(0, low=0, high=1)
PLAN = array(MADE.energy_kwh).also(np.zeros((2, 2, 3)))
# a certificate takes NaN: it is what it has to catch
CLAIM = other(MADE.energy_kwh, "seven", None, np.zeros((2, 2, 3)))
PRICES = other(MADE.price, "seven", None, np.zeros((4, 5)))
LIMITS = other(MADE.leader, "seven", None, np.zeros((2, 3)))
POSITIVE = real(0.004, low=0.0, open_low=True)
OTHER = real(120.0, low=0.0)

CALLS = [
    call(
        town.Town,
        first_value=array([1.0], low=0.0, open_low=True),
        room_kwh=array([10.0], low=0.0, high=22.0, open_low=True),
        time_value=array([3.0], low=0.0),
        arrival=array([0], low=0.0, high=1.0).also([0.5], [1]),
        departure=array([1], low=1.0, high=2.0).also([1.5]),
        energy_price=array([0.2, 0.2], low=0.0),
        house_kw=array([50.0, 50.0], low=0.0).also([50.0], [500.0, 500.0]),
        chargers=array([3, 4], low=1.0).also([1.5, 2], [1, 1, 1]),
        power_kw=array([50.0, 22.0], low=0.0, open_low=True).also([50.0]),
        import_kw=real(240.0, low=0.0, open_low=True),
        lowest_pu=real(0.96, low=0.0, high=1.0, open_low=True, open_high=True),
    ),
    call(town.car_value, town=FIELD, energy_kwh=PLAN),
    call(
        town.draw_town,
        cars=integer(5, low=1),
        rng=generator(),
        import_kw=real(240.0, low=0.0, open_low=True),
        lowest_pu=real(0.96, low=0.0, high=1.0, open_low=True, open_high=True),
    ),
    call(outcome.car_surplus, town=FIELD, outcome=instance(MADE)),
    call(outcome.welfare, town=FIELD, outcome=instance(MADE)),
    call(market.solve_market, town=FIELD),
    call(aggregator.respond, town=FIELD, price_base=POSITIVE, other_kwh=OTHER),
    call(
        aggregator.solve_aggregator,
        town=FIELD,
        other_kwh=OTHER,
        low=real(1e-4, low=0.0, open_low=True),
        high=real(1e-1, low=1e-4, open_low=True),
        points=integer(5, low=3),
    ),
    call(aggregator.potential_bound, town=FIELD, price_base=POSITIVE, energy_kwh=PLAN, other=PLAN, other_kwh=OTHER),
    call(posted_prices.quotas_of_hour, town=FIELD, hour=HOUR),
    call(posted_prices.match_hour, town=FIELD, hour=HOUR),
    call(posted_prices.firm_shares, town=FIELD),
    call(
        posted_prices.followers_at,
        town=FIELD,
        station=integer(0, low=0, high=1),
        hour=HOUR,
        cars=array([0, 1], low=0.0, high=1.0).also([0.5]),
    ),
    call(posted_prices.solve_posted_prices, town=FIELD, pricing=choice("clearing")),
    call(incentive.charging_market, town=FIELD, hour=HOUR),
    call(incentive.solve_incentives, town=FIELD),
    call(information.play, town=FIELD, outcome=instance(MADE), rng=generator()),
    call(
        certificates.shared_certificates,
        town=FIELD,
        energy_kwh=CLAIM,
        payment_eur=other(MADE.payment_eur, "seven", None, [1.0]),
        seller_eur=other(0.0, "seven", None, True),
        grid_eur=other(0.0, "seven", None, True),
    ),
    call(certificates.best_surplus, town=FIELD, price=array(MADE.price).also(np.zeros((2, 3)))),
    call(certificates.dual_bound, town=FIELD, limit_price=array(MADE.leader, low=0.0).also(np.zeros((2, 3)))),
    call(
        certificates.loss_by_car,
        town=FIELD,
        energy_kwh=CLAIM,
        limit_price=array(MADE.leader, low=0.0).also(np.zeros((2, 3))),
    ),
    call(certificates.market_certificates, town=FIELD, energy_kwh=CLAIM, price=PRICES, limit_price=LIMITS),
    call(
        certificates.anticipation_certificates,
        town=FIELD,
        energy_kwh=CLAIM,
        price_base=POSITIVE,
        other_kwh=OTHER,
    ),
]

OWN = BOOK / "synthesis" / "own-data"
TIMES = (datetime(2024, 3, 1, 8), datetime(2024, 3, 1, 9))
TARIFF = who_gains.Tariff(TIMES, (0.3,))
MIXED = (datetime(2024, 3, 1, 8), datetime(2024, 3, 1, 9, tzinfo=UTC))
MOMENT = other(TIMES[0], "seven", 7, None, MIXED[1])
LINES = who_gains.who_gains(OWN / "sessions.csv", who_gains.read_tariff(OWN / "tariff.csv"))
SCRATCH = Path(tempfile.gettempdir()) / "v2g-who-gains.csv"


def path_to(name):
    return other(OWN / name, 7, None, "", "missing.csv")


CALLS += [
    call(
        own_tables.read_table,
        path=path_to("loads.csv"),
        columns=other(["bus"], "bus", 7, None, [], [""]),
        keep_ragged=flag(False),
    ),
    call(
        who_gains.Tariff,
        times=other(TIMES, "seven", 7, None, TIMES[:1], TIMES[::-1], MIXED, (1.0, 2.0)),
        price_eur_per_kwh=other((0.3,), "seven", 7, None, (0.3, 0.4), (float("nan"),)),
    ),
    call(TARIFF.pieces, begin=MOMENT, end=MOMENT),
    call(who_gains.read_tariff, path=path_to("tariff.csv"), allow_negative=flag(False)),
    call(
        who_gains.who_gains,
        sessions=path_to("sessions.csv"),
        tariff=instance(TARIFF),
        flat_eur_per_kwh=other(0.3, -0.1, "seven", float("nan"), [0.3]),
    ),
    call(
        who_gains.write_table,
        lines=other(LINES, "seven", 7, None, [], [{}]),
        path=other(SCRATCH, 7, None, "", "no/such/folder/table.csv"),
    ),
    call(
        own_feeder.read_feeder,
        lines=path_to("lines.csv"),
        loads=path_to("loads.csv"),
        source=text("substation").also("no such bus"),
        nominal_kv=real(0.4, low=0.0, open_low=True),
    ),
]
