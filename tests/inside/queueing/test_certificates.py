"""The certificates fail when anything is touched, and the integral behind one of them is right."""

import math
from dataclasses import replace
from fractions import Fraction

import pytest

from tests.queueing.exact_queue import exact_c
from tests.queueing.test_queue_transient import OPENING, TIMES
from tests.queueing.test_queueing import CASES, STATION
from v2g_nb.errors import NotAnEquilibrium, NotConverged
from v2g_nb.queueing import QueueResult, TransientResult, arrival_rate_for_wait, mmc, solve_queue, throughput
from v2g_nb.queueing.certificates import (
    TOLERANCE,
    erlang_c_by_quadrature,
    stationary_certificates,
    transient_certificates,
)

BLOCKS = ("probabilities", "probability_of_waiting", "mean_wait", "mean_queue", "mean_number")


def judged(result: QueueResult | TransientResult, **changed) -> None:
    """Require the certificates of what is left of a result after a change."""
    spoilt = replace(result, **changed)
    judge = stationary_certificates if isinstance(result, QueueResult) else transient_certificates
    replace(spoilt, certificates=judge(spoilt)).require()


@pytest.mark.parametrize("block", BLOCKS)
@pytest.mark.parametrize("factor", [1 + 100 * TOLERANCE, 1 - 100 * TOLERANCE, math.nan])
@pytest.mark.parametrize(("count", "load"), [*CASES[:-1], (5, 5 * (1 - 1e-12)), (5, 5 * (1 - 1e-7))])
def test_certificates_notice_a_changed_block(block: str, factor: float, count: int, load: float):
    solved = solve_queue(count, 1.1 * load, 1.1)
    with pytest.raises(NotAnEquilibrium):
        judged(solved, **{block: getattr(solved, block) * factor})


@pytest.mark.parametrize("state", range(9))
@pytest.mark.parametrize("factor", [1 + 100 * TOLERANCE, math.nan])
def test_certificates_notice_a_single_state(state: int, factor: float):
    p = STATION.probabilities.copy()
    p[state] *= factor
    with pytest.raises(NotAnEquilibrium):
        judged(STATION, probabilities=p)


@pytest.mark.parametrize(("count", "load"), CASES)
def test_quadrature_is_right(count: int, load: float):
    exact = float(exact_c(count, load))
    assert erlang_c_by_quadrature(count, load) == pytest.approx(exact, rel=1e-10, abs=1e-290)


def test_certificates_notice_probabilities_scaled_by_a_probability_that_underflowed():
    solved = solve_queue(177, 1.0, 1.0)
    assert solved.probabilities[0] == pytest.approx(math.exp(-1.0), rel=1e-14)
    with pytest.raises(NotAnEquilibrium, match="sum to one"):
        judged(solved, probabilities=solved.probabilities * (0.3461310333646922 / math.exp(-1.0)))


def test_certificates_notice_a_wait_from_a_rounded_capacity():
    count, mu = 7, 4.7
    arrivals = count * mu * (1 - 1e-12)
    solved = solve_queue(count, arrivals, mu)
    factor = float((count * Fraction(mu) - Fraction(arrivals)) / Fraction(count * mu - arrivals))
    assert abs(factor - 1) > 1e-6
    claims = {block: getattr(solved, block) * factor for block in ("mean_wait", "mean_queue")}
    claims["mean_number"] = claims["mean_queue"] + arrivals / mu
    claims["probabilities"] = solved.probabilities / factor
    with pytest.raises(NotAnEquilibrium):
        judged(solved, **claims)


@pytest.mark.parametrize("row", range(len(TIMES)))
@pytest.mark.parametrize("state", [0, 7, 8, 20])
@pytest.mark.parametrize("spoil", [1e-6, -1e-6, math.nan])
def test_certificates_notice_a_change(row: int, state: int, spoil: float):
    p = OPENING.probabilities.copy()
    p[row, state] += spoil
    p[row, 3] -= 0.0 if math.isnan(spoil) else spoil  # so that the sum alone does not tell
    with pytest.raises(NotAnEquilibrium):
        judged(OPENING, probabilities=p)


def test_certificates_notice_a_lost_share():
    with pytest.raises(NotAnEquilibrium):
        judged(OPENING, probabilities=OPENING.probabilities * (1 - 1e-6))


def test_an_iteration_that_does_not_end_names_the_argument(monkeypatch):
    monkeypatch.setattr(mmc, "MAX_STEPS", 1)
    with pytest.raises(NotConverged, match=r"^wait = 0\.5: "):
        arrival_rate_for_wait(8, 1.0, [0.5, 2.0])
    with pytest.raises(NotConverged, match=r"^number = 6\.0: "):
        throughput(8, 1.0, [6.0, 7.0])
