"""M/M/c in exact arithmetic: Erlang C as the sum over the servers, with thirty digits."""

import mpmath as mp

DIGITS = 30


def exact_log_c(servers: int, offered_load: float) -> mp.mpf:
    """Return log C from 1/B = sum over n of c!/(c-n)! a^-n, which is (18) turned round."""
    with mp.workdps(DIGITS + 10):
        load = mp.mpf(offered_load)
        term, total, n = mp.mpf(1), mp.mpf(1), servers
        while n and term > total * mp.mpf(10) ** (-DIGITS):
            term *= n / load
            total += term
            n -= 1
        return -mp.log(load / servers + (1 - load / servers) * total)


def exact_c(servers: int, offered_load: float) -> mp.mpf:
    with mp.workdps(DIGITS + 10):
        return mp.exp(exact_log_c(servers, offered_load))


def exact_wait(servers: int, arrival_rate: float, service_rate: float) -> mp.mpf:
    with mp.workdps(DIGITS + 10):
        load = mp.mpf(arrival_rate) / mp.mpf(service_rate)
        return exact_c(servers, load) / (servers * mp.mpf(service_rate) - mp.mpf(arrival_rate))


def exact_number(servers: int, arrival_rate: float, service_rate: float) -> mp.mpf:
    with mp.workdps(DIGITS + 10):
        load = mp.mpf(arrival_rate) / mp.mpf(service_rate)
        return load + exact_c(servers, load) * load / (servers - load)
