"""From the program's point and multipliers to the equilibrium as one reads it."""

from dataclasses import replace
from typing import Any

import numpy as np

from v2g_nb.checks import FloatArray
from v2g_nb.city.certificates.equilibrium import city_certificates
from v2g_nb.city.market import KW, station_buses
from v2g_nb.city.program import MONEY, VEHICLES, CityProgram
from v2g_nb.city.state import USED, CityEquilibrium

__all__: list[str] = []


def post_prices(program: CityProgram, x: FloatArray, y: FloatArray) -> FloatArray:
    """Return the multipliers with a price for every service that nobody uses: the DLMP of its bus.

    A service that is idle has a whole range of prices; the price of its bus is always one of them,
    since CNO and LSEs trade there at cost, and it is the least attractive one for drivers.
    """
    model, y = program.model, y.copy()
    rows, columns = program.rows, program.columns
    buses, place = station_buses(model)
    dlmp = full_dlmp(program, y)
    rent = y[rows["limits"]]
    for service, trade, flow in (("charge", "charge_trade", "charged"), ("discharge", "discharge_trade", "discharged")):
        amount = KW * x[columns[service]]
        at_bus = np.bincount(place, weights=amount, minlength=len(buses))
        price = np.where(at_bus > USED, y[rows[trade]], dlmp[buses])
        y[rows[trade]] = price
        y[rows[flow]] = np.where(amount > USED, y[rows[flow]], price[place] + rent)
    return y


def full_dlmp(program: CityProgram, y: FloatArray) -> FloatArray:
    """Return tau plus w of every bus; w is zero at the source."""
    tree = program.model.market.grid.feeder
    return np.asarray(y[program.rows["tso"]][0] + np.insert(y[program.rows["injection"]], tree.root, 0.0))


def read(program: CityProgram, x: FloatArray, y: FloatArray, count: int, limit: float) -> CityEquilibrium:
    """Return the equilibrium without certificates; `limit` is the residual that counts as converged."""
    model, table, at, rows = program.model, program.table, program.columns, program.rows
    market, grid = model.market, model.market.grid
    buses, place = station_buses(model)
    lses, homes, n = len(market.shares), market.load_buses, grid.feeder.num_buses
    x = np.clip(x, program.lower, program.upper)
    y = post_prices(program, x, y)
    value: dict[str, Any] = {name: KW * x[block] for name, block in at.items()}
    price = {name: y[block] for name, block in rows.items()}
    flow = VEHICLES * x[at["flow"]]
    theta = program.value_of_time * VEHICLES / MONEY
    slope = program.gradient(x)
    link_time, wait = slope[at["link"]] / theta, slope[at["visit"]] / theta
    stops = table.charge_stops + table.discharge_stops
    energy = table.charge_kwh @ price["charged"] - table.discharge_kwh @ price["discharged"] + table.fixed_cost
    minutes = {"time": table.links @ link_time, "wait": stops @ wait, "dwell": table.dwell_min}
    thetas = np.array([group.value_of_time for group in model.drivers])[table.driver]
    od_cost, unserved = np.full((2, len(model.drivers), len(model.pairs)), np.nan)
    for k, (m, pair) in enumerate(program.demands):
        od_cost[m, pair] = price["demand"][k] * MONEY / VEHICLES
        unserved[m, pair] = VEHICLES * x[at["unserved"]][k] if "unserved" in at else 0.0

    def by_bus(amounts: FloatArray) -> FloatArray:
        spread = np.zeros((lses, n))
        spread[:, homes] = amounts.reshape(lses, len(homes))
        return spread

    generation, swing = np.zeros(len(grid.generator_bus)), np.zeros(len(grid.generator_bus))
    generation[grid.capacity_kw > 0.0] = value["generation"]
    swing[grid.reactive_kvar > 0.0] = value["reactive"]
    shed = np.minimum(by_bus(value["shed"]), market.obligations_kw)
    residual = float(np.abs(program.residual(x, y)).max())
    traded = [value[name].reshape(lses, len(buses)) for name in ("sold_to_cno", "bought_from_cno")]
    return CityEquilibrium(
        model=model,
        paths=table.paths,
        path_flow=flow,
        path_cost=thetas * sum(minutes.values()) + energy,
        path_time_min=minutes["time"],
        path_wait_min=minutes["wait"],
        path_dwell_min=minutes["dwell"],
        path_energy_cost=energy,
        link_flow=VEHICLES * x[at["link"]],
        link_time_min=link_time,
        visits=np.column_stack([table.charge_stops.T @ flow, table.discharge_stops.T @ flow]),
        wait_min=wait,
        charging_kw=value["charge"],
        discharging_kw=value["discharge"],
        price_charging=price["charged"],
        price_discharging=price["discharged"],
        trade_price_charging=price["charge_trade"][place],
        trade_price_discharging=price["discharge_trade"][place],
        limit_price=price["limits"],
        dlmp=full_dlmp(program, y),
        import_price=float(price["tso"][0]),
        wheeling_fee=full_dlmp(program, y) - float(price["tso"][0]),
        generation_kw=generation,
        generation_kvar=swing,
        import_kw=float(value["import"][0]),
        import_kvar=float(value["import_reactive"][0]),
        injection_kw=value["injection"],
        sales_kw=by_bus(value["sales"]),
        shed_kw=shed,
        purchase_kw=value["purchase"],
        traded_kw=np.stack(traded, axis=-1),
        active_kw=value["active"],
        line_kvar=value["line_reactive"],
        voltage_pu=np.sqrt(x[at["voltage"]]),
        od_cost=od_cost,
        unserved=unserved,
        point=x,
        multipliers=y,
        converged=residual <= limit,
        num_iter=count,
        residual=residual,
        certificates=(),
    )


def certified(result: CityEquilibrium) -> CityEquilibrium:
    """Return the equilibrium with its certificates."""
    return replace(result, certificates=city_certificates(result))
