"""Bad input for stable matching."""

import numpy as np

from tests.bad_input.kinds import Bad, Kind, also, array, call
from v2g_nb.matching import Market, check_matching, deferred_acceptance, proposals, stable_matchings

LISTS = [[0, 1], [1]]


def lists(good: list[list[int]], others: int) -> Kind:
    """Preference lists; what is wrong with them is shown by the entry, not by the whole."""
    return Kind(
        good,
        (
            Bad("type", "seven", ("'seven'",)),
            Bad("type", None, ("None",)),
            Bad("empty", [], ("[]",)),
            Bad("shape", np.array(3), ("3 (ndarray)",)),
            Bad("domain", np.array([[0, others], [0, 1]]), (f"[0, 1] = {others}.0",)),
            Bad("domain", np.array([[-1, 0], [0, 1]]), ("end of a row",)),
            Bad("type", [["a"], [0]], ("['a']",)),
            Bad("type", [[0.5], [0]], ("[0][0] = 0.5",)),
            Bad("type", [0, 1], ("0",)),
            Bad("shape", [[[0], [0, 1]], [0]], ("[0]",)),
            Bad("domain", [[0, others], [0]], (f"[0][1] = {others}.0",)),
            Bad("domain", [[-1], [0]], ("[0][0] = -1.0",)),
            Bad("domain", [[0, 0], [0]], ("twice",)),
        ),
    )


MARKET = Market(LISTS, LISTS, [1, 1])
QUOTAS = array([1, 1], low=0).also([0.5, 1])
QUOTAS = Kind(QUOTAS.good, (*QUOTAS.bad[:-1], Bad("domain", [0.5, 1], ("0.5",))))

CALLS = [
    call(Market, proposer_lists=lists(LISTS, 2), receiver_lists=lists(LISTS, 2), quotas=QUOTAS),
    call(check_matching, market=MARKET, partner=also([0, 1], [0, 2])),
    call(proposals, market=MARKET),
    call(deferred_acceptance, market=MARKET, engine="plain"),
    call(stable_matchings, market=MARKET),
]
