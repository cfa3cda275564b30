"""M/M/c waiting lines: Poisson arrivals, exponential service, c servers, unlimited patience.

`erlang_c` is the probability of waiting, `mean_wait` and `mean_number` follow from it, `solve_queue` gives
all of one stationary line with certificates, `arrival_rate_for_wait` and `throughput` ask the other way
round, `transient` follows a line over time, `simulate_waits` plays it customer by customer. Rates and times
are in any unit of time, the same for all.

Derived in the chapters *Waiting lines* and *One more car*; used on the highway.
"""

from v2g_nb.queueing.dynamics import TransientResult, transient
from v2g_nb.queueing.erlang import erlang_c, log_erlang_c
from v2g_nb.queueing.inverse import arrival_rate_for_wait, throughput, throughput_approximation
from v2g_nb.queueing.means import mean_number, mean_wait, mean_wait_derivative
from v2g_nb.queueing.simulation import simulate_waits
from v2g_nb.queueing.stationary import QueueResult, solve_queue

__all__ = [
    "QueueResult",
    "TransientResult",
    "arrival_rate_for_wait",
    "erlang_c",
    "log_erlang_c",
    "mean_number",
    "mean_wait",
    "mean_wait_derivative",
    "simulate_waits",
    "solve_queue",
    "throughput",
    "throughput_approximation",
    "transient",
]
