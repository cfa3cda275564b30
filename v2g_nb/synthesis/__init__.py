"""Four mechanisms for one town, and the reader's own data.

`draw_town` draws a fleet and its feeder; `solve_posted_prices`, `solve_aggregator`, `solve_incentives` and
`solve_market` are the four papers' ideas on it; `welfare`, `car_surplus` and `loss_by_car` compare them,
`play` says what each must know. `who_gains` reads sessions and a tariff of one's own, `read_feeder` lines
and loads.

Derived in the chapters *Four mechanisms* and *How to reuse this*.
"""

from v2g_nb.synthesis.aggregator import potential_bound, solve_aggregator
from v2g_nb.synthesis.certificates import dual_bound, loss_by_car
from v2g_nb.synthesis.incentive import charging_market, solve_incentives
from v2g_nb.synthesis.information import play
from v2g_nb.synthesis.market import solve_market
from v2g_nb.synthesis.outcome import Outcome, car_surplus, welfare
from v2g_nb.synthesis.own_feeder import read_feeder
from v2g_nb.synthesis.posted_prices import solve_posted_prices
from v2g_nb.synthesis.tariffs import main, read_tariff, who_gains
from v2g_nb.synthesis.town import Town, draw_town

__all__ = [
    "Outcome",
    "Town",
    "car_surplus",
    "charging_market",
    "draw_town",
    "dual_bound",
    "loss_by_car",
    "main",
    "play",
    "potential_bound",
    "read_feeder",
    "read_tariff",
    "solve_aggregator",
    "solve_incentives",
    "solve_market",
    "solve_posted_prices",
    "welfare",
    "who_gains",
]
