"""Certificates of the price game fail for every spoilt number; the follower's reply beats a scan."""

import math
from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pytest

from v2g_nb.errors import NotAnEquilibrium
from v2g_nb.grid import choices, mixed_prices, paper_market, take_turns
from v2g_nb.grid.certificates.prices import price_proof, price_scan, sequential_certificates
from v2g_nb.grid.prices import follower_reply


@pytest.mark.parametrize("unit", [1e-6, 1.0, 1e4])
@pytest.mark.parametrize("claimed", [(0.0, 0.0), (1 + 1e-6, 1 + 1e-6)], ids=["nothing", "a millionth more"])
def test_a_wrong_profit_fails_in_every_unit_of_money(unit, claimed):
    found = mixed_prices(10 * unit, 12 * unit, 9 * unit)
    wrong = replace(found, profit=tuple(share * u for share, u in zip(claimed, found.profit, strict=True)))
    assert not any(c.holds for c in price_scan(wrong) if "the same profit" in c.name)
    assert not all(c.holds for c in price_proof(wrong))


def test_a_wrong_lowest_price_fails_in_every_unit_of_money():
    unit = 1e-6
    found = mixed_prices(10 * unit, 12 * unit, 9 * unit)
    wrong = replace(found, lowest=(found.lowest[0], found.lowest[1] * (1 + 1e-7)))
    assert not price_proof(wrong)[-1].holds


@pytest.mark.parametrize("station", [0, 1])
def test_a_distribution_that_is_no_number_somewhere_is_none(station):
    found = mixed_prices()

    def cdf(which, price):
        return np.where((which == station) & (price > 3.0), math.nan, found.cdf(which, price))

    claimed = {name: getattr(found, name) for name in ("shared", "loyal", "lowest", "profit")}
    checked = price_scan(SimpleNamespace(**claimed, cdf=cdf))
    (distribution,) = (c for c in checked if c.name.startswith(f"station {station + 1}: prices are a distribution"))
    assert not distribution.holds


@pytest.mark.parametrize("block", ["lowest", "profit"])
@pytest.mark.parametrize("place", [0, 1])
@pytest.mark.parametrize("step", [1e-6, -1e-6, math.nan])
def test_perturbed_mixed_prices_lose_their_certificate(block, place, step):
    found = mixed_prices()
    spoilt = tuple(v + step if k == place else v for k, v in enumerate(getattr(found, block)))
    changed = replace(found, **{block: spoilt})
    certificates = price_scan(changed)
    assert not all(c.holds for c in certificates)
    assert not all(c.holds for c in price_proof(changed))
    with pytest.raises(NotAnEquilibrium):
        replace(changed, certificates=certificates).require()


@pytest.mark.parametrize("leader", [0, 1])
@pytest.mark.parametrize("station", [0, 1])
@pytest.mark.parametrize("step", [1e-3, -1e-3, math.nan])
def test_perturbed_sequential_play_loses_its_certificate(leader, station, step):
    played = take_turns(paper_market(), leader)
    spoilt = tuple(p + step if k == station else p for k, p in enumerate(played.prices))
    assert not all(c.holds for c in sequential_certificates(paper_market(), replace(played, prices=spoilt)))


@pytest.mark.parametrize("leader", [0, 1])
@pytest.mark.parametrize("station", [0, 1])
def test_an_infinite_price_is_certified_by_nothing(leader, station):
    played = SimpleNamespace(leader=leader, prices=[math.inf if k == station else 2.0 for k in (0, 1)])
    assert not any(c.holds for c in sequential_certificates(paper_market(), played))


@pytest.mark.parametrize("price", [0.0, 1.0, 3.0, 4.0, 5.0, 6.5, 9.0, 11.0])
@pytest.mark.parametrize("leader", [0, 1])
def test_the_followers_reply_beats_a_fine_scan(leader, price):
    market = paper_market()
    reply = follower_reply(market, leader, price)

    def earned(p: float) -> float:
        pair = (price, p) if leader == 0 else (p, price)
        return choices(market, pair, ties=1 - leader).profit[1 - leader]

    assert earned(reply) >= max(earned(p) for p in np.linspace(0, 12, 601)) - 1e-9
