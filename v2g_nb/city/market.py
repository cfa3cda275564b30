"""The power side as rows and columns of one sparse program: CNO (1), DSO (9), LSEs (10), clearing (11) to (13).

Powers are in MW, money in 1000 $, so that a price in $/kWh is one in 1000 $ per MWh.
"""

from typing import Any

import numpy as np
from scipy import sparse

from v2g_nb.checks import FloatArray
from v2g_nb.city.model import CityModel
from v2g_nb.power.feeder_rows import Blocks, add_feeder_rows, picks, polygon_sides, rated_lines

KW = 1000.0  # kW in a unit of power
NOTHING = 1e-9  # MW; a milliwatt of room is none


def add_variables(blocks: Blocks, model: CityModel) -> None:
    """Add what the CNO, the LSEs, the TSO and the DSO decide."""
    market, grid = model.market, model.market.grid
    tree = grid.feeder
    count, lses = len(model.stations), len(market.shares)
    homes, places = len(market.load_buses), len(model.points[0])
    low, high = np.array([(one.lowest_kw, one.highest_kw) for one in model.stations]).T / KW
    blocks.variables("charge", count, 0.0)  # q+
    blocks.variables("discharge", count, 0.0)  # q-
    blocks.variables("net", count, low, high)
    blocks.variables("sold_to_cno", lses * places, 0.0)  # z+
    blocks.variables("bought_from_cno", lses * places, 0.0)  # z-
    blocks.variables("sales", lses * homes, 0.0)  # s
    blocks.variables("total_sales", homes)  # S
    obligation = market.obligations_kw[:, market.load_buses].ravel() / KW
    blocks.variables("shed", lses * homes, 0.0, _room(obligation))  # an obligation of zero leaves nothing to shed
    blocks.variables("beyond", lses * homes, 0.0)  # sold beyond what must be served
    used = np.flatnonzero(grid.capacity_kw > 0.0)
    blocks.variables("generation", len(used), 0.0, grid.capacity_kw[used] / KW)
    swing = np.flatnonzero(grid.reactive_kvar > 0.0)
    blocks.variables("reactive", len(swing), -grid.reactive_kvar[swing] / KW, grid.reactive_kvar[swing] / KW)
    blocks.variables("purchase", lses)  # y
    reactive = _room(grid.import_kvar / KW)
    blocks.variables("import", 1, 0.0, _room(grid.import_kw / KW))  # p0
    blocks.variables("import_reactive", 1, -reactive, reactive)
    blocks.variables("injection", tree.num_buses)  # p
    rating = tree.rating_kva / KW
    blocks.variables("active", tree.num_lines, -rating, rating)  # P
    flat = grid.facets % 4 == 0  # the polygon has a side that faces Q
    blocks.variables("line_reactive", tree.num_lines, -rating if flat else -np.inf, rating if flat else np.inf)  # Q
    rated = rated_lines(tree)
    slanted = len(slanted_angles(grid.facets))
    blocks.variables("facet", slanted * len(rated), np.tile(-rating[rated], slanted), np.tile(rating[rated], slanted))
    blocks.variables("voltage", tree.num_buses, grid.lowest_pu**2, grid.highest_pu**2)  # V, squared


def _room(width: Any) -> FloatArray:
    """Return widths with zero for those so narrow that rounding would fill them: the solver takes zero out."""
    return np.where(np.asarray(width) < NOTHING, 0.0, width)


def slanted_angles(facets: int) -> FloatArray:
    """Return the polygon's directions that face neither P nor Q; opposite sides share one direction."""
    angles = np.pi * np.arange(facets // 2) * 2.0 / facets
    return np.array([a for a in angles if not np.isclose(a, 0.0) and not np.isclose(a, np.pi / 2.0)])


def add_market_rows(blocks: Blocks, model: CityModel) -> None:
    """Add the CNO's limits, the LSEs' balances and duties, and the clearing of the market."""
    market, grid = model.market, model.market.grid
    buses, place = model.points
    count, lses, hours = len(model.stations), len(market.shares), model.period_h
    homes, points = market.load_buses, len(buses)
    used = np.flatnonzero(grid.capacity_kw > 0.0)
    unit, each = sparse.eye_array(count), np.arange(lses)
    # (1b): what a station takes in net; the multiplier is its rent mu
    blocks.equations("limits", np.zeros(count), net=hours * unit, charge=-hours * unit, discharge=hours * unit)
    # (12a), (12b): the LSEs trade with the CNO what it trades with drivers; multipliers pi+ and pi-
    at_point = picks(np.tile(np.arange(points), lses), points)
    at = picks(place, points)
    blocks.equations("charge_trade", np.zeros(points), sold_to_cno=hours * at_point, charge=-hours * at)
    blocks.equations("discharge_trade", np.zeros(points), discharge=hours * at, bought_from_cno=-hours * at_point)
    # (11): injections are what the LSEs bring and take; multiplier w. The source's row follows from
    # the others, so it is left out: its fee is zero, and fees are measured from there.
    n, source = grid.feeder.num_buses, grid.feeder.root
    keep = sparse.eye_array(n).tocsr()[np.arange(n) != source] * hours
    blocks.equations(
        "injection",
        np.zeros(n - 1),
        generation=keep @ picks(grid.generator_bus[used], n),
        sales=-keep @ picks(np.tile(homes, lses), n),
        sold_to_cno=-keep @ picks(np.tile(buses, lses), n),
        bought_from_cno=keep @ picks(np.tile(buses, lses), n),
        injection=-keep,
    )
    # (12c): what the LSEs buy is what the TSO delivers; multiplier tau
    blocks.equations("tso", np.zeros(1), **{"import": np.full((1, 1), hours), "purchase": np.full((1, lses), -hours)})
    # (10c): each LSE's balance; multiplier lambda
    trades = picks(np.repeat(each, points), lses) * hours
    blocks.equations(
        "balance",
        np.zeros(lses),
        generation=hours * picks(market.owner[used], lses),
        purchase=hours * sparse.eye_array(lses),
        sales=-hours * picks(np.repeat(each, len(homes)), lses),
        sold_to_cno=-trades,
        bought_from_cno=trades,
    )
    # (10d): serve one's share or shed; and the sum of sales that the inverse demand sees
    wide = sparse.eye_array(lses * len(homes)) * hours
    duty = market.obligations_kw[:, homes].ravel() / KW
    blocks.equations("duty", hours * duty, sales=wide, shed=wide, beyond=-wide)
    summed = picks(np.tile(np.arange(len(homes)), lses), len(homes)) * hours
    blocks.equations(
        "demand_curve", np.zeros(len(homes)), total_sales=hours * sparse.eye_array(len(homes)), sales=-summed
    )


def add_network_rows(blocks: Blocks, model: CityModel) -> None:
    """Add the DSO's feeder (9): balances, voltage drops, polygons of the lines' apparent power."""
    grid, hours = model.market.grid, model.period_h
    n = grid.feeder.num_buses
    swing = np.flatnonzero(grid.reactive_kvar > 0.0)
    add_feeder_rows(
        blocks,
        grid.feeder,
        grid.source_voltage_pu,
        (np.zeros(n), {"injection": sparse.eye_array(n) * hours}),
        (hours * grid.load_kvar / KW, {"reactive": picks(grid.generator_bus[swing], n) * hours}),
        unit_kw=KW,
        hours=hours,
    )
    angles = slanted_angles(grid.facets)
    sides = len(angles) * len(rated_lines(grid.feeder))
    if sides:
        active, reactive = polygon_sides(grid.feeder, angles)
        blocks.equations(
            "polygon", np.zeros(sides), facet=sparse.eye_array(sides), active=-active, line_reactive=-reactive
        )
