"""The six calibrated cases, each solved once for all tests of the city."""

from functools import cache

from v2g_nb.city import SCENARIOS, CityResult, scenario, small_city, solve_city

SIX = [(name, v2g) for name in SCENARIOS for v2g in (False, True)]


@cache
def case(name: str, v2g: bool) -> CityResult:
    return solve_city(scenario(name, v2g))


@cache
def small() -> CityResult:
    return solve_city(small_city())
