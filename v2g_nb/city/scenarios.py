"""The calibrated instance in its three scenarios, each sensitivity an argument, and a reduced one."""

from dataclasses import replace
from typing import Any

import numpy as np

from v2g_nb import checks
from v2g_nb.city.dispatch import GENERATORS, TIGHT_KVA, TIGHT_LINE, calibrated_dispatch
from v2g_nb.city.feeder import ieee123
from v2g_nb.city.model import CityModel, DriverClass, PowerMarket, Station
from v2g_nb.city.roads import sioux_falls
from v2g_nb.city.trips import Battery
from v2g_nb.power.dispatch import DispatchProblem
from v2g_nb.power.feeder import RadialFeeder

SCENARIOS = ("base", "stress", "island")
OUTAGES = (("18", "135"), ("13", "152"), ("60", "160"))

# The paper names origins, destinations and the two stations of its Fig. 9. All else is calibrated so
# that its headline numbers come out, which shows that they can, and nothing more.
ORIGINS, DESTINATIONS = (1, 3, 4, 5), (13, 18, 20, 21, 22)
STATIONS = (Station(2, "42", base_wait_min=15.0), Station(11, "105"), Station(12, "86"), Station(15, "60"))
OWNERS = (0, 0, 0, 1, 1, 2, 2, 2)
LSES = 3
CAPACITY_SHARE = 0.3
EV_TRIPS, FV_TRIPS = 340.0, 7700.0
CHOSEN_PAIR, CHOSEN_EV_TRIPS, CHOSEN_WEIGHT = 2, 50.0, 300.0  # OD 3, from node 1 to node 20
EMPTY_CELL = 200.0  # for pairs without trips in the original matrix
LEVELS = {"base": 1.0, "stress": 1.5, "island": 1.5}
VALUE_OF_TIME = 0.52
REDUCED_BUSES = ("150", "13", "42", "60", "86", "105")


def _volumes(pairs: tuple[tuple[int, int], ...]) -> tuple[Any, Any]:
    """Return the trips of electric and of other vehicles for each pair [veh/h]."""
    table = sioux_falls().demand
    ends = zip((table.origins + 1).tolist(), (table.destinations + 1).tolist(), strict=True)
    trips = dict(zip(ends, table.volumes.tolist(), strict=True))
    weight = np.array([trips.get(pair, 0.0) or EMPTY_CELL for pair in pairs])
    weight[CHOSEN_PAIR] = CHOSEN_WEIGHT
    others = np.arange(len(pairs)) != CHOSEN_PAIR
    electric = np.full(len(pairs), CHOSEN_EV_TRIPS)
    electric[others] = (EV_TRIPS - CHOSEN_EV_TRIPS) * weight[others] / weight[others].sum()
    return electric, FV_TRIPS * weight / weight.sum()


def _values(name: str, value: Any) -> list[float]:
    if isinstance(value, (int, float)) or np.ndim(value) == 0:
        return [checks.real(name, value, low=0.0, open_low=True)]
    return [float(v) for v in checks.array(name, value, shape=(None,), low=0.0, open_low=True)]


def scenario(
    name: str,
    v2g: bool = True,
    *,
    level: float | None = None,
    reserve_after_discharging: float = 0.0,
    missing_energy_cost: float = 0.0,
    wear_cost: float = 0.05,
    ev_value_of_time: Any = VALUE_OF_TIME,
    fv_value_of_time: float = VALUE_OF_TIME,
    elasticity: float = 0.15,
    obligation: float = 1.0,
    count: int = 6,
    stretch: float = 1.6,
    only_needed: bool = True,
    facets: int = 8,
    tight_line_kva: float = TIGHT_KVA,
    reactive: bool = True,
    period_h: float = 1.0,
    unserved_cost: float | None = None,
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
    checks.choice("name", name, SCENARIOS)
    checks.flag("v2g", v2g)
    checks.flag("reactive", reactive)
    factor = LEVELS[name] if level is None else checks.real("level", level, low=0.0)
    line_kva = checks.real("tight_line_kva", tight_line_kva, low=0.0, open_low=True)
    pairs = tuple((o, d) for o in ORIGINS for d in DESTINATIONS)
    electric, fuel = _volumes(pairs)
    values = _values("ev_value_of_time", ev_value_of_time)
    names = ["EV"] if len(values) == 1 else [f"EV {k + 1}" for k in range(len(values))]
    groups = [DriverClass(word, theta, electric / len(values)) for word, theta in zip(names, values, strict=True)]
    fv_theta = checks.real("fv_value_of_time", fv_value_of_time, low=0.0, open_low=True)
    groups.append(DriverClass("FV", fv_theta, fuel, electric=False))
    return CityModel(
        roads=sioux_falls(CAPACITY_SHARE),
        battery=Battery(reserve_after_discharging=reserve_after_discharging),
        stations=STATIONS,
        pairs=pairs,
        drivers=tuple(groups),
        market=_market(name, factor, line_kva, facets, reactive, elasticity, obligation),
        period_h=period_h,
        wear_cost=wear_cost,
        missing_energy_cost=missing_energy_cost,
        v2g=v2g,
        count=count,
        stretch=stretch,
        only_needed=only_needed,
        unserved_cost=unserved_cost,
    )


def _market(
    name: str, factor: float, line_kva: float, facets: int, reactive: bool, elasticity: float, obligation: float
) -> PowerMarket:
    network = ieee123(outages=OUTAGES if name == "island" else ())
    grid = calibrated_dispatch(network, level=factor)
    tree = grid.feeder
    tight = {network.bus(bus) for bus in TIGHT_LINE}
    ends = zip(tree.tails.tolist(), tree.heads.tolist(), strict=True)
    rating = np.array(
        [line_kva if set(pair) == tight else kva for pair, kva in zip(ends, tree.rating_kva, strict=True)]
    )
    kvar = [row[-1] if reactive else 0.0 for row in GENERATORS]
    grid = replace(grid, feeder=replace(tree, rating_kva=rating), reactive_kvar=kvar, facets=facets)
    shares = np.full(LSES, 1.0 / LSES)
    return PowerMarket(grid, OWNERS, shares, elasticity=elasticity, obligation=obligation)


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
    base = scenario("stress", count=6)
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
        import_cost_per_kwh=0.12,
        import_kw=1950.0,
        import_kvar=6000.0,
        source_voltage_pu=1.03,
    )
    market = replace(base.market, grid=grid, owner=[0, 0, 1, 2, 2])
    return replace(base, market=market)
