"""M/M/c waiting lines: waits, numbers, probabilities.

Arrivals are Poisson, service is exponential, c servers, unlimited patience.
`erlang_c` is the probability of waiting, `mean_wait` and `mean_number` follow from it, `solve_queue` gives
all of one stationary line with certificates, `arrival_rate_for_wait` and `throughput` ask the other way
round, `transient` follows a line over time, `simulate_waits` plays it customer by customer. Rates and times
are in any unit of time, the same for all.

Derived in the chapters *Waiting lines* and *One more car*; used on the highway.
"""

from v2g_nb.arguments import face
from v2g_nb.queueing.mmc import (
    arrival_rate_for_wait,
    erlang_c,
    mean_number,
    mean_wait,
    mean_wait_derivative,
    simulate_waits,
    solve_queue,
    throughput,
    throughput_approximation,
    transient,
)
from v2g_nb.queueing.results import QueueResult, TransientResult

__all__ = [
    "QueueResult",
    "TransientResult",
    "arrival_rate_for_wait",
    "erlang_c",
    "mean_number",
    "mean_wait",
    "mean_wait_derivative",
    "simulate_waits",
    "solve_queue",
    "throughput",
    "throughput_approximation",
    "transient",
]
face(globals())
