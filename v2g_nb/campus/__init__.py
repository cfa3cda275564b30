"""A building, an aggregator and the cars on its campus (Shen et al.).

`calibrated_campus` and `real_campus` are days, `draw_fleet` and `select_cars` the cars. `FleetGame` is what
the cars play: `solve_fleet` finds its equilibrium, `liebmann` runs Algorithm 1, `regret_bounds` says what a
car could still save. `solve_aggregator_price` finds the leader's price, `settle` the money, `run_protocol`
the messages. Power in kW, energy in kWh, money in EUR.

Derived in the chapters of the part *The campus*.
"""

from v2g_nb.campus.aggregator import LeaderSolution, campus_game, gradient_ascent, profit_slope, solve_leader
from v2g_nb.campus.building import Campus, calibrated_campus, draw_real_fleet, real_campus
from v2g_nb.campus.certificates import certify_fleet, regret_bounds
from v2g_nb.campus.equilibrium import FleetEquilibrium, car_best_response, liebmann, solve_fleet, solve_liebmann
from v2g_nb.campus.exact import printed_best_response
from v2g_nb.campus.fleet import Fleet
from v2g_nb.campus.game import FleetGame, car_costs, dynamic_price, fleet_potential
from v2g_nb.campus.money import BASELINES, Money, gains, settle, settle_before
from v2g_nb.campus.protocol import FLOWS, infer_car, run_protocol
from v2g_nb.campus.selection import FleetRules, draw_fleet, regulation_window, select_cars

__all__ = [
    "BASELINES",
    "FLOWS",
    "Campus",
    "Fleet",
    "FleetEquilibrium",
    "FleetGame",
    "FleetRules",
    "LeaderSolution",
    "Money",
    "calibrated_campus",
    "campus_game",
    "car_best_response",
    "car_costs",
    "certify_fleet",
    "draw_fleet",
    "draw_real_fleet",
    "dynamic_price",
    "fleet_potential",
    "gains",
    "gradient_ascent",
    "infer_car",
    "liebmann",
    "printed_best_response",
    "profit_slope",
    "real_campus",
    "regret_bounds",
    "regulation_window",
    "run_protocol",
    "select_cars",
    "settle",
    "settle_before",
    "solve_fleet",
    "solve_leader",
    "solve_liebmann",
]
