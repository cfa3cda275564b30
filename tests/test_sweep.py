"""A sweep's results do not depend on where or in which order its cases run."""

from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor

import numpy as np
import pytest

from v2g_nb.sweep import sweep


def draw(case: float, rng: np.random.Generator) -> float:
    return case + float(rng.normal())


def stop(case: float, rng: np.random.Generator) -> float:
    raise KeyboardInterrupt


def test_any_executor_gives_the_same():
    alone = sweep(draw, range(5), seed=3)
    for executor in (ThreadPoolExecutor(3), ProcessPoolExecutor(2)):
        with executor:
            assert sweep(draw, range(5), seed=3, executor=executor) == alone


class Again(ThreadPoolExecutor):
    """An executor that loses each first answer and sends the call again, as a cluster does with a lost worker."""

    def submit(self, call, /, *words):
        super().submit(call, *words).result()
        return super().submit(call, *words)


def test_a_call_that_is_sent_again_draws_the_same():
    with Again(2) as executor:
        assert sweep(draw, range(5), seed=3, executor=executor) == sweep(draw, range(5), seed=3)


def test_each_case_has_a_stream_of_its_own():
    assert len(set(sweep(draw, [0.0] * 20, seed=3))) == 20
    assert sweep(draw, [0.0], seed=3) != sweep(draw, [0.0], seed=4)
    # adding a case leaves the others as they were
    assert sweep(draw, [0.0] * 3, seed=3) == sweep(draw, [0.0] * 4, seed=3)[:3]


def test_progress_shows_on_standard_error_only(capsys: pytest.CaptureFixture[str]):
    sweep(draw, range(3), seed=1, progress=True)
    shown = capsys.readouterr()
    assert shown.out == ""
    assert "3/3" in shown.err


def test_an_interruption_comes_through():
    with ThreadPoolExecutor(1) as executor, pytest.raises(KeyboardInterrupt):
        sweep(stop, range(3), seed=1, executor=executor)
