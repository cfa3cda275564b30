"""An operator, two stations and cars on nine buses.

`choices` says what the vehicles of a `ChargingMarket` buy and where; `PriceGrid`, `take_turns`, `cooperate` and
`mixed_prices` are the stations' game; `station_flow` is the network; `respond` follows an `OperatorProblem` from
an instrument down, and `solve_operator` finds the smallest that keeps its limits. Money is in the paper's unit,
power in MW.

Derived in the chapters of the part *The grid*: a tri-level game.
"""

from v2g_nb.arguments import face
from v2g_nb.grid.buses import ASSUMPTIONS, Assumption, nine_bus, station_flow
from v2g_nb.grid.market import ChargingMarket, VehicleChoices, blind_price, choices, fleet_market, paper_market
from v2g_nb.grid.operator import (
    GridResponse,
    OperatorProblem,
    OperatorResult,
    feasible_intervals,
    respond,
    solve_operator,
)
from v2g_nb.grid.prices import MixedPricesResult, PriceGrid, SequentialPricesResult, cooperate, mixed_prices, take_turns

__all__ = [
    "ASSUMPTIONS",
    "Assumption",
    "ChargingMarket",
    "GridResponse",
    "MixedPricesResult",
    "OperatorProblem",
    "OperatorResult",
    "PriceGrid",
    "SequentialPricesResult",
    "VehicleChoices",
    "blind_price",
    "choices",
    "cooperate",
    "feasible_intervals",
    "fleet_market",
    "mixed_prices",
    "nine_bus",
    "paper_market",
    "respond",
    "solve_operator",
    "station_flow",
    "take_turns",
]

face(globals())
