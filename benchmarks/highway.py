"""The highway's solvers beside their peers in the same run, with equal results.

Run it as ``python -m benchmarks.highway``; it takes about a minute on one core. The first call of the
compiled deferred acceptance loads its machine code, or compiles it: that is shown apart.
"""

import time
from heapq import heappush, heapreplace
from typing import Any

import numpy as np
from numba import njit
from scipy.optimize import brentq, minimize_scalar

from benchmarks.record import Record, best, show
from v2g_nb.highway import solve_equal_waits
from v2g_nb.leader import Followers, profit, solve_leader
from v2g_nb.matching import Market, check_matching, deferred_acceptance
from v2g_nb.queueing import arrival_rate_for_wait, mean_wait

try:
    from matching.games import HospitalResident
except ImportError:
    HospitalResident = None


def random_lists(n: int, m: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    rng = np.random.default_rng(n)
    return rng.random((n, m)).argsort(axis=1), rng.random((m, n)).argsort(axis=1), np.full(m, n // m)


def by_package(lists: np.ndarray, orders: np.ndarray, quotas: np.ndarray) -> tuple[np.ndarray, float, float]:
    """Return partners, set-up time and solving time of the package `matching`."""
    begin = time.perf_counter()
    game = HospitalResident.create_from_dictionaries(
        {v: row.tolist() for v, row in enumerate(lists)},
        {s: row.tolist() for s, row in enumerate(orders)},
        dict(enumerate(quotas.tolist())),
    )
    ready = time.perf_counter()
    solved = game.solve(optimal="resident")
    done = time.perf_counter()
    partner = np.full(len(lists), -1)
    for hospital, residents in solved.items():
        partner[[resident.name for resident in residents]] = hospital.name
    return partner, ready - begin, done - ready


@njit
def bare_acceptance(lists: Any, ranks: Any, orders: Any, quotas: Any) -> Any:
    """Return partners where lists are complete and there is room for all, without a check or a certificate."""
    held = [[np.int64(0) for _ in range(0)] for _ in quotas]  # heaps of negated ranks, the worst on top
    asked, partner = np.zeros(len(lists), dtype=np.int64), np.full(len(lists), -1)
    for first in range(len(lists)):
        proposer = first
        while True:
            receiver = lists[proposer, asked[proposer]]
            asked[proposer] += 1
            rank, heap = ranks[receiver, proposer], held[receiver]
            if len(heap) < quotas[receiver]:
                heappush(heap, -rank)
                partner[proposer] = receiver
                break
            if rank < -heap[0]:
                partner[proposer] = receiver
                proposer = orders[receiver, -heapreplace(heap, -rank)]
    return partner


def matching(record: Record) -> None:
    begin = time.perf_counter()
    deferred_acceptance(Market(*random_lists(20, 4)), engine="compiled")
    show("first call of the compiled deferred acceptance", time.perf_counter() - begin, "s")
    one_market(record, 1_000, 10, package=True)
    one_market(record, 10_000, 50, package=False)


def one_market(record: Record, n: int, m: int, *, package: bool) -> None:
    case = record.case("stable matching", f"{n:,} cars, {m} stations", "pairs that block", 0)
    lists, orders, quotas = random_lists(n, m)

    set_up, market = best(lambda: Market(lists, orders, quotas))

    def blocking(partner: np.ndarray) -> float:
        return check_matching(market, partner).certificates[-1].value

    seconds, ours = best(lambda: deferred_acceptance(market))
    name = "deferred acceptance, certified"
    case.ours(name, seconds, set_up=set_up, reached=blocking(ours.partner))
    seconds, quick = best(lambda: deferred_acceptance(market, engine="compiled"))
    assert (quick.partner == ours.partner).all()
    assert quick.num_iter == ours.num_iter
    case.ours(f"{name}, compiled", seconds, set_up=set_up, reached=blocking(quick.partner))
    set_up, ranks = best(lambda: orders.argsort(axis=1))
    seconds, partner = best(lambda: bare_acceptance(lists, ranks, orders, quotas))
    case.peer("fast", "compiled kernel without certificate", seconds, set_up=set_up, reached=blocking(partner))
    if not package:
        return
    if HospitalResident is None:
        case.missing("general", "package matching", "not installed")
        return
    partner, set_up, seconds = by_package(lists, orders, quotas)
    assert (partner == ours.partner).all()
    case.peer("general", "package matching", seconds, set_up=set_up, reached=blocking(partner))


def equal_waits(record: Record) -> None:
    case = record.case("equal waits", "1,000 stations", "largest difference of two waits, relative", 1e-8)
    rng = np.random.default_rng(0)
    c, mu = rng.integers(1, 40, 1000), rng.uniform(0.5, 2, 1000)
    total = 0.9 * float((c * mu).sum())

    def spread(rates: np.ndarray) -> float:
        waits = mean_wait(c, rates, mu)
        served = abs(float(rates.sum()) / total - 1)
        return max(float(np.ptp(waits) / waits.mean()), served)

    seconds, result = best(lambda: solve_equal_waits(c, mu, total))
    case.ours("Newton on the common wait, certified", seconds, reached=spread(result.arrival_rate))

    def nested() -> np.ndarray:
        level = brentq(lambda u: arrival_rate_for_wait(c, mu, np.exp(u)).sum() - total, -50.0, 10.0, xtol=1e-12)
        return arrival_rate_for_wait(c, mu, np.exp(level))

    seconds, rates = best(nested)
    case.peer("general", "scipy's brentq around our vectorised inverse", seconds, reached=spread(rates))


def pricing(record: Record) -> None:
    one_crowd(record, 1_000)
    one_crowd(record, 100_000)
    missed = [gap for gap in (profit_missed(seed) for seed in range(300)) if gap > 1e-6]
    show("share of 300 small crowds in which the bounded search stops at the wrong peak", len(missed) / 300, "")
    show("largest share of profit missed there", max(missed, default=0.0), "")


def random_crowd(n: int, seed: int) -> Followers:
    rng = np.random.default_rng(seed)
    return Followers(rng.uniform(1, 20, n), rng.uniform(0.2, 5, n), np.zeros(n), rng.uniform(0.1, 15, n))


def bounded_search(crowd: Followers) -> float:
    """Return the profit that scipy's search finds, which supposes one peak."""
    ends = (0.0, crowd.breakpoints[-1])
    found = minimize_scalar(
        lambda p: -float(profit(crowd, 0.03, p)), bounds=ends, method="bounded", options={"xatol": 1e-10}
    )
    return -found.fun


def profit_missed(seed: int) -> float:
    crowd = random_crowd(4, seed)
    return 1 - bounded_search(crowd) / solve_leader(crowd, 0.03).profit


def one_crowd(record: Record, n: int) -> None:
    case = record.case("a leader's price", f"{n:,} followers with limits", "share of the best profit missed", 1e-8)
    crowd = random_crowd(n, n)
    seconds, ours = best(lambda: solve_leader(crowd, 0.03))
    assert all(proof.holds for proof in ours.certificates)
    slow, found = best(lambda: bounded_search(crowd))
    top = max(found, ours.profit)
    case.ours("every peak between breakpoints, certified", seconds, reached=1 - ours.profit / top)
    name = "scipy's bounded search, which supposes one peak"
    case.peer("general", name, slow, reached=1 - found / top)


def main() -> None:
    record = Record("highway")
    matching(record)
    equal_waits(record)
    pricing(record)
    record.finish()


if __name__ == "__main__":
    main()
