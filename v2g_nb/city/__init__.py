"""Traffic and power in one equilibrium.

`scenario` and `small_city` are instances, `solve_city` and `solve_city_mcp` find their equilibrium in two
ways, `city_program` is the convex program behind the first. `feasible_trips` says what a battery allows,
`player_certificates` and `outside_certificate` what anybody could still gain. Minutes, vehicles an hour, kW, $.

Derived in the chapters of the part *The city*, after Hou, Li and Pang: Sioux Falls with the
IEEE 123-bus feeder.
"""

from v2g_nb.arguments import face
from v2g_nb.city.certificates.drivers import outside_certificate
from v2g_nb.city.certificates.players import player_certificates
from v2g_nb.city.certificates.trips import trip_certificates
from v2g_nb.city.equilibrium import solve_city, solve_city_mcp
from v2g_nb.city.feeder import Feeder, ieee123, phase_equivalent
from v2g_nb.city.model import CityModel, DriverClass, PowerMarket, Station
from v2g_nb.city.path_generation import feasible_trips
from v2g_nb.city.program import city_program
from v2g_nb.city.result import CityResult
from v2g_nb.city.roads import RoadMap, sioux_falls
from v2g_nb.city.scenarios import SCENARIOS, reduced_city, scenario, small_city
from v2g_nb.city.sensitivities import equilibrium_span, paper_statements
from v2g_nb.city.stations import waiting_time
from v2g_nb.city.trips import Battery, Stop, Trip

__all__ = [
    "SCENARIOS",
    "Battery",
    "CityModel",
    "CityResult",
    "DriverClass",
    "Feeder",
    "PowerMarket",
    "RoadMap",
    "Station",
    "Stop",
    "Trip",
    "city_program",
    "equilibrium_span",
    "feasible_trips",
    "ieee123",
    "outside_certificate",
    "paper_statements",
    "phase_equivalent",
    "player_certificates",
    "reduced_city",
    "scenario",
    "sioux_falls",
    "small_city",
    "solve_city",
    "solve_city_mcp",
    "trip_certificates",
    "waiting_time",
]

face(globals())
