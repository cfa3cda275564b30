"""Four mechanisms for one town, and the reader's own data.

`draw_town` draws a fleet and its feeder; `solve_posted_prices`, `solve_aggregator`, `solve_incentives` and
`solve_market` are the four papers' ideas on it. A `TownOutcome` says what each leaves to whom, `play` what
each must tell whom. `tariff_gains` reads sessions of one's own beside a tariff, `read_feeder` lines and loads.

Derived in the chapters *Four mechanisms* and *How to reuse this*.
"""

from v2g_nb.arguments import face
from v2g_nb.synthesis.incentive import incentive_market, solve_incentives
from v2g_nb.synthesis.letters import Play, play
from v2g_nb.synthesis.own_data import OwnFeeder, Tariff, read_feeder, read_tariff, tariff_gains
from v2g_nb.synthesis.posted_prices import solve_posted_prices
from v2g_nb.synthesis.programs import potential_bound, solve_aggregator, solve_market
from v2g_nb.synthesis.town import Town, TownOutcome, draw_town

__all__ = [
    "OwnFeeder",
    "Play",
    "Tariff",
    "Town",
    "TownOutcome",
    "draw_town",
    "incentive_market",
    "play",
    "potential_bound",
    "read_feeder",
    "read_tariff",
    "solve_aggregator",
    "solve_incentives",
    "solve_market",
    "solve_posted_prices",
    "tariff_gains",
]
face(globals())
