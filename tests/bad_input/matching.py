"""Bad input for stable matching."""

from tests.bad_input.kinds import Bad, Kind, array, call, choice, instance
from v2g_nb.matching import Market, deferred_acceptance, proposals, stable_matchings
from v2g_nb.matching.stable import market_from_costs

LISTS = [[0, 1], [1]]


def lists(good: list[list[int]], others: int) -> Kind:
    """Preference lists; what is wrong with them is shown by the entry, not by the whole."""
    return Kind(
        good,
        (
            Bad("type", "seven", ("'seven'",)),
            Bad("type", None, ("None",)),
            Bad("empty", [], ("[]",)),
            Bad("type", [["a"], [0]], ("['a']",)),
            Bad("type", [[0.5], [0]], ("[0.5]",)),
            Bad("type", [0, 1], ("0",)),
            Bad("domain", [[0, others], [0]], (f"names receiver {others}", f"names proposer {others}")),
            Bad("domain", [[-1], [0]], ("[-1]",)),
            Bad("domain", [[0, 0], [0]], ("twice",)),
        ),
    )


MARKET = Market(LISTS, LISTS, [1, 1])
QUOTAS = array([1, 1], low=0).also([0.5, 1])
QUOTAS = Kind(QUOTAS.good, (*QUOTAS.bad[:-1], Bad("domain", [0.5, 1], ("0.5",))))

CALLS = [
    call(Market, proposer_lists=lists(LISTS, 2), receiver_lists=lists(LISTS, 2), quotas=QUOTAS),
    call(
        market_from_costs,
        proposer_costs=array([[1.0, 2.0], [2.0, 1.0]]),
        receiver_costs=array([[1.0, 2.0], [2.0, 1.0]]),
        quotas=QUOTAS,
        proposer_outside=array([5.0, 5.0]),
        receiver_outside=array([5.0, 5.0]),
    ),
    call(proposals, market=instance(MARKET)),
    call(deferred_acceptance, market=instance(MARKET), engine=choice("plain")),
    call(stable_matchings, market=instance(MARKET)),
]
