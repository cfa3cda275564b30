"""Waits, matching and prices on a highway.

`tomei` is the road and its stations, `draw_cars` the traffic. `solve_equal_waits` and
`smallest_range_quotas` divide the cars, `Weights` says what cars and stations think of each other and
`charging_market` lets them choose, `consistent_followers` and `literal_followers` make the pricing game of
them, `solve_schedule` rolls all of it over two hours and `solve_flow` plays the plan. Times in minutes,
energy in kWh.

Derived in the chapters of the part *The highway*, after Yoshihara and Namerikawa.
"""

from v2g_nb.arguments import face
from v2g_nb.highway.flow import check_flow, solve_flow
from v2g_nb.highway.instance import Cars, Flow, Highway, draw_cars, tomei
from v2g_nb.highway.preferences import Weights, allocate_as_printed, charging_market
from v2g_nb.highway.pricing import consistent_followers, literal_followers, repeated_game, satisfaction_parameter
from v2g_nb.highway.quotas import (
    EqualWaits,
    Quotas,
    check_quotas,
    reachable_quotas,
    smallest_range_quotas,
    solve_equal_waits,
    wait_table,
)
from v2g_nb.highway.schedule import Interval, Schedule, intervals, solve_schedule

__all__ = [
    "Cars",
    "EqualWaits",
    "Flow",
    "Highway",
    "Interval",
    "Quotas",
    "Schedule",
    "Weights",
    "allocate_as_printed",
    "charging_market",
    "check_flow",
    "check_quotas",
    "consistent_followers",
    "draw_cars",
    "intervals",
    "literal_followers",
    "reachable_quotas",
    "repeated_game",
    "satisfaction_parameter",
    "smallest_range_quotas",
    "solve_equal_waits",
    "solve_flow",
    "solve_schedule",
    "tomei",
    "wait_table",
]
face(globals())
