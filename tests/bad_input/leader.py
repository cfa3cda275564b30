"""Bad input for the leader's pricing."""

import math

from tests.bad_input.kinds import also, call
from v2g_nb.leader import Followers, capped_nash, demand, price_taking, profit, solve_leader

CROWD = Followers([10.0, 8.0], [1.0, 2.0], [0.0, 0.0], [9.0, 7.0])

CALLS = [
    call(Followers, intercept=[10.0, 8.0], slope=[1.0, 2.0], low=also([1.0, 0.0], [12.0, 0.0]), high=[9.0, 7.0]),
    call(demand, followers=CROWD, price=[1.0]),
    call(profit, followers=CROWD, cost=0.03, price=[1.0]),
    call(solve_leader, followers=CROWD, cost=0.03, price_floor=1.0, price_cap=also(6.0, 0.5, -math.inf)),
    call(price_taking, followers=CROWD, cost=0.03),
    call(capped_nash, followers=CROWD, cost=0.03, price_cap=also(6.0, -math.inf)),
]
