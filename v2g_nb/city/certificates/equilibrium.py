"""Is this an equilibrium of the coupled city? The conditions (18), the drivers, and every player."""

from v2g_nb.certificate import Certificate
from v2g_nb.city.certificates.drivers import driver_certificates, worst
from v2g_nb.city.certificates.players import player_certificates
from v2g_nb.city.program import city_program
from v2g_nb.city.result import CityResult

RESIDUAL = 1e-8


def city_certificates(result: CityResult) -> tuple[Certificate, ...]:
    """Check the natural residual of (18) at the result's point and multipliers, its drivers, and its players."""
    values = city_program(result.model, result.paths).residual(result.point, result.multipliers)
    first = Certificate("natural residual of (18)", worst(values), RESIDUAL, "veh, kW or $")
    return (first, *driver_certificates(result), *player_certificates(result))
