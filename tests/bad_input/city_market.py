"""Bad input for the coupled city: its models, programs, solvers and certificates."""

from dataclasses import replace

from tests.bad_input.kinds import Kind, array, call, choice, flag, instance, integer, other, real, text
from v2g_nb.city import Trip, certificates, equilibrium, mcp, model, program, scenarios, small, ways

SMALL = small.small_city()
CITY = instance(SMALL)
MARKET = SMALL.market
PATHS = ways.city_paths(SMALL)
RESULT = equilibrium.solve_city(SMALL)
STRANGE = model.CityPath(0, 0, Trip((1, 4), (), 1.0))
AT_LEAST_0, POSITIVE = real(1.0, low=0), real(0.5, low=0, open_low=True)
VALUE = other(0.5, "seven", None, 0.0, -1.0, float("nan"), [0.5, 0.0], [[0.5]], [])
SHARE = real(0.5, low=0, high=1)
OPTIONAL = other(None, "seven", -1.0, float("nan"), float("inf"), [1.0])
SOME_PATHS = other(PATHS, None, (), list(PATHS), ("seven",), (STRANGE,), (replace(PATHS[0], pair=7),))


def members(good: object, *bad: object) -> Kind:
    """A tuple of our own objects."""
    return other(good, None, "seven", (), [good], (7,), *bad)


CALLS = [
    call(
        model.Station,
        node=integer(2, low=1),
        bus=text("2"),
        **dict.fromkeys(("base_wait_min", "wait_slope", "capacity"), AT_LEAST_0),
        lowest_kw=real(-5.0, infinite=True).also(3000.0),
        highest_kw=real(5.0, infinite=True),
    ),
    call(
        model.DriverClass,
        name=text("EV"),
        value_of_time=POSITIVE,
        volumes=array([1.0, 2.0], low=0),
        electric=flag(True),
    ),
    call(
        model.PowerMarket,
        grid=instance(MARKET.grid),
        owner=array([0, 1], low=0, high=1).also([0.5, 0.0], [0]),
        shares=array([0.5, 0.5], low=0, high=1).also([0.9, 0.9]),
        retail_price=AT_LEAST_0,
        elasticity=POSITIVE,
        obligation=SHARE,
    ),
    call(MARKET.bus, name=choice("2")),
    call(
        model.CityModel,
        roads=instance(SMALL.roads),
        battery=instance(SMALL.battery),
        stations=members(
            SMALL.stations,
            (model.Station(9, "2"),),
            (model.Station(2, "no such bus"),),
            (*SMALL.stations, *SMALL.stations),
        ),
        pairs=members(SMALL.pairs, ((1, 1),), ((1, 9),), ((0, 2),), ((1.5, 2),)),
        drivers=members(SMALL.drivers, (model.DriverClass("EV", 0.5, [1.0, 2.0]),)),
        market=instance(MARKET),
        **dict.fromkeys(("period_h", "pile_kw", "sharpness"), POSITIVE),
        **dict.fromkeys(("wear_cost", "missing_energy_cost"), AT_LEAST_0),
        v2g=flag(True),
        count=integer(6, low=1),
        stretch=real(1.6, low=1),
        only_needed=flag(True),
        unserved_cost=OPTIONAL,
    ),
    call(model.CityPath, driver=integer(0, low=0), pair=integer(0, low=0), trip=instance(PATHS[0].trip)),
    call(
        scenarios.scenario,
        name=choice("base"),
        v2g=flag(True),
        level=OPTIONAL,
        reserve_after_discharging=SHARE,
        missing_energy_cost=AT_LEAST_0,
        wear_cost=AT_LEAST_0,
        ev_value_of_time=VALUE,
        fv_value_of_time=POSITIVE,
        elasticity=POSITIVE,
        obligation=SHARE,
        count=integer(6, low=1),
        stretch=real(1.6, low=1),
        only_needed=flag(True),
        facets=integer(8, low=4).also(5),
        tight_line_kva=POSITIVE,
        reactive=flag(True),
        period_h=POSITIVE,
        unserved_cost=OPTIONAL,
    ),
    call(small.small_city, v2g=flag(True), ev_value_of_time=VALUE, fv_value_of_time=POSITIVE, period_h=POSITIVE),
    call(ways.city_paths, model=CITY),
    call(ways.path_table, model=CITY, paths=SOME_PATHS),
    call(program.city_program, model=CITY, paths=SOME_PATHS),
    call(mcp.city_mcp, program=instance(program.city_program(SMALL, PATHS))),
    call(
        equilibrium.solve_city,
        model=CITY,
        columns=choice("generated"),
        tolerance=real(1e-9, low=0, open_low=True),
    ),
    call(
        mcp.solve_city_mcp,
        model=CITY,
        smoothing=AT_LEAST_0,
        tolerance=real(1e-9, low=0, open_low=True),
        max_iter=integer(100, low=1),
    ),
    call(RESULT.dominant, pair=integer(1, low=1, high=1), driver=integer(0, low=0, high=1)),
    call(certificates.city_certificates, result=instance(RESULT)),
    call(certificates.driver_certificates, result=instance(RESULT)),
    call(certificates.player_certificates, result=instance(RESULT)),
    call(
        certificates.outside_certificate,
        result=instance(RESULT),
        count=integer(6, low=1),
        stretch=real(1.6, low=1),
    ),
]
