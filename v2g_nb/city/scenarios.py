"""The calibrated instance in its scenarios, each sensitivity an argument; a reduced one, and a small one."""

from collections.abc import Sequence
from dataclasses import replace
from functools import lru_cache
from typing import Annotated, Any, Literal

import numpy as np

from v2g_nb import checks
from v2g_nb.checks import FloatArray, Number, Whole
from v2g_nb.city.feeder import Feeder, ieee123
from v2g_nb.city.model import CityModel, DriverClass, PowerMarket, Station
from v2g_nb.city.roads import RoadMap, sioux_falls
from v2g_nb.city.trips import Battery, NonNegative, Part, Positive
from v2g_nb.networks.roads import Demand, RoadNetwork
from v2g_nb.power.feeder import DispatchProblem, RadialFeeder

SCENARIOS = ("base", "stress", "island")
OUTAGES = (("18", "135"), ("13", "152"), ("60", "160"))

# The paper names origins, destinations and the two stations of its Fig. 9. All else is calibrated so
# that its headline numbers come out, which shows that they can, and nothing more.
ORIGINS, DESTINATIONS = (1, 3, 4, 5), (13, 18, 20, 21, 22)
STATIONS = (Station(2, "42", base_wait_min=15.0), Station(11, "105"), Station(12, "86"), Station(15, "60"))
OWNERS = np.array([0, 0, 0, 1, 1, 2, 2, 2])
SHARES = np.full(3, 1.0 / 3)  # of three LSEs
CAPACITY_SHARE = 0.3
EV_TRIPS, FV_TRIPS = 340.0, 7700.0
CHOSEN_PAIR, CHOSEN_EV_TRIPS, CHOSEN_WEIGHT = 2, 50.0, 300.0  # OD 3, from node 1 to node 20
EMPTY_CELL = 200.0  # for pairs without trips in the original matrix
LEVELS = {"base": 1.0, "stress": 1.5, "island": 1.5}
VALUE_OF_TIME = 0.52
REDUCED_BUSES = ("150", "13", "42", "60", "86", "105")
# Bus, first $/kWh, $/kWh per kW, kW, kvar.
GENERATORS = (
    ("25", 0.15, 5e-4, 200.0, 500.0),
    ("40", 0.12, 5e-5, 1200.0, 900.0),
    ("47", 0.99, 4e-5, 591.0, 500.0),
    ("54", 0.15, 5e-4, 750.0, 700.0),
    ("63", 0.99, 4e-5, 72.0, 300.0),
    ("97", 0.15, 5e-4, 540.0, 900.0),
    ("108", 0.99, 4e-5, 1036.0, 500.0),
    ("89", 0.15, 1e-3, 475.0, 500.0),
)
TIGHT_LINE, TIGHT_KVA = ("67", "72"), 740.0
SUBSTATION: dict[str, Any] = {"import_cost_per_kwh": 0.12, "import_kw": 1950.0, "import_kvar": 6000.0}
LIMITS: dict[str, Any] = {"shed_cost_per_kwh": 38.53, "source_voltage_pu": 1.03, "lowest_pu": 0.9, "highest_pu": 1.1}


def _electric(values: float | Sequence[float], volumes: FloatArray) -> list[DriverClass]:
    """Return classes of equal size, one for each value of time."""
    several = values if np.ndim(values) else [values]
    thetas = checks.array("ev_value_of_time", several, shape=(None,), low=0.0, open_low=True).tolist()
    names = [f"EV {k + 1}" for k in range(len(thetas))] if np.ndim(values) else ["EV"]
    return [DriverClass(name, theta, volumes / len(thetas)) for name, theta in zip(names, thetas, strict=True)]


def scenario(
    name: Literal["base", "stress", "island"],
    v2g: bool = True,
    *,
    level: NonNegative | None = None,
    reserve_after_discharging: Part = 0.0,
    missing_energy_cost: NonNegative = 0.0,
    wear_cost: NonNegative = 0.05,
    ev_value_of_time: float | Sequence[float] = VALUE_OF_TIME,
    fv_value_of_time: Positive = VALUE_OF_TIME,
    elasticity: Positive = 0.15,
    obligation: Part = 1.0,
    count: Annotated[int, Whole(low=1)] = 6,
    stretch: Annotated[float, Number(low=1.0)] = 1.6,
    only_needed: bool = True,
    facets: Annotated[int, Whole(low=4)] = 8,
    tight_line_kva: Positive = TIGHT_KVA,
    reactive: bool = True,
    period_h: Positive = 1.0,
    unserved_cost: NonNegative | None = None,
) -> CityModel:
    """Return the calibrated instance of the coupled city.

    Parameters
    ----------
    name : {"base", "stress", "island"}
        Households as usual; half as much again; the same with three lines out of service.
    v2g : bool
        Whether batteries may discharge.
    level : float, optional
        Factor on all household loads instead of the scenario's, at least 0.
    reserve_after_discharging : float
        alpha_d, part of the battery that must be left at the destination after a discharge. The
        waiver (0) reproduces the paper's route of OD 3; 0.2 is the reserve of everybody else.
    missing_energy_cost : float
        sigma, what a driver pays for a kWh that is missing on arrival [$/kWh].
    wear_cost : float
        kappa, wear of the battery per kWh discharged [$/kWh].
    ev_value_of_time : float or sequence of float
        theta_E [$/min]; several values make as many classes of equal size, named "EV 1", "EV 2", ...
    fv_value_of_time : float
        theta_F [$/min].
    elasticity, obligation : float
        Of the households' demand, and the factor on what must be served.
    count, stretch : int, float
        Base routes of each pair: at most so many, and no longer than the shortest by this factor.
    only_needed : bool
        Whether nobody charges who need not.
    facets : int
        Sides of the polygon for each line's apparent power, an even number of at least 4.
    tight_line_kva : float
        Rating of the line 67-72, above 0.
    reactive : bool
        Whether generators deliver reactive power; without it the islands have none.
    period_h : float
        T, length of the period; trips are per period.
    unserved_cost : float, optional
        What a trip that is not made costs [$]; without it every trip must be made.

    Returns
    -------
    CityModel

    Raises
    ------
    InvalidInput
        If an argument is not of its kind.

    Examples
    --------
    >>> model = scenario("stress", v2g=False)
    >>> float(model.market.grid.load_kw.sum()), float(model.drivers[0].volumes.sum().round(6))
    (5235.0, 340.0)

    References
    ----------
    Section IV-A of the city paper; it names no numbers, which are calibrated.
    """
    pairs = tuple((o, d) for o in ORIGINS for d in DESTINATIONS)
    electric, fuel = _volumes(pairs)
    groups = _electric(ev_value_of_time, electric)
    network = ieee123(outages=OUTAGES if name == "island" else ())
    grid = _grid(network, LEVELS[name] if level is None else level, tight_line_kva, facets, reactive)
    return CityModel(
        roads=sioux_falls(CAPACITY_SHARE),
        battery=Battery(reserve_after_discharging=reserve_after_discharging),
        stations=STATIONS,
        pairs=pairs,
        drivers=(*groups, DriverClass("FV", fv_value_of_time, fuel, electric=False)),
        market=PowerMarket(grid, OWNERS, SHARES, elasticity=elasticity, obligation=obligation),
        period_h=period_h,
        wear_cost=wear_cost,
        missing_energy_cost=missing_energy_cost,
        v2g=v2g,
        count=count,
        stretch=stretch,
        only_needed=only_needed,
        unserved_cost=unserved_cost,
    )


def _volumes(pairs: tuple[tuple[int, int], ...]) -> tuple[FloatArray, FloatArray]:
    """Return the trips of electric and of other vehicles for each pair [veh/h]."""
    table = sioux_falls(CAPACITY_SHARE).demand
    ends = zip((table.origins + 1).tolist(), (table.destinations + 1).tolist(), strict=True)
    trips = dict(zip(ends, table.volumes.tolist(), strict=True))
    weight = np.array([trips.get(pair, 0.0) or EMPTY_CELL for pair in pairs])
    weight[CHOSEN_PAIR] = CHOSEN_WEIGHT
    others = np.arange(len(pairs)) != CHOSEN_PAIR
    electric = np.full(len(pairs), CHOSEN_EV_TRIPS)
    electric[others] = (EV_TRIPS - CHOSEN_EV_TRIPS) * weight[others] / weight[others].sum()
    return electric, FV_TRIPS * weight / weight.sum()


@lru_cache(maxsize=8)
def _with_tight_line(network: Feeder, line_kva: float) -> RadialFeeder:
    tree, ends = network.radial, [network.bus(name) for name in TIGHT_LINE]
    tight = np.isin(tree.tails, ends) & np.isin(tree.heads, ends)
    return replace(tree, rating_kva=np.where(tight, line_kva, tree.rating_kva))


def _grid(network: Feeder, level: float, line_kva: float, facets: int, reactive: bool) -> DispatchProblem:
    """Return loads, generators and limits of the calibrated instance."""
    buses, first, slope, capacity, kvar = zip(*GENERATORS, strict=True)
    return DispatchProblem(
        _with_tight_line(network, line_kva),
        level * network.load_kw,
        level * network.load_kvar - network.capacitor_kvar,
        [network.bus(name) for name in buses],
        first,
        slope,
        capacity,
        kvar if reactive else np.zeros(len(kvar)),
        facets=facets,
        **SUBSTATION,
        **LIMITS,
    )


def reduced_city() -> CityModel:
    """Return Stress with V2G on all roads of Sioux Falls, and a feeder of six buses in place of 130.

    Its complementarity problem has 683 unknowns, fewer than the 1 000 that a demonstration licence of
    PATH allows.

    Returns
    -------
    CityModel

    Examples
    --------
    >>> model = reduced_city()
    >>> model.roads.network.num_links, model.market.grid.feeder.names
    (76, ('150', '13', '42', '60', '86', '105'))
    """
    base = scenario("stress")
    tree = RadialFeeder(
        6,
        [0, 1, 1, 3, 3],
        [1, 2, 3, 4, 5],
        [0.005, 0.01, 0.01, 0.02, 0.02],
        [0.01, 0.01, 0.02, 0.02, 0.03],
        [5000.0, 3800.0, 3800.0, 300.0, 3800.0],
        names=REDUCED_BUSES,
    )
    grid = DispatchProblem(
        tree,
        load_kw=[0.0, 535.0, 1300.0, 900.0, 1500.0, 1000.0],
        load_kvar=[0.0, 250.0, 700.0, 450.0, 200.0, 500.0],
        generator_bus=[2, 2, 3, 5, 4],
        cost_per_kwh=[0.12, 0.99, 0.15, 0.15, 0.99],
        cost_slope=[5e-5, 4e-5, 5e-4, 5e-4, 4e-5],
        capacity_kw=[1200.0, 591.0, 750.0, 540.0, 700.0],
        reactive_kvar=[900.0, 500.0, 700.0, 900.0, 500.0],
        **SUBSTATION,
        **LIMITS,
    )
    return replace(base, market=replace(base.market, grid=grid, owner=np.array([0, 0, 1, 2, 2])))


def small_city(
    *,
    v2g: bool = True,
    ev_value_of_time: float | Sequence[float] = 0.5,
    fv_value_of_time: Positive = 0.5,
    period_h: Positive = 1.0,
) -> CityModel:
    """Return a tiny coupled instance with an equilibrium in which some drivers discharge and some do not.

    From node 1 to node 4 one drives by node 2, where there is a station, or by node 3, which is
    shorter. The station hangs on the last of three buses, behind a line that cannot carry all
    that households there would like; the generators nearby are dear.

    Parameters
    ----------
    v2g : bool
        Whether batteries may discharge.
    ev_value_of_time : float or sequence of float
        theta_E [$/min]; several values make as many classes of equal size.
    fv_value_of_time : float
        theta_F [$/min].
    period_h : float
        T [h]; trips are per period.

    Returns
    -------
    CityModel

    Raises
    ------
    InvalidInput
        If an argument is not of its kind.

    Examples
    --------
    >>> model = small_city()
    >>> model.roads.network.num_links, model.market.grid.feeder.num_buses
    (4, 3)
    """
    length, x, y = np.array([10.0, 10.0, 8.0, 8.0]), np.array([0.0, 1.0, 1.0, 2.0]), np.array([0.0, 1.0, -1.0, 0.0])
    tails, heads = np.array([[0, 1, 0, 2], [1, 3, 2, 3]])
    roads = RoadNetwork(4, tails, heads, length, np.full(4, 60.0), np.full(4, 0.15), np.full(4, 4.0))
    tree = RadialFeeder(3, [0, 1], [1, 2], [0.01, 0.02], [0.02, 0.02], [2000.0, 200.0], names=("0", "1", "2"))
    grid = DispatchProblem(
        tree,
        load_kw=[0.0, 200.0, 400.0],
        load_kvar=[0.0, 50.0, 100.0],
        generator_bus=[2, 2],
        cost_per_kwh=[0.2, 0.25],
        cost_slope=[0.002, 0.001],
        capacity_kw=[300.0, 250.0],
        reactive_kvar=[200.0, 200.0],
        import_cost_per_kwh=0.1,
        import_kw=2000.0,
        import_kvar=2000.0,
        shed_cost_per_kwh=10.0,
        facets=4,
    )
    electric = _electric(ev_value_of_time, np.array([24.0]))
    return CityModel(
        roads=RoadMap(roads, Demand(np.array([0]), np.array([3]), np.array([84.0])), length, x, y),
        battery=Battery(use_kwh_per_km=1.0),
        stations=(Station(2, "2", capacity=10.0),),
        pairs=((1, 4),),
        drivers=(*electric, DriverClass("FV", fv_value_of_time, np.array([60.0]), electric=False)),
        market=PowerMarket(grid, np.array([0, 1]), np.array([0.5, 0.5])),
        period_h=period_h,
        v2g=v2g,
    )
