"""Charging on a highway: equal waits, quotas, stable matching, prices (Yoshihara and Namerikawa).

`tomei` is the road and its stations, `draw_cars` the traffic. `solve_equal_waits` and
`smallest_range_quotas` divide the cars, `charging_market` lets cars and stations choose,
`consistent_followers` and `literal_followers` make the pricing game of them, `solve_schedule` rolls all of it
over two hours and `solve_flow` plays the plan. Times in minutes, energy in kWh.

Derived in the chapters of the part *The highway*.
"""

from v2g_nb.highway.algorithm_1 import allocate_as_printed
from v2g_nb.highway.certificates import flow_certificates, smallest_maximum
from v2g_nb.highway.equalisation import EqualWaits, solve_equal_waits
from v2g_nb.highway.flow import Flow, solve_flow
from v2g_nb.highway.instance import Cars, Highway, arrival_soc, draw_cars, tomei
from v2g_nb.highway.loop import intervals, solve_schedule
from v2g_nb.highway.preferences import Weights, car_costs, charging_market, station_costs
from v2g_nb.highway.pricing import (
    additive_followers,
    consistent_followers,
    literal_followers,
    repeated_game,
    satisfaction_parameter,
)
from v2g_nb.highway.quotas import Quotas, reachable_quotas, smallest_range_quotas, wait_table
from v2g_nb.highway.schedule import Interval, Schedule, as_entered

__all__ = [
    "Cars",
    "EqualWaits",
    "Flow",
    "Highway",
    "Interval",
    "Quotas",
    "Schedule",
    "Weights",
    "additive_followers",
    "allocate_as_printed",
    "arrival_soc",
    "as_entered",
    "car_costs",
    "charging_market",
    "consistent_followers",
    "draw_cars",
    "flow_certificates",
    "intervals",
    "literal_followers",
    "reachable_quotas",
    "repeated_game",
    "satisfaction_parameter",
    "smallest_maximum",
    "smallest_range_quotas",
    "solve_equal_waits",
    "solve_flow",
    "solve_schedule",
    "station_costs",
    "tomei",
    "wait_table",
]
