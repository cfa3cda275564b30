"""Is this an equilibrium of the coupled city? The conditions (18), the drivers, and every player."""

import numpy as np

from v2g_nb import checks
from v2g_nb.certificate import Certificate
from v2g_nb.city.certificates.drivers import driver_certificates
from v2g_nb.city.certificates.players import player_certificates
from v2g_nb.city.program import city_program
from v2g_nb.city.state import CityEquilibrium

RESIDUAL = 1e-8


def city_certificates(result: CityEquilibrium) -> tuple[Certificate, ...]:
    """Check everything that an equilibrium over the given paths has to satisfy.

    Parameters
    ----------
    result : CityEquilibrium
        What is claimed to be an equilibrium.

    Returns
    -------
    tuple of Certificate
        The natural residual of (18) at its point and multipliers; those of the drivers; those of
        the players.

    Raises
    ------
    InvalidInput
        If `result` is no CityEquilibrium.

    Examples
    --------
    >>> from v2g_nb.city.equilibrium import solve_city
    >>> from v2g_nb.city.scenarios import scenario
    >>> all(certificate.holds for certificate in city_certificates(solve_city(scenario("base"))))
    True

    References
    ----------
    Equations (1) to (18) of the city paper.
    """
    checks.instance("result", result, CityEquilibrium)
    program = city_program(result.model, result.paths)
    values = program.residual(result.point, result.multipliers)
    worst = float(np.abs(values).max()) if np.isfinite(values).all() else float("nan")
    first = Certificate("natural residual of (18)", worst, RESIDUAL, "veh, kW or $")
    return (first, *driver_certificates(result), *player_certificates(result))
