"""A city small enough to write down: two routes, one station, three buses, two LSEs."""

from typing import Any

import numpy as np

from v2g_nb import checks
from v2g_nb.city.model import CityModel, DriverClass, PowerMarket, Station
from v2g_nb.city.roads import RoadMap
from v2g_nb.city.trips import Battery
from v2g_nb.networks.roads import Demand, RoadNetwork
from v2g_nb.power.dispatch import DispatchProblem
from v2g_nb.power.feeder import RadialFeeder


def small_city(
    *, v2g: bool = True, ev_value_of_time: Any = 0.5, fv_value_of_time: float = 0.5, period_h: float = 1.0
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
    checks.flag("v2g", v2g)
    several = np.ndim(ev_value_of_time) == 1
    shape = {"shape": (None,)} if several else {"shape": ()}
    values: Any = checks.array("ev_value_of_time", ev_value_of_time, low=0.0, open_low=True, **shape)
    thetas = np.atleast_1d(values).tolist()
    names = [f"EV {k + 1}" for k in range(len(thetas))] if several else ["EV"]
    fv_theta = checks.real("fv_value_of_time", fv_value_of_time, low=0.0, open_low=True)
    electric = [DriverClass(name, theta, [24.0 / len(thetas)]) for name, theta in zip(names, thetas, strict=True)]
    length = [10.0, 10.0, 8.0, 8.0]
    roads = RoadNetwork(4, [0, 1, 0, 2], [1, 3, 2, 3], length, [60.0] * 4, [0.15] * 4, [4.0] * 4)
    x, y = np.array([0.0, 1.0, 1.0, 2.0]), np.array([0.0, 1.0, -1.0, 0.0])
    tree = RadialFeeder(
        3, [0, 1], [1, 2], [0.01, 0.02], [0.02, 0.02], [2000.0, 200.0], base_kva=1000.0, names=("0", "1", "2")
    )
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
    return CityModel(
        roads=RoadMap(roads, Demand([0], [3], [84.0]), np.array(length), x, y),
        battery=Battery(use_kwh_per_km=1.0),
        stations=(Station(2, "2", capacity=10.0),),
        pairs=((1, 4),),
        drivers=(*electric, DriverClass("FV", fv_theta, [60.0], electric=False)),
        market=PowerMarket(grid, [0, 1], [0.5, 0.5]),
        period_h=period_h,
        v2g=v2g,
    )
