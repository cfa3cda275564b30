"""Deferred acceptance: stable, best for proposers, rural hospitals; and what fails without each hypothesis."""

import sys

import numpy as np
import pytest
from matching.games import HospitalResident

from v2g_nb.errors import InvalidInput, NotAnEquilibrium
from v2g_nb.matching import Market, check_matching, deferred_acceptance, proposals, stable_matchings


def small_market(seed: int) -> Market:
    """At most 6 proposers and 5 receivers; every other one with full lists, the others with lists of any length."""
    rng = np.random.default_rng(seed)
    n, m = int(rng.integers(1, 7)), int(rng.integers(1, 5))
    if seed % 2 == 0:  # full lists and as many places as proposers: here several matchings can be stable
        n = m = int(rng.integers(2, 6))
    shortest = (0, 0) if seed % 2 else (n, m)
    lists = [rng.permutation(m)[: rng.integers(shortest[1], m + 1)].tolist() for _ in range(n)]
    orders = [rng.permutation(n)[: rng.integers(shortest[0], n + 1)].tolist() for _ in range(m)]
    return Market(lists, orders, rng.integers(0, 4, m) if seed % 2 else np.ones(m, dtype=int))


def blocks_by_definition(market: Market, partner: np.ndarray) -> list[tuple[int, int]]:
    """The definition, spelt out with plain loops."""
    lists = [[r for r in row if r >= 0] for row in market.proposer_lists.tolist()]
    orders = [[v for v in row if v >= 0] for row in market.receiver_lists.tolist()]
    found = []
    for v, wishes in enumerate(lists):
        better = wishes[: wishes.index(partner[v])] if partner[v] >= 0 else wishes
        for r in better:
            if v not in orders[r]:
                continue
            held = [u for u in range(len(lists)) if partner[u] == r]
            ahead = [u for u in held if orders[r].index(u) < orders[r].index(v)]
            if len(held) < market.quotas[r] or (held and len(ahead) < len(held)):
                found.append((v, r))
    return found


@pytest.mark.parametrize("seed", range(300))
def test_random_small_market(seed: int):
    """Zero blocking pairs; best for every proposer of all stable matchings; rural hospitals; n m proposals."""
    market = small_market(seed)
    result = deferred_acceptance(market)
    assert all(c.holds for c in result.certificates), result.certificates
    assert blocks_by_definition(market, result.partner) == []
    assert result.num_iter <= market.num_proposers * market.num_receivers
    every = stable_matchings(market)
    assert any((row == result.partner).all() for row in every)
    assert all(blocks_by_definition(market, row) == [] for row in every)
    for v, wishes in enumerate(market.proposer_lists.tolist()):
        order = [r for r in wishes if r >= 0]
        places = [order.index(r) if r >= 0 else len(order) for r in every[:, v]]
        ours = order.index(result.partner[v]) if result.partner[v] >= 0 else len(order)
        assert ours == min(places)
    # rural hospitals: the same proposers are matched, each receiver holds as many, and one that is
    # not full holds the very same proposers, in every stable matching
    assert (((every >= 0) == (every[0] >= 0)).all(axis=0)).all()
    for r, quota in enumerate(market.quotas):
        counts = (every == r).sum(axis=1)
        assert (counts == counts[0]).all()
        if counts[0] < quota:
            assert ((every == r) == (every[0] == r)).all()


def large_market(seed: int) -> Market:
    """Hundreds of proposers; lists of any length on both sides, receivers with no place, with few and with many."""
    rng = np.random.default_rng(seed)
    n, m = int(rng.integers(100, 400)), int(rng.integers(1, 30))
    lists = [rng.permutation(m)[: rng.integers(0, m + 1)].tolist() for _ in range(n)]
    orders = [rng.permutation(n)[: rng.integers(0, n + 1)].tolist() for _ in range(m)]
    return Market(lists, orders, rng.integers(0, 2 * n // m + 2, m))


@pytest.mark.parametrize("make", [small_market, large_market])
def test_the_compiled_steps_give_the_same(make):
    """The same partners after as many proposals: neither depends on the order in which proposers ask."""
    for seed in range(200 if make is small_market else 40):
        market = make(seed)
        plain, compiled = deferred_acceptance(market).require(), deferred_acceptance(market, engine="compiled")
        assert compiled.partner.tolist() == plain.partner.tolist()
        assert compiled.partner.dtype == plain.partner.dtype
        assert compiled.num_iter == plain.num_iter
        assert compiled.certificates == plain.certificates


def test_several_stable_matchings_are_common_enough_to_test_optimality():
    assert sum(len(stable_matchings(small_market(s))) > 1 for s in range(300)) >= 10


def test_no_fewer_proposals_than_the_bound_will_always_do():
    """n m is reached: where nobody is accepted, everybody asks everywhere."""
    market = Market([[0, 1, 2]] * 4, [[]] * 3, [1, 1, 1])
    assert deferred_acceptance(market).num_iter == 12


def test_proposals_are_the_solver():
    market = small_market(7)
    steps = list(proposals(market))
    result = deferred_acceptance(market)
    assert len(steps) == result.num_iter
    held: dict[int, int] = {}
    for step in steps:
        if step.accepted:
            held[step.proposer] = step.receiver
            if step.evicted >= 0:
                assert held.pop(step.evicted) == step.receiver
    assert [held.get(v, -1) for v in range(market.num_proposers)] == result.partner.tolist()


def test_order_of_proposers_does_not_matter():
    """McVitie and Wilson: any order of asking gives the same matching."""
    for seed in range(50):
        market = small_market(seed)
        rng = np.random.default_rng(seed)
        names = rng.permutation(market.num_proposers)  # new number k is old proposer names[k]
        back = np.argsort(names)
        orders = [[int(back[v]) for v in row if v >= 0] for row in market.receiver_lists]
        lists = [[int(r) for r in row if r >= 0] for row in market.proposer_lists[names]]
        shuffled = Market(lists, orders, market.quotas)
        assert (deferred_acceptance(shuffled).partner == deferred_acceptance(market).partner[names]).all()


@pytest.mark.parametrize("seed", range(20))
def test_same_as_the_package_matching(seed: int):
    """Side by side with an independent implementation, on markets it can express: full lists, quotas from 1."""
    rng = np.random.default_rng(seed)
    n, m = 12, 3
    market = Market([rng.permutation(m) for _ in range(n)], [rng.permutation(n) for _ in range(m)], [4, 3, 5])
    game = HospitalResident.create_from_dictionaries(
        {v: row.tolist() for v, row in enumerate(market.proposer_lists)},
        {r: row.tolist() for r, row in enumerate(market.receiver_lists)},
        dict(enumerate(market.quotas.tolist())),
    )
    theirs = game.solve(optimal="resident")
    partner = np.full(n, -1)
    for hospital, residents in theirs.items():
        partner[[resident.name for resident in residents]] = hospital.name
    assert (partner == deferred_acceptance(market).partner).all()


def road_with_stations(seed: int, spare: int) -> tuple[Market, np.ndarray]:
    """Return a market of cars on a road with three stations, and the station that each car depends on.

    A car reaches a stretch of the road. A station puts those first that do not reach the next one, and
    has `spare` places more than there are such cars.
    """
    rng = np.random.default_rng(seed)
    n, m = 6, 3
    first = rng.integers(0, m, n)
    last = np.array([rng.integers(f, m) for f in first])
    lists = [rng.permutation(np.arange(f, e + 1)).tolist() for f, e in zip(first, last, strict=True)]
    depends = np.where(last < m - 1, last, -1)  # behind the last station there is no next one to reach
    orders = [
        sorted((v for v in rng.permutation(n).tolist() if first[v] <= i <= last[v]), key=lambda v, i=i: depends[v] != i)
        for i in range(m)
    ]
    quotas = np.maximum(np.bincount(depends[depends >= 0], minlength=m) + spare, 0)
    return Market(lists, orders, quotas), depends


def stranded(market: Market, depends: np.ndarray) -> int:
    """Count cars, over all stable matchings, that depend on a station and have neither it nor a better one."""
    count = 0
    for partner in stable_matchings(market):
        for v in np.flatnonzero(depends >= 0):
            liked = market.proposer_lists[v].tolist()
            count += partner[v] not in liked[: liked.index(depends[v]) + 1]
    return count


@pytest.mark.parametrize("seed", range(40))
def test_nobody_is_stranded_who_comes_first_within_the_quota(seed: int):
    for spare in (0, 1):
        assert stranded(*road_with_stations(seed, spare)) == 0


def test_somebody_is_stranded_without_places_or_priority():
    assert sum(stranded(*road_with_stations(seed, -1)) > 0 for seed in range(40)) > 10
    without = 0
    for seed in range(40):
        market, depends = road_with_stations(seed, 0)
        rows = [[v for v in row if v >= 0][::-1] for row in market.receiver_lists.tolist()]
        without += stranded(Market(market.proposer_lists, rows, market.quotas), depends) > 0
    assert without > 10
    refused = 0
    for seed in range(40):  # cars that would rather drive on than stop where they have to
        market, depends = road_with_stations(seed, 0)
        rows = [[r for r in row if r not in (-1, depends[v])] for v, row in enumerate(market.proposer_lists.tolist())]
        left = deferred_acceptance(Market(rows, market.receiver_lists, market.quotas)).partner
        refused += (left[depends >= 0] < 0).any()
    assert refused > 10


def test_quotas_beyond_64_bits_are_as_good_as_no_limit():
    market = Market([[0], [0]], [[0, 1]], [2e19])
    assert market.quotas[0] > 2
    for engine in ("plain", "compiled"):
        assert deferred_acceptance(market, engine=engine).partner.tolist() == [0, 0]
    assert stable_matchings(market).tolist() == [[0, 0]]
    assert Market([[0], [0]], [[0, 1]], [7]).quotas.tolist() == [7]


def test_enumeration_of_more_proposers_than_an_array_has_axes():
    market = Market([[]] * 70 + [[0], [0]], [[71, 70]], [1])
    assert stable_matchings(market).tolist() == [[-1] * 71 + [0]]


def test_too_many_assignments_are_counted_however_many():
    crowded = Market([[0, 1]] * 700, [list(range(700))] * 2, [1, 1])
    with pytest.raises(InvalidInput, match=r"market has 9\.66e\+333 assignments"):
        stable_matchings(crowded)


@pytest.mark.parametrize("seed", range(60))
def test_mutations_break_a_certificate(seed: int):
    """Any other partner for one proposer is unstable: rural hospitals fixes how many each receiver holds."""
    market = small_market(seed)
    result = deferred_acceptance(market)
    assert check_matching(market, result.partner).certificates == result.certificates
    for v in range(market.num_proposers):
        for other in range(-1, market.num_receivers):
            if other != result.partner[v]:
                spoilt = result.partner.copy()
                spoilt[v] = other
                with pytest.raises(NotAnEquilibrium):
                    check_matching(market, spoilt).require()
        for nonsense in (np.nan, 0.5, -2.0, float(market.num_receivers)):
            broken = result.partner.astype(float)
            broken[v] = nonsense
            with pytest.raises(InvalidInput, match=rf"partner\[{v}\] = "):
                check_matching(market, broken)


def test_without_numba_the_compiled_engine_is_plain(monkeypatch):
    market = large_market(3)
    plain = deferred_acceptance(market)
    monkeypatch.setitem(sys.modules, "numba", None)
    monkeypatch.delitem(sys.modules, "v2g_nb.matching.kernel", raising=False)
    found = deferred_acceptance(market, engine="compiled")
    assert found.partner.tolist() == plain.partner.tolist()
    assert found.num_iter == plain.num_iter
