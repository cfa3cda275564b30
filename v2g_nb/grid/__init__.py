"""An operator, two stations and their vehicles on a nine-bus network (tri-level game).

`paper_market` and its variants say who buys where at which prices; `price_grid`, `take_turns`, `cooperate`
and `mixed_prices` are the stations' game; `nine_bus` and `station_flow` the network; `solve_operator` the
smallest instrument that keeps its limits. Money is in the paper's unit, power in MW.

Derived in the chapters of the part *The grid*.
"""

from v2g_nb.grid.buses import ASSUMPTIONS, Assumption, nine_bus, station_flow, with_stations
from v2g_nb.grid.charging import blind_price, choose, consumption, profits, station_loads, surplus
from v2g_nb.grid.market import ChargingMarket, fleet_market, paper_market, repaired_market
from v2g_nb.grid.operator import OperatorSolution, feasible_intervals, solve_operator
from v2g_nb.grid.price_game import PriceGrid, edgeworth_cycle, price_grid
from v2g_nb.grid.random_prices import MixedPrices, mixed_prices
from v2g_nb.grid.response import OperatorProblem, Outcome, outcome, switching_points
from v2g_nb.grid.sequential import SequentialPlay, cooperate, take_turns

__all__ = [
    "ASSUMPTIONS",
    "Assumption",
    "ChargingMarket",
    "MixedPrices",
    "OperatorProblem",
    "OperatorSolution",
    "Outcome",
    "PriceGrid",
    "SequentialPlay",
    "blind_price",
    "choose",
    "consumption",
    "cooperate",
    "edgeworth_cycle",
    "feasible_intervals",
    "fleet_market",
    "mixed_prices",
    "nine_bus",
    "outcome",
    "paper_market",
    "price_grid",
    "profits",
    "repaired_market",
    "solve_operator",
    "station_flow",
    "station_loads",
    "surplus",
    "switching_points",
    "take_turns",
    "with_stations",
]
