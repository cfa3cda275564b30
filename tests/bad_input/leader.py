"""Bad input for the leader's pricing."""

import math

from tests.bad_input.kinds import Bad, Kind, array, call, instance, real
from v2g_nb.leader import Followers, capped_nash, demand, price_taking, profit, solve_leader

CROWD = Followers([10.0, 8.0], [1.0, 2.0], [0.0, 0.0], [9.0, 7.0])


def cap(good: float) -> Kind:
    kind = real(good, low=0.0, infinite=True)
    return Kind(kind.good, (*kind.bad, Bad("infinity", -math.inf, ("-inf",))))


CALLS = [
    call(
        Followers,
        intercept=array([10.0, 8.0]),
        slope=array([1.0, 2.0], low=0.0, open_low=True),
        low=Kind([1.0, 0.0], (*array([1.0, 0.0], low=0.0).bad, Bad("domain", [12.0, 0.0], ("12.0",)))),
        high=array([9.0, 7.0], low=0.0),
    ),
    call(demand, followers=instance(CROWD), price=array([1.0], shape=False)),
    call(profit, followers=instance(CROWD), cost=real(0.03, low=0.0), price=array([1.0], shape=False)),
    call(
        solve_leader,
        followers=instance(CROWD),
        cost=real(0.03, low=0.0),
        price_floor=real(1.0, low=0.0),
        price_cap=Kind(6.0, (*cap(6.0).bad, Bad("domain", 0.5, ("0.5",)))),
    ),
    call(price_taking, followers=instance(CROWD), cost=real(0.03, low=0.0)),
    call(capped_nash, followers=instance(CROWD), cost=real(0.03, low=0.0), price_cap=cap(6.0)),
]
