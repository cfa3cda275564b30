"""Traffic and power in one equilibrium: Sioux Falls and the IEEE 123-bus feeder (Hou, Li, Pang).

`scenario` and `small_city` are instances, `solve_city` and `solve_city_mcp` find their equilibrium in two
ways, `city_program` is the convex program behind the first. `feasible_trips` and `trip_patterns` say what a
battery allows, `player_certificates` and `outside_certificate` what anybody could still gain. Minutes,
vehicles an hour, kW, $.

Derived in the chapters of the part *The city*.
"""

from v2g_nb.city.certificates.drivers import outside_certificate
from v2g_nb.city.certificates.players import player_certificates
from v2g_nb.city.certificates.trips import trip_certificates
from v2g_nb.city.dispatch import calibrated_dispatch
from v2g_nb.city.equilibrium import solve_city
from v2g_nb.city.feeder import Feeder, ieee123, phase_equivalent
from v2g_nb.city.mcp import city_mcp, solve_city_mcp
from v2g_nb.city.model import CityModel, DriverClass, PowerMarket, Station
from v2g_nb.city.path_generation import base_routes, expanded_network, feasible_trips, trip_patterns
from v2g_nb.city.program import city_program
from v2g_nb.city.roads import RoadMap, road_segments, sioux_falls
from v2g_nb.city.scenarios import SCENARIOS, reduced_city, scenario
from v2g_nb.city.sensitivities import accounts, equilibrium_span, paper_statements
from v2g_nb.city.small import small_city
from v2g_nb.city.state import CityEquilibrium
from v2g_nb.city.stations import smooth_waiting_time, waiting_time
from v2g_nb.city.trips import Battery, Stop, Trip
from v2g_nb.city.ways import city_paths

__all__ = [
    "SCENARIOS",
    "Battery",
    "CityEquilibrium",
    "CityModel",
    "DriverClass",
    "Feeder",
    "PowerMarket",
    "RoadMap",
    "Station",
    "Stop",
    "Trip",
    "accounts",
    "base_routes",
    "calibrated_dispatch",
    "city_mcp",
    "city_paths",
    "city_program",
    "equilibrium_span",
    "expanded_network",
    "feasible_trips",
    "ieee123",
    "outside_certificate",
    "paper_statements",
    "phase_equivalent",
    "player_certificates",
    "reduced_city",
    "road_segments",
    "scenario",
    "sioux_falls",
    "small_city",
    "smooth_waiting_time",
    "solve_city",
    "solve_city_mcp",
    "trip_certificates",
    "trip_patterns",
    "waiting_time",
]
