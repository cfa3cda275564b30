"""Bad input for waiting lines."""

from tests.bad_input.kinds import Kind, also, call
from v2g_nb import queueing

INVERSE = {"servers": [2, 4], "service_rate": also([1.0, 1.1], [1.0, 1e308])}  # with servers not finite
LINE = INVERSE | {"arrival_rate": also([0.5, 3.0], [2.0, 3.0])}
ONE = {"servers": 2, "arrival_rate": also(1.0, 2.2), "service_rate": also(1.1, 1e308)}
QUEUE, OPENING = queueing.solve_queue(2, 1.0, 1.0), queueing.transient(2, 1.0, 1.0, [1.0])
STEPS = also([0.0, 1.0], [2.0, 1.0])

CALLS = [
    call(
        queueing.erlang_c,
        servers=[2, 4],
        offered_load=also([0.5, 3.0], [2.0, 3.0], [0.5, 5.0], [0.5, 0.5, 0.5]),
        log=False,
    ),
    *(call(f, **LINE) for f in (queueing.mean_wait, queueing.mean_wait_derivative, queueing.mean_number)),
    call(queueing.arrival_rate_for_wait, **INVERSE, wait=[0.0, 2.0]),
    *(call(f, **INVERSE, number=[0.0, 2.0]) for f in (queueing.throughput, queueing.throughput_approximation)),
    call(queueing.solve_queue, **ONE),
    call(queueing.QueueResult.probability, self=Kind(QUEUE, ()), count=[0, 3]),
    call(queueing.QueueResult.waiting_longer, self=Kind(QUEUE, ()), time=[0.0, 3.0]),
    call(
        queueing.transient,
        **ONE | {"arrival_rate": 1.0},
        times=also([0.0, 1.0], [2.0, 1.0], [0.0, 1e6]),
        initial=also([0.5, 0.5], [0.5, 0.4]),
        error=1e-10,
    ),
    call(queueing.TransientResult.waiting_longer, self=Kind(OPENING, ()), time=[0.0, 3.0]),
    call(queueing.simulate_waits, servers=2, arrival_times=STEPS, service_times=[1.0, 2.0]),
]
