"""A leader who posts a price, and followers who answer.

`Followers` holds their linear demands; `demand` and `profit` say what a price brings, `solve_leader` finds the best
one, `price_taking` the price at which supply meets demand, `capped_nash` what happens where both move at
once under a cap.

Derived in the chapter *The price of a kWh*; used on the highway and in the synthesis.
"""

from v2g_nb.arguments import face
from v2g_nb.leader.followers import Followers, LeaderResult, demand, profit
from v2g_nb.leader.stackelberg import capped_nash, price_taking, solve_leader

__all__ = ["Followers", "LeaderResult", "capped_nash", "demand", "price_taking", "profit", "solve_leader"]
face(globals())
