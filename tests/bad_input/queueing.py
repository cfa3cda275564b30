"""Bad input for waiting lines."""

import numpy as np

from tests.bad_input.kinds import Kind, array, call, integer, other, real
from v2g_nb import queueing
from v2g_nb.queueing import (
    certificates,
    erlang,
)
from v2g_nb.queueing import (
    dynamics as queue_transient,
)
from v2g_nb.queueing import (
    inverse as queue_inverse,
)
from v2g_nb.queueing import (
    means as queue_means,
)
from v2g_nb.queueing import (
    simulation as queue_simulation,
)

ANY = {"shape": False}
SERVERS = array([2, 4], low=1, high=erlang.MAX_SERVERS, **ANY).also([2.5, 4.0])
LOAD = array([0.5, 3.0], low=0, **ANY)
STABLE_LOAD = LOAD.also([2.0, 3.0], [0.5, 5.0], [0.5, 0.5, 0.5])
MU = array([1.0, 1.1], low=0, open_low=True, **ANY)
ARRIVALS = array([0.5, 3.0], low=0, **ANY).also([2.0, 3.0])
POSITIVE = real(1.1, low=0, open_low=True)
CLAIMED = other(0.5, "seven", None, [0.5])  # NaN may be claimed: its certificate fails
STEPS = array([0.0, 1.0], low=0).also([2.0, 1.0])


def claim(good: object) -> object:
    return other(good, "seven", [None] * 2, [0.5], np.full((2, 2, 2), 0.1))


CALLS = [
    call(erlang.erlang_b, servers=SERVERS, offered_load=LOAD),
    call(erlang.erlang_b_recursion, servers=integer(3, low=0, high=erlang.MAX_SERVERS), offered_load=LOAD),
    *(
        call(function, servers=SERVERS, offered_load=STABLE_LOAD)
        for function in (erlang.erlang_c, erlang.log_erlang_c, erlang.erlang_c_derivative)
    ),
    *(
        call(function, servers=SERVERS, arrival_rate=ARRIVALS, service_rate=MU)
        for function in (
            queue_means.mean_wait,
            queue_means.mean_wait_derivative,
            queue_means.mean_number,
            queue_means.mean_number_derivative,
        )
    ),
    call(queue_inverse.arrival_rate_for_wait, servers=SERVERS, service_rate=MU, wait=array([0.0, 2.0], low=0, **ANY)),
    *(
        call(function, servers=SERVERS, service_rate=MU, number=array([0.0, 2.0], low=0, **ANY))
        for function in (queue_inverse.throughput, queue_inverse.throughput_approximation)
    ),
    call(
        queueing.solve_queue,
        servers=integer(2, low=1, high=erlang.MAX_SERVERS),
        arrival_rate=real(1.0, low=0, open_low=True).also(2.2),
        service_rate=POSITIVE,
    ),
    call(
        queueing.QueueResult.probability,
        self=Kind(queueing.solve_queue(2, 1.0, 1.0), ()),
        count=array([0, 3], low=0, **ANY),
    ),
    call(
        queueing.QueueResult.waiting_longer,
        self=Kind(queueing.solve_queue(2, 1.0, 1.0), ()),
        time=array([0.0, 3.0], low=0, **ANY),
    ),
    call(
        queue_transient.transient,
        servers=integer(2, low=1),
        arrival_rate=POSITIVE,
        service_rate=POSITIVE,
        times=STEPS.also([0.0, 1e6]),
        initial=array([0.5, 0.5], low=0, high=1).also([0.5, 0.4]),
        error=real(1e-10, low=1e-14, high=0.1),
    ),
    call(
        queue_transient.TransientResult.waiting_longer,
        self=Kind(queue_transient.transient(2, 1.0, 1.0, [1.0]), ()),
        time=array([0.0, 3.0], low=0),
    ),
    call(
        queue_simulation.simulate_waits,
        servers=integer(2, low=1),
        arrival_times=STEPS,
        service_times=array([1.0, 2.0], low=0),
    ),
    call(
        certificates.erlang_c_by_quadrature,
        servers=integer(2, low=1),
        offered_load=real(1.5, low=0, open_low=True).also(2.0),
    ),
    call(
        certificates.stationary_certificates,
        servers=integer(1, low=1),
        arrival_rate=real(1.0, low=0, open_low=True).also(2.0),
        service_rate=real(2.0, low=0, open_low=True),
        probabilities=claim([0.5, 0.25]),
        probability_of_waiting=CLAIMED,
        mean_wait=CLAIMED,
        mean_queue=CLAIMED,
        mean_number=CLAIMED,
    ),
    call(
        certificates.transient_certificates,
        servers=integer(2, low=1),
        arrival_rate=POSITIVE,
        service_rate=POSITIVE,
        times=array([0.0, 1.0], low=0),
        initial=array([0.5, 0.5], low=0, high=1),
        probabilities=claim([[0.5, 0.5], [0.5, 0.5]]),
        error=real(1e-10, low=0),
    ),
]
