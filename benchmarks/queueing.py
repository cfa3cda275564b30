"""Waiting lines: accuracy against exact sums, and time beside the other ways to compute the same.

Prints one JSON object a line: what was measured, the figure, its unit. Run it as
``python -m benchmarks.queueing``; it takes a minute or two on one core.
"""

import json
import random
import time
from collections.abc import Callable

import ciw
import mpmath as mp
import numpy as np
from scipy.optimize import brentq

from tests.methods.exact_queue import exact_c, exact_log_c
from v2g_nb.methods import queueing

REPEATS = 5


def show(what: str, value: float, unit: str, **more: object) -> None:
    print(json.dumps({"what": what, "value": float(f"{value:.4g}"), "unit": unit, **more}), flush=True)


def best(function: Callable[[], object], calls: int = 1) -> float:
    """Return the shortest of several mean times of a call, in seconds."""
    times = []
    for _ in range(REPEATS):
        begin = time.perf_counter()
        for _ in range(calls):
            function()
        times.append((time.perf_counter() - begin) / calls)
    return min(times)


def accuracy() -> None:
    """Show the worst error of log C on a grid of 3 000 pairs, over max(1, |log C|)."""
    counts = np.unique(np.concatenate([np.arange(1, 41), np.geomspace(41, 10_000, 20).round().astype(int)]))
    ratios = np.concatenate([np.linspace(0.01, 0.9, 25), 1 - np.geomspace(0.1, 1e-6, 25)])
    worst, where = 0.0, (0, 0.0)
    for count in counts:
        for ratio in ratios:
            exact = exact_log_c(int(count), ratio * count)
            ours = mp.mpf(float(queueing.log_erlang_c(int(count), ratio * count)))
            error = float(abs(ours - exact) / max(1, abs(exact)))
            if error > worst:
                worst, where = error, (int(count), float(ratio))
    pairs = len(counts) * len(ratios)
    show("worst error of log C over max(1, |log C|)", worst, "", servers=where[0], utilisation=where[1], pairs=pairs)
    for count, load in ((100, 90.0), (8, 7.5)):
        error = abs(float(queueing.erlang_c(count, load) / exact_c(count, load)) - 1)
        show(f"relative error of C({count}, {load:g})", error, "")


def formulas() -> None:
    """Show the time of one Erlang C in closed form, by recursion, and in exact arithmetic."""
    for count in (8, 100, 10_000):
        load = 0.9 * count
        show(f"closed form, c = {count}", 1e6 * best(lambda n=count, a=load: queueing.erlang_c(n, a), 500), "us")
        show(f"recursion, c = {count}", 1e6 * best(lambda n=count, a=load: recursion(n, a)), "us")
    show("mpmath, c = 10000", 1e6 * best(lambda: exact_log_c(10_000, 9_000.0)), "us")


def recursion(count: int, load: float) -> float:
    b = 1.0
    for n in range(1, count + 1):
        b = load * b / (n + load * b)
    return b / (1 - load / count * (1 - b))


def inverses() -> None:
    """Show the time of a thousand inverses at once, beside a root finder one by one."""
    rng = np.random.default_rng(1)
    counts, loads = rng.integers(1, 64, 1000), rng.uniform(0.05, 0.99, 1000)
    arrivals = counts * loads * 1.1
    numbers, waits = queueing.mean_number(counts, arrivals, 1.1), queueing.mean_wait(counts, arrivals, 1.1)
    ours = queueing.throughput(counts, 1.1, numbers)
    show("largest relative error of 1000 outflows", float(np.max(np.abs(ours / arrivals - 1))), "")
    show("1000 outflows, vectorised Newton", 1e3 * best(lambda: queueing.throughput(counts, 1.1, numbers), 5), "ms")
    show("1000 arrival rates", 1e3 * best(lambda: queueing.arrival_rate_for_wait(counts, 1.1, waits), 5), "ms")

    def one_by_one() -> list[float]:
        return [
            brentq(lambda g, c=c, x=x: float(queueing.mean_number(int(c), g, 1.1)) - x, 0.0, c * 1.1 * (1 - 1e-9))
            for c, x in zip(counts, numbers, strict=True)
        ]

    begin = time.perf_counter()
    one_by_one()
    show("1000 outflows, scipy's brentq one by one", 1e3 * (time.perf_counter() - begin), "ms")


def simulations(cars: int = 20_000) -> None:
    """Show customers per second of our simulation and of ciw, with and without drawing the numbers."""
    network = ciw.create_network(
        arrival_distributions=[ciw.dists.Exponential(6.5)],
        service_distributions=[ciw.dists.Exponential(1.1)],
        number_of_servers=[8],
    )

    def theirs() -> None:
        random.seed(1)
        ciw.Simulation(network).simulate_until_max_customers(cars, method="Finish")

    def ours() -> None:
        rng = np.random.default_rng(1)
        arrivals = np.cumsum(rng.exponential(1 / 6.5, cars))
        queueing.simulate_waits(8, arrivals, rng.exponential(1 / 1.1, cars))

    slow, fast = best(theirs), best(ours, 3)
    show("ciw, M/M/8", cars / slow, "customers/s")
    show("simulate_waits, M/M/8, drawing included", cars / fast, "customers/s")
    show("ratio", slow / fast, "")


if __name__ == "__main__":
    accuracy()
    formulas()
    inverses()
    simulations()
