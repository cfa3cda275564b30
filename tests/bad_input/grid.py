"""Bad input for the three-level game on the grid."""

from tests.bad_input.kinds import Kind, array, call, choice, generator, instance, integer, other, real, text
from v2g_nb.grid import (
    PriceGrid,
    charging,
    cooperate,
    edgeworth_cycle,
    market,
    mixed_prices,
    operator,
    price_grid,
    response,
    take_turns,
)
from v2g_nb.grid import buses as nine_bus
from v2g_nb.grid.certificates import levels, price_proof
from v2g_nb.grid.certificates import prices as price_certificates
from v2g_nb.grid.sequential import follower_reply

PAPER = market.paper_market()
MARKET = instance(PAPER)
PRICES = array([5.5, 4.75])
TIES = integer(0, low=0, high=1)
GRID = price_grid(PAPER, 1, 12)
PROBLEM = response.OperatorProblem(market.repaired_market())
MIXED = mixed_prices()
LIMITS = other((0.93, 1.06, 1.0), None, (0.93, 1.06), [float("nan")] * 3)
ASSUMPTION = nine_bus.ASSUMPTIONS[0]
TWO = other([1.0, 2.0], [1.0], None, "ab")


def without_none(kind: Kind) -> Kind:
    """Return the kind of an argument that may be None."""
    return Kind(kind.good, tuple(bad for bad in kind.bad if bad.value is not None))


CALLS = [
    call(
        market.ChargingMarket,
        intercept=array([[10.0, 10.0], [12.0, 9.0]], low=0.0, open_low=True).also([[10.0, 10.0], [20.5, 9.0]]),
        curvature=array([1.0, 1.0], low=0.0, open_low=True),
        weight=array([1.0, 1.0], low=0.0, open_low=True),
    ),
    call(market.fleet_market, types=integer(3, low=1), rng=generator()),
    call(charging.consumption, market=MARKET, prices=PRICES),
    call(charging.surplus, market=MARKET, prices=PRICES),
    call(charging.choose, market=MARKET, prices=PRICES, ties=TIES),
    call(charging.station_loads, market=MARKET, prices=PRICES, ties=TIES),
    call(charging.profits, market=MARKET, prices=PRICES, ties=TIES, incentive=real(0.0)),
    call(charging.value_of_energy, market=MARKET, prices=PRICES, ties=TIES),
    call(charging.blind_price, market=MARKET, station=integer(0, low=0, high=1), incentive=real(0.0).also(-20.0)),
    call(
        PriceGrid,
        prices=array([0.0, 1.0], low=0.0),
        row_payoff=array([[0.0, 0.0], [1.0, 1.0]]).also([[0.5, 0.0], [1.0, 1.0]]),
        column_payoff=array([[0.0, 0.0], [1.0, 1.0]]).also([[0.5, 0.0], [1.0, 1.0]]),
        scale=integer(2, low=1),
    ),
    call(
        price_grid,
        market=instance(PAPER).also(market.ChargingMarket([[10.5, 9.0]], [1.0], [1.0])),
        steps_per_unit=integer(1, low=1),
        highest=integer(12, low=1),
        ties=TIES,
    ),
    call(edgeworth_cycle, game=instance(GRID), start=integer(5, low=0, high=12)),
    call(follower_reply, market=MARKET, leader=integer(0, low=0, high=1), price=real(4.0, low=0.0)),
    call(take_turns, market=MARKET, leader=integer(0, low=0, high=1)),
    call(cooperate, market=MARKET),
    call(
        mixed_prices,
        shared=real(10.0, low=0.0, open_low=True).also(5.0),
        preferred=real(12.0, low=9.0, open_low=True),
        other=real(9.0, low=0.0, open_low=True),
    ),
    call(MIXED.cdf, station=integer(0, low=0, high=1), price=array([2.0, 3.0], infinite=True, shape=False)),
    call(
        price_certificates.price_equilibrium_certificates,
        shared=real(10.0, low=0.0, open_low=True),
        loyal=array([12.0, 9.0], low=0.0),
        lowest=TWO,
        profit=TWO,
        cdf=other(MIXED.cdf, None, 7),
        points=integer(100, low=10),
        tolerance=real(1e-8, low=0.0),
    ),
    call(
        price_proof.price_proof,
        shared=real(10.0, low=0.0, open_low=True),
        loyal=array([12.0, 9.0], low=0.0),
        lowest=TWO,
        profit=TWO,
        tolerance=real(1e-8, low=0.0),
    ),
    call(
        levels.backward_induction_certificates,
        market=instance(PAPER),
        prices=TWO,
        station=array([0.0, 1.0], low=0.0, high=1.0),
        bought=TWO,
        incentive=real(0.0),
        surcharge=real(0.0),
        points=integer(100, low=10),
        tolerance=real(1e-6, low=0.0),
    ),
    call(
        price_certificates.sequential_certificates,
        intercept=array([[10.0, 10.0], [12.0, 9.0]]),
        weight=array([0.5, 0.5], low=0.0),
        leader=integer(0, low=0, high=1),
        prices=TWO,
        points=integer(50, low=10),
        tolerance=real(1e-6, low=0.0),
    ),
    call(
        levels.limit_certificates,
        magnitude_pu=other([1.0], [], None, "a", 1.0),
        loading=other([0.5], [], None, "a", 1.0),
        limits=LIMITS,
        tolerance=real(1e-9, low=0.0),
    ),
    call(
        levels.smaller_fail_certificate,
        witnesses=other([([0.9], [0.5])], None, "ab", 7),
        limits=LIMITS,
    ),
    call(
        nine_bus.Assumption,
        name=text("a name"),
        set_points=array([1.0, 1.0, 1.0], low=0.0, open_low=True),
        power_factor=without_none(real(0.9, low=0.0, high=1.0, open_low=True)),
    ),
    call(ASSUMPTION.reactive_share, bus=integer(5).also(99), network=instance(nine_bus.nine_bus())),
    call(nine_bus.case_network, name=choice("case9")),
    call(nine_bus.nine_bus, set_points=array([1.0, 1.0, 1.0], low=0.0, open_low=True)),
    call(nine_bus.with_stations, loads_mw=array([40.0, 35.0], low=0.0), assumption=instance(ASSUMPTION)),
    call(nine_bus.station_flow, loads_mw=array([40.0, 35.0], low=0.0), assumption=instance(ASSUMPTION)),
    call(
        response.OperatorProblem,
        market=MARKET,
        mw_per_unit=real(10.0, low=0.0, open_low=True),
        minimum_voltage=real(0.93, low=0.0),
        maximum_voltage=real(1.06, low=0.93, open_low=True),
        maximum_loading=real(1.0, low=0.0, open_low=True, infinite=True),
        instrument=choice("incentive"),
        assumption=instance(ASSUMPTION),
        ties=integer(1, low=0, high=1),
        ratings=other({(5, 4): 85.0}, None, [1.0], {(5, 9): 85.0}, {(5, 4): 0.0}, {(5, 4): "low"}),
    ),
    call(response.outcome, problem=instance(PROBLEM), level=real(1.0, low=0.0), ties=integer(1, low=0, high=1)),
    call(response.largest_instrument, problem=instance(PROBLEM)),
    call(response.switching_points, problem=instance(PROBLEM)),
    call(operator.solve_operator, problem=instance(PROBLEM)),
    call(operator.feasible_intervals, problem=instance(PROBLEM)),
]
