"""Bad input for the three-level game on the grid."""

from tests.bad_input.kinds import also, array, call, generator, integer, other
from v2g_nb.grid import (
    ASSUMPTIONS,
    Assumption,
    ChargingMarket,
    OperatorProblem,
    PriceGrid,
    blind_price,
    choices,
    cooperate,
    feasible_intervals,
    fleet_market,
    mixed_prices,
    nine_bus,
    paper_market,
    respond,
    solve_operator,
    station_flow,
    take_turns,
)

PAPER = paper_market()
PRICES, LOADS = also([5.5, 4.75], [5.5]), also([40.0, 35.0], [40.0])
PER_TYPE = also([1.0, 1.0], [1.0])
GRID = PriceGrid(PAPER, 1, 12)
PROBLEM = OperatorProblem(paper_market(repaired=True))
SET_POINTS = also((1.0, 1.0, 1.0), (1.0, 1.0), (1.0, 0.0, 1.0), [float("nan")] * 3, [None] * 3)

CALLS = [
    call(
        ChargingMarket,
        intercept=also([[10.0, 10.0], [12.0, 9.0]], [[10.0, 10.0], [20.5, 9.0]], [[10.0], [12.0]]),
        curvature=PER_TYPE,
        weight=PER_TYPE,
    ),
    call(paper_market, repaired=True),
    call(fleet_market, types=3, rng=generator()),
    call(choices, market=PAPER, prices=PRICES, ties=0, incentive=0.0),
    call(blind_price, market=PAPER, station=0, incentive=also(0.0, -20.0)),
    call(
        PriceGrid,
        market=also(PAPER, ChargingMarket([[10.5, 9.0]], [1.0], [1.0])),
        steps_per_unit=1,
        highest=12,
        ties=0,
    ),
    call(GRID.edgeworth_cycle, start=integer(5, low=0, high=12)),
    call(take_turns, market=PAPER, leader=0),
    call(cooperate, market=PAPER),
    call(mixed_prices, shared=also(10.0, 5.0), preferred=also(12.0, 9.0), other=9.0),
    call(
        mixed_prices().cdf,
        station=integer(0, low=0, high=1),
        price=array([2.0, 3.0], infinite=True, shape=False),
    ),
    call(Assumption, name="a name", set_points=SET_POINTS, power_factor=0.9),
    call(nine_bus, set_points=SET_POINTS),
    call(station_flow, loads_mw=LOADS, assumption=ASSUMPTIONS[0]),
    call(
        OperatorProblem,
        market=PAPER,
        mw_per_unit=10.0,
        minimum_voltage=0.93,
        maximum_voltage=also(1.06, 0.93),
        maximum_loading=1.0,
        instrument="incentive",
        assumption=ASSUMPTIONS[0],
        ties=1,
        ratings=other({(5, 4): 85.0}, None, [1.0], {(5, 9): 85.0}, {(5, 4): 0.0}, {(5, 4): "low"}),
    ),
    call(respond, problem=PROBLEM, level=1.0, ties=1),
    call(solve_operator, problem=PROBLEM),
    call(feasible_intervals, problem=PROBLEM),
]
