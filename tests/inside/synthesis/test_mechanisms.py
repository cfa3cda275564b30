"""The four mechanisms from the inside: limits, programs, quotas and shares, and certificates that can fail."""

from dataclasses import replace

import numpy as np
import pytest

from tests.synthesis.test_mechanisms import OTHER_KWH, TOWNS
from v2g_nb.errors import NotConverged
from v2g_nb.games import StorageGame, solve_storage_game
from v2g_nb.leader.followers import demand
from v2g_nb.power import DispatchProblem, lindistflow, solve_dispatch
from v2g_nb.synthesis.certificates import anticipation_certificates, market_certificates, shared_certificates
from v2g_nb.synthesis.posted_prices import firm_shares, followers_at, match_hour, quotas_of_hour
from v2g_nb.synthesis.programs import cars_program
from v2g_nb.synthesis.town import Town, best_surplus, town_feeder

HOUSE_KVAR = 0.3


def test_the_rows_of_limits_are_the_feeders():
    """At the edge of each voltage row the linear power flow gives exactly the lowest voltage."""
    town = TOWNS[0]
    for row, bus in ((3, 2), (4, 3)):
        for mix in (0.0, 0.4, 1.0):
            direction = np.array([mix, 1 - mix])
            drawn = direction * town.limits.right[row, 1] / (town.limits.matrix[row] @ direction)
            load = [0.0, town.house_kw[1], *drawn]
            flow = lindistflow(town_feeder(), load, [0.0, HOUSE_KVAR * town.house_kw[1], 0.0, 0.0])
            assert flow.voltage_pu[bus] == pytest.approx(town.lowest_pu, abs=1e-12)
    assert np.array_equal(town.limits.right[2], town.import_kw - town.house_kw)


@pytest.mark.parametrize("place", range(len(TOWNS)))
def test_the_citys_dispatch_finds_the_same_prices(made, place):
    """One hour at a time, each car a generator of energy that it does without: same loads, same local prices."""
    town, market = TOWNS[place], made[place]["solve_market"]
    w, n = town.first_value, town.room_kwh
    for t in range(town.hours):
        load, gens = np.array([0.0, town.house_kw[t], 0.0, 0.0]), []
        for j in (0, 1):
            for i in np.flatnonzero((town.arrival <= t) & (t < town.departure)):
                elsewhere = market.energy_kwh[i].sum() - market.energy_kwh[i, j, t]
                appetite = n[i] * (1 - town.time_cost[i, j] / w[i]) - elsewhere
                if appetite > 0:
                    load[2 + j] += appetite
                    gens.append((2 + j, w[i] / n[i], appetite))
        buses, slopes, most = zip(*gens, strict=True)
        none = np.zeros(len(gens))
        feeder = replace(town_feeder(), rating_kva=[np.inf, *(town.chargers * town.power_kw)])
        found = solve_dispatch(
            DispatchProblem(
                feeder, load, [0.0, HOUSE_KVAR * town.house_kw[t], 0.0, 0.0], buses, none, slopes, most, none,
                town.energy_price[t], import_kw=town.import_kw, import_kvar=1e4, lowest_pu=town.lowest_pu,
            )
        )  # fmt: skip
        drawn = market.energy_kwh[:, :, t].sum(axis=0)
        assert np.allclose(found.active_kw[1:], drawn, atol=1e-4)
        used = drawn > 1e-3
        assert np.allclose(found.dlmp[2:][used], market.price[used, t], atol=1e-5)


def test_what_one_car_gains_at_most_by_trying_everything():
    town, rng = TOWNS[0], np.random.default_rng(2)
    price = rng.uniform(0.1, 0.6, (2, town.hours))
    best = best_surplus(town, price)
    for i in range(8):
        tried = [
            town.first_value[i] * (x - x**2 / (2 * town.room_kwh[i])) - x * (price[j, t] + town.time_cost[i, j])
            for j in (0, 1)
            for t in range(town.arrival[i], town.departure[i])
            for x in np.linspace(0, town.room_kwh[i], 2001)
        ]
        assert best[i] == pytest.approx(max(tried), abs=1e-5)


def test_at_given_energies_the_campus_solver_finds_the_same_plans():
    """Places and hours are the slots of the storage game; without time cost the order within an hour is free."""
    town = replace(TOWNS[0], time_value=np.zeros(TOWNS[0].size))
    p = 0.004
    energy = cars_program(town)(p, OTHER_KWH)
    flat = energy.transpose(0, 2, 1).reshape(town.size, -1)  # hour by hour, both stations
    none, total = np.zeros(town.size), flat.sum(axis=1)
    stays = 2 * town.arrival, 2 * town.departure
    offset = np.full(2 * town.hours, p * OTHER_KWH)
    game = StorageGame(offset, p, *stays, none, np.full(town.size, 50.0), none, none, total, total)
    found = solve_storage_game(game)
    assert np.allclose(found.flows, flat, atol=1e-5)


def test_a_plan_that_the_solver_gave_up_on_is_no_equilibrium():
    """A kWh costs two million euros, 186 times its worth; Clarabel gives up at a plan that buys."""
    town = Town([12000.0], [0.137], [2e-4], [0], [1], [0.2], [50.0])
    with pytest.raises(NotConverged, match=r"price_base = 0\.00223: Clarabel stopped with status"):
        cars_program(town)(0.00223, 1e9)


def test_no_other_price_scale_earns_more(made):
    town, outcome = TOWNS[0], made[0]["solve_aggregator"]
    answer = cars_program(town)
    for p in outcome.leader[0] * np.geomspace(0.2, 5, 41):
        total = answer(float(p), OTHER_KWH).sum(axis=0)
        keeps = (town.limits.matrix @ total <= town.limits.right).all()
        earned = ((p * (OTHER_KWH + total) - town.energy_price) * total).sum()
        assert earned <= outcome.seller_eur + 1e-4 or not keeps


def test_matching_and_quotas(made):
    for town, outcomes in zip(TOWNS, made, strict=True):
        outcome = outcomes["solve_posted_prices"]
        for hour in range(town.hours):
            quotas, here = quotas_of_hour(town, hour), np.flatnonzero(town.arrival == hour)
            partner = match_hour(town, hour).partner
            assert all((partner == j).sum() <= quotas[j] for j in (0, 1))
            if quotas.sum() == len(here):
                assert (partner >= 0).all()
            # all prefer the fast station; it holds the emptiest
            fast = town.room_kwh[here][partner == 0]
            others = town.room_kwh[here][partner != 0]
            assert not len(others) or fast.min() >= others.max()
            assert (outcome.energy_kwh[here[partner < 0]] == 0).all()


def test_firm_shares_break_no_limit_together():
    for town in TOWNS:
        shares = firm_shares(town)
        assert (town.limits.matrix @ shares <= town.limits.right + 1e-9).all()
        full = np.isclose(town.limits.matrix @ shares, town.limits.right).any(axis=0)
        assert (full | np.isclose(shares[0], town.chargers[0] * town.power_kw[0])).all()


def test_posted_prices_are_the_best_within_the_share(made):
    town, outcome = TOWNS[0], made[0]["solve_posted_prices"]
    shares = firm_shares(town)
    for hour in range(town.hours):
        here, partner = np.flatnonzero(town.arrival == hour), match_hour(town, hour).partner
        for j in (0, 1):
            crowd = followers_at(town, j, hour, here[partner == j])
            markups = np.linspace(0, 1, 20_001)
            sold = demand(crowd, markups).sum(axis=1)
            earned = np.where(sold <= shares[j, hour] + 1e-9, markups * sold, -1)
            at = outcome.price[j, hour] - town.energy_price[hour]
            assert at == pytest.approx(markups[np.argmax(earned)], abs=1e-4)


@pytest.mark.parametrize("spoil", [1e-2, np.nan])
def test_a_spoilt_outcome_fails(made, spoil):
    town = TOWNS[0]
    for outcome in made[0].values():
        paid = outcome.payment_eur + spoil * (np.arange(town.size) == 3)
        assert not shared_certificates(replace(outcome, payment_eur=paid))[2].holds
        energy = outcome.energy_kwh.copy()
        energy[town.arrival.argmax(), 0, 0] += spoil
        assert not shared_certificates(replace(outcome, energy_kwh=energy))[0].holds
        seller = shared_certificates(replace(outcome, seller_eur=outcome.seller_eur + spoil, grid_eur=0.0))
        assert not all(c.holds for c in seller)
    heavy = replace(made[0]["solve_market"], energy_kwh=made[0]["solve_market"].energy_kwh * 1.01)
    assert not shared_certificates(heavy)[1].holds


@pytest.mark.parametrize("spoil", [1e-1, np.nan])
def test_a_spoilt_market_or_game_fails(made, spoil):
    market, game = made[0]["solve_market"], made[0]["solve_aggregator"]
    for block in ("energy_kwh", "price", "leader"):
        values = getattr(market, block).copy()
        values.flat[np.argmax(values)] += spoil
        assert not all(c.holds for c in market_certificates(replace(market, **{block: values}))), block
    energy = game.energy_kwh.copy()
    energy.flat[np.argmax(energy)] += spoil
    assert not anticipation_certificates(replace(game, energy_kwh=energy))[0].holds
