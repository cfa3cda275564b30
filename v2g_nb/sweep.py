"""Many cases on any executor, each with its own random stream."""

from collections.abc import Callable, Sequence
from concurrent.futures import Executor
from typing import Annotated, Any, TypeVar

import numpy as np
from tqdm.auto import tqdm

from v2g_nb.arguments import checks_arguments
from v2g_nb.checks import Whole

__all__ = ["sweep"]

R = TypeVar("R")


@checks_arguments
def sweep(
    function: Callable[[Any, np.random.Generator], R],
    cases: Sequence[Any],
    *,
    seed: Annotated[int, Whole(low=0)],
    executor: Executor | None = None,
    progress: bool = False,
) -> list[R]:
    """Call ``function(case, rng)`` for every case and return the results in the cases' order.

    Each case draws from its own stream, spawned from `seed` by its position, so results do not
    depend on the executor, the number of workers or the order in which they finish.

    Parameters
    ----------
    function : callable
        Takes a case and a :class:`numpy.random.Generator`. A process pool must be able to pickle it.
    cases : sequence
        At least one case.
    seed : int
        Seed of all streams; at least 0.
    executor : concurrent.futures.Executor, optional
        Where the calls run; one after the other in this process by default.
    progress : bool
        Whether to show a progress bar (on standard error).

    Returns
    -------
    list

    Raises
    ------
    InvalidInput
        If an argument is not of that kind, or there is no case.

    Examples
    --------
    >>> sweep(lambda case, rng: case * 2, [1, 2, 3], seed=0)
    [2, 4, 6]
    """
    seeds = np.random.SeedSequence(seed).spawn(len(cases))
    if executor is None:
        return [_one(function, c, s) for c, s in tqdm(list(zip(cases, seeds, strict=True)), disable=not progress)]
    # Submitted one by one, so that an interruption cancels what has not begun.
    futures = [executor.submit(_one, function, c, s) for c, s in zip(cases, seeds, strict=True)]
    try:
        return [f.result() for f in tqdm(futures, disable=not progress)]
    except BaseException:
        for future in futures:
            future.cancel()
        raise


def _one(function: Callable[[Any, np.random.Generator], R], case: Any, seed: np.random.SeedSequence) -> R:
    """Call with a generator made where the call runs: one that is sent again after a failure draws the same."""
    return function(case, np.random.default_rng(seed))
