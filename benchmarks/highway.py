"""The highway's solvers beside their peers in the same run, with equal results.

Prints one JSON object a line: what was measured, the figure, its unit. Run it as
``python -m benchmarks.highway``; it takes about a minute on one core. The first call of the
compiled deferred acceptance loads its machine code, or compiles it: that is shown apart.
"""

import time

import numpy as np
from scipy.optimize import brentq, minimize_scalar

from benchmarks.queueing import best, show
from v2g_nb.highway.equalisation import solve_equal_waits
from v2g_nb.methods.certificates.matching import rank_table
from v2g_nb.methods.leader import Followers, profit, solve_leader
from v2g_nb.methods.matching import Market, deferred_acceptance
from v2g_nb.methods.matching_kernel import accept
from v2g_nb.methods.queueing import arrival_rate_for_wait, mean_wait

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


def matching() -> None:
    begin = time.perf_counter()
    deferred_acceptance(Market(*random_lists(20, 4)), engine="compiled")
    show("first call of the compiled deferred acceptance", time.perf_counter() - begin, "s")
    one_market(1_000, 10, package=True)
    one_market(10_000, 50, package=False)


def one_market(n: int, m: int, *, package: bool) -> None:
    lists, orders, quotas = random_lists(n, m)
    ranks = rank_table(orders, n)
    market = Market(lists, orders, quotas)
    ours = deferred_acceptance(market)
    size = f"matching {n} x {m}"
    fast = best(lambda: deferred_acceptance(market))
    show(f"{size}, ours with certificates", 1e3 * fast, "ms", proposals=ours.num_iter)
    show(f"{size}, ours, making the market", 1e3 * best(lambda: Market(lists, orders, quotas)), "ms")
    quick = deferred_acceptance(market, engine="compiled")
    assert (quick.partner == ours.partner).all()
    assert quick.num_iter == ours.num_iter
    whole = best(lambda: deferred_acceptance(market, engine="compiled"))
    show(f"{size}, ours compiled, with certificates", 1e3 * whole, "ms")
    show(f"{size}, ours compiled, kernel only", 1e3 * best(lambda: accept(lists, ranks, orders, quotas)), "ms")
    show(f"{size}, ours compiled, rank table", 1e3 * best(lambda: rank_table(orders, n)), "ms")
    if not package:
        return
    if HospitalResident is None:
        show(f"{size}, package matching: absent", float("nan"), "")
        return
    partner, ready, solving = by_package(lists, orders, quotas)
    assert (partner == ours.partner).all()
    show(f"{size}, package matching, solving", 1e3 * solving, "ms")
    show(f"{size}, package matching, set-up", 1e3 * ready, "ms")
    show(f"{size}, package's solving over ours with certificates", solving / fast, "")


def equal_waits() -> None:
    rng = np.random.default_rng(0)
    c, mu = rng.integers(1, 40, 1000), rng.uniform(0.5, 2, 1000)
    total = 0.9 * float((c * mu).sum())
    result = solve_equal_waits(c, mu, total)
    ours = best(lambda: solve_equal_waits(c, mu, total))
    show("1000 stations equalised", 1e3 * ours, "ms", newton_steps=result.num_iter)

    def nested() -> float:
        return brentq(lambda u: arrival_rate_for_wait(c, mu, np.exp(u)).sum() - total, -50.0, 10.0, xtol=1e-12)

    assert abs(np.exp(nested()) / result.level - 1) < 1e-8
    show("1000 stations, brentq on the wait around the vectorised inverse", 1e3 * best(nested), "ms")
    assert np.ptp(mean_wait(c, result.arrival_rate, mu)) < 1e-9


def pricing() -> None:
    one_crowd(1_000)
    one_crowd(100_000)
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


def one_crowd(n: int) -> None:
    crowd = random_crowd(n, n)
    assert all(proof.holds for proof in solve_leader(crowd, 0.03).certificates)
    show(f"leader with boxes, n = {n}, with certificates", 1e3 * best(lambda: solve_leader(crowd, 0.03)), "ms")
    show(f"leader with boxes, n = {n}, scipy's bounded search", 1e3 * best(lambda: bounded_search(crowd)), "ms")


if __name__ == "__main__":
    matching()
    equal_waits()
    pricing()
