"""Waiting lines: accuracy against exact sums, and time beside the other ways to compute the same.

Run it as ``python -m benchmarks.queueing``; it takes a minute or two on one core.
"""

import random

import ciw
import mpmath as mp
import numpy as np
from numba import njit
from scipy.optimize import brentq
from scipy.optimize.elementwise import find_root

from benchmarks.record import Record, best, show
from tests.queueing.exact_queue import exact_c, exact_log_c
from v2g_nb import queueing


def accuracy() -> None:
    """Show the worst error of log C on a grid of 3 000 pairs, over max(1, |log C|)."""
    counts = np.unique(np.concatenate([np.arange(1, 41), np.geomspace(41, 10_000, 20).round().astype(int)]))
    ratios = np.concatenate([np.linspace(0.01, 0.9, 25), 1 - np.geomspace(0.1, 1e-6, 25)])
    worst, where = 0.0, (0, 0.0)
    for count in counts:
        for ratio in ratios:
            exact = exact_log_c(int(count), ratio * count)
            ours = mp.mpf(float(queueing.erlang_c(int(count), ratio * count, log=True)))
            error = float(abs(ours - exact) / max(1, abs(exact)))
            if error > worst:
                worst, where = error, (int(count), float(ratio))
    pairs = len(counts) * len(ratios)
    show("worst error of log C over max(1, |log C|)", worst, "", servers=where[0], utilisation=where[1], pairs=pairs)
    for count, load in ((100, 90.0), (8, 7.5)):
        error = abs(float(queueing.erlang_c(count, load) / exact_c(count, load)) - 1)
        show(f"relative error of C({count}, {load:g})", error, "")


def formulas(record: Record) -> None:
    """Time one Erlang C in closed form, by recursion (plain and compiled), and in exact arithmetic."""
    fast = njit(recursion)
    fast(8, 7.2)  # compiles
    for count in (8, 100, 10_000):
        load = 0.9 * count
        exact = exact_c(count, load)
        case = record.case("Erlang C", f"{count:,} servers", "relative error against exact arithmetic", 1e-11)

        def add(kind, name, function, calls, case=case, exact=exact, given=(count, load)) -> None:
            seconds, value = best(lambda: function(*given), calls=calls)
            case.way(kind, name, seconds, reached=float(abs(value / exact - 1)))

        add("ours", "closed form", queueing.erlang_c, 500)
        add("general", "recursion in Python", recursion, 50)
        add("fast", "recursion, compiled", fast, 500)
        add("general", "mpmath, 40 digits", exact_c, 1)


def recursion(count: int, load: float) -> float:
    b = 1.0
    for n in range(1, count + 1):
        b = load * b / (n + load * b)
    return b / (1 - load / count * (1 - b))


def inverses(record: Record) -> None:
    """Time a thousand inverses at once, beside scipy's root finders one by one and all at once."""
    rng = np.random.default_rng(1)
    counts, loads = rng.integers(1, 64, 1000), rng.uniform(0.05, 0.99, 1000)
    arrivals = counts * loads * 1.1
    numbers, waits = queueing.mean_number(counts, arrivals, 1.1), queueing.mean_wait(counts, arrivals, 1.1)
    top = counts * 1.1 * (1 - 1e-9)

    def error(found) -> float:
        return float(np.max(np.abs(np.asarray(found) / arrivals - 1)))

    def one_by_one() -> list[float]:
        return [
            brentq(lambda g, c=c, x=x: float(queueing.mean_number(int(c), g, 1.1)) - x, 0.0, high, xtol=1e-13)
            for c, x, high in zip(counts, numbers, top, strict=True)
        ]

    def all_at_once() -> np.ndarray:
        found = find_root(
            lambda g, c, x: queueing.mean_number(c.astype(int), g, 1.1) - x,
            (np.zeros(1000), top),
            args=(counts.astype(float), numbers),
            tolerances={"xrtol": 1e-12},
        )
        return found.x

    case = record.case("outflow from the mean number", "1,000 queues", "largest relative error", 1e-8)
    seconds, found = best(lambda: queueing.throughput(counts, 1.1, numbers), calls=5)
    case.ours("Newton, all at once", seconds, reached=error(found))
    for kind, name, function in (
        ("general", "scipy's brentq, one by one", one_by_one),
        ("fast", "scipy's find_root, all at once", all_at_once),
    ):
        seconds, found = best(function)
        case.peer(kind, name, seconds, reached=error(found))
    case = record.case("arrival rate from the mean wait", "1,000 queues", "largest relative error", 1e-8)
    seconds, found = best(lambda: queueing.arrival_rate_for_wait(counts, 1.1, waits), calls=5)
    case.ours("Newton, all at once", seconds, reached=error(found))


def simulations(record: Record, cars: int = 20_000) -> None:
    """Time our simulation and ciw's, both drawing their numbers; there is nothing to certify."""
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

    case = record.case("simulation of a queue", f"8 servers, {cars:,} customers")
    case.ours("simulate_waits", best(ours, calls=3)[0])
    case.peer("general", "ciw", best(theirs, 3, patience=20)[0])


def main() -> None:
    record = Record("queueing")
    accuracy()
    formulas(record)
    inverses(record)
    simulations(record)
    record.finish()


if __name__ == "__main__":
    main()
