"""A building, an aggregator and the cars on its campus.

A `Campus` is a day, `draw_fleet` and `select_cars` make its `Fleet`. The campus makes the `FleetGame` that
the cars play and settles who pays; the game's `storage` is what `v2g_nb.games` solves.
`solve_fleet` finds its equilibrium in the units of the campus, `solve_aggregator_price` the leader's price,
`run_protocol` plays the messages. Power in kW, energy in kWh, money in EUR.

Derived in the chapters of the part *The campus*, after Shen et al.
"""

from v2g_nb.arguments import face
from v2g_nb.campus.aggregator import AggregatorPrice, AscentStep, gradient_ascent, profit_slope, solve_aggregator_price
from v2g_nb.campus.certificates import certify_fleet, regret_bounds
from v2g_nb.campus.day import Campus, Gains, Money, gains
from v2g_nb.campus.equilibrium import FleetEquilibrium, solve_fleet, solve_liebmann
from v2g_nb.campus.fleet import Fleet, FleetRules, Selection, draw_fleet, draw_real_fleet, select_cars
from v2g_nb.campus.game import CarCosts, FleetGame
from v2g_nb.campus.printed import PrintedResponse, printed_best_response
from v2g_nb.campus.protocol import FLOWS, Record, run_protocol

__all__ = [
    "FLOWS", "AggregatorPrice", "AscentStep", "Campus", "CarCosts", "Fleet", "FleetEquilibrium", "FleetGame",
    "FleetRules", "Gains", "Money", "PrintedResponse", "Record", "Selection", "certify_fleet", "draw_fleet",
    "draw_real_fleet", "gains", "gradient_ascent", "printed_best_response", "profit_slope", "regret_bounds",
    "run_protocol", "select_cars", "solve_aggregator_price", "solve_fleet", "solve_liebmann",
]  # fmt: skip

face(globals())
