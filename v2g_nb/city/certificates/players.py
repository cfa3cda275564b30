"""Would anybody on the power side do better at these prices? Each player's own problem, solved anew.

The CNO's and the DSO's linear programs, built here from the model alone, go to HiGHS; an LSE's quadratic one has a
single row that ties its parts together, so that its dual is a search for one price.
"""

from bisect import bisect_left
from typing import Any

import numpy as np
from scipy import optimize, sparse

from v2g_nb.certificate import Certificate
from v2g_nb.checks import FloatArray
from v2g_nb.city.certificates.drivers import worst
from v2g_nb.city.result import CityResult

LINPROG: Any = optimize.linprog  # its stubs know no sparse matrices
GAP = 1e-4  # $/h
LIMIT = 1e-6  # kW, kvar
VOLTS = 1e-9  # per unit, squared
PRICE = 1e-9  # $/kWh
ROOM = 1e5  # kW; unlimited trades are cut off here, so that a wrong price shows as a large gain


def player_certificates(result: CityResult) -> tuple[Certificate, ...]:
    """Check limits, clearing and prices, and solve each player's own problem anew at the prices.

    The CNO, the DSO and each LSE take prices as given; an LSE knows the households' demand curves
    and the others' sales. The TSO decides nothing: it delivers what is bought at its price.

    Parameters
    ----------
    result : CityResult
        What is claimed to be an equilibrium.

    Returns
    -------
    tuple of Certificate
        Limits, voltages, clearing and prices; then what the CNO, the DSO and each LSE could gain.

    Raises
    ------
    InvalidInput
        If `result` is no CityResult.

    Examples
    --------
    >>> for certificate in player_certificates(solve_city(scenario("base"))):
    ...     print(certificate)
    limits that are not kept: at most 1e-06 kW or kvar, holds
    voltages that do not follow: at most 1e-09 pu, holds
    markets that do not clear: at most 1e-06 kW, holds
    DLMP other than import price plus fee: at most 1e-09 $/kWh, holds
    idle services at another price than the bus's: at most 1e-09 $/kWh, holds
    gain of the CNO: at most 0.0001 $/h, holds
    gain of the DSO: at most 0.0001 $/h, holds
    gain of LSE 1: at most 0.0001 $/h, holds
    gain of LSE 2: at most 0.0001 $/h, holds
    gain of LSE 3: at most 0.0001 $/h, holds

    References
    ----------
    Equations (1) and (9) to (13) of the city paper.
    """
    cno, cno_gain = _cno(result)
    dso, voltages, dso_gain = _dso(result)
    firms = [_lse(result, k) for k in range(len(result.model.market.shares))]
    limits = [cno, dso, *(violation for violation, _ in firms)]
    apart = result.dlmp - result.import_price - result.wheeling_fee
    proof = [
        Certificate("limits that are not kept", worst(*limits), LIMIT, "kW or kvar"),
        Certificate("voltages that do not follow", worst(voltages), VOLTS, "pu"),
        Certificate("markets that do not clear", worst(*_clearing(result)), LIMIT, "kW"),
        Certificate("DLMP other than import price plus fee", worst(apart), PRICE, "$/kWh"),
        Certificate("idle services at another price than the bus's", worst(*_idle(result)), PRICE, "$/kWh"),
        Certificate("gain of the CNO", cno_gain, GAP, "$/h"),
        Certificate("gain of the DSO", dso_gain, GAP, "$/h"),
    ]
    proof += [Certificate(f"gain of LSE {k + 1}", gain, GAP, "$/h") for k, (_, gain) in enumerate(firms)]
    return tuple(proof)


def _outside(value: Any, low: Any, high: Any) -> FloatArray:
    return np.asarray(np.maximum(np.maximum(low - value, value - high), 0.0) + 0.0 * value)


def _clearing(result: CityResult) -> list[FloatArray]:
    """Return what is missing in (11), (12a) to (12c)."""
    grid, (buses, place) = result.model.market.grid, result.model.points
    put_in, at_points = np.zeros(grid.feeder.num_buses), np.zeros((len(buses), 2))
    np.add.at(put_in, grid.generator_bus, result.generation_kw)
    np.add.at(put_in, buses, (result.traded_kw[:, :, 1] - result.traded_kw[:, :, 0]).sum(axis=0))
    np.add.at(at_points, place, np.column_stack([result.charging_kw, result.discharging_kw]))
    return [
        result.injection_kw - (put_in - result.sales_kw.sum(axis=0)),
        result.traded_kw.sum(axis=0) - at_points,
        np.array([result.purchase_kw.sum() - result.import_kw]),
    ]


def _idle(result: CityResult) -> list[FloatArray]:
    """Return how far the prices of services that nobody uses are from the stated rule."""
    bus = result.model.station_bus
    found = []
    for price, trade, amount in (
        (result.price_charging, result.trade_price_charging, result.charging_kw),
        (result.price_discharging, result.trade_price_discharging, result.discharging_kw),
    ):
        at_bus = np.array([amount[bus == b].sum() for b in bus])
        found.append(np.where(amount > LIMIT, 0.0, price - trade - result.limit_price))
        found.append(np.where(at_bus > LIMIT, 0.0, trade - result.dlmp[bus]))
    return found


def _cno(result: CityResult) -> tuple[FloatArray, float]:
    """Return violations and gain in problem (1): to buy from LSEs and sell to drivers, and the other way round."""
    low, high = np.array([(one.lowest_kw, one.highest_kw) for one in result.model.stations]).T
    amounts = np.concatenate([result.charging_kw, result.discharging_kw])
    margin = np.concatenate(
        [
            result.price_charging - result.trade_price_charging,
            result.trade_price_discharging - result.price_discharging,
        ]
    )
    net = np.hstack([np.eye(len(low)), -np.eye(len(low))])
    violation = np.concatenate([_outside(net @ amounts, low, high), np.minimum(amounts, 0.0)])
    rows, right = np.vstack([net, -net]), np.concatenate([high, -low])
    kept = np.isfinite(right)
    return violation, _linear_gain(margin, amounts, rows[kept], right[kept], bounds=(0.0, ROOM))


def _linear_gain(profit: FloatArray, point: FloatArray, *rows: Any, bounds: Any) -> float:
    """Return by how much the profit of a point misses the largest; NaN if there is no price or no optimum."""
    if not np.isfinite(profit).all():
        return float("nan")
    answer = LINPROG(-profit, *rows, bounds=bounds)
    return abs(float(answer.fun + profit @ point)) if answer.status == 0 else float("nan")


def _dso(result: CityResult) -> tuple[FloatArray, FloatArray, float]:
    """Return violations, errors of voltages and gain in problem (9): import at the TSO's price, carry at the fees.

    Its unknowns are p, p0, q0, q of the generators, P, Q and squared voltages.
    """
    grid = result.model.market.grid
    tree = grid.feeder
    n, m, g = tree.num_buses, tree.num_lines, len(grid.generator_bus)
    powers = [
        result.injection_kw,
        [result.import_kw, result.import_kvar],
        result.generation_kvar,
        result.active_kw,
        result.line_kvar,
    ]
    point = np.concatenate([*powers, result.voltage_pu**2])
    lines, shape = np.arange(m), (n, m)
    leaves, enters = (sparse.csr_array((np.ones(m), (end, lines)), shape=shape) for end in (tree.tails, tree.heads))
    out, root = leaves - enters, sparse.csr_array(np.eye(n)[:, [tree.root]])
    at = sparse.csr_array((np.ones(g), (grid.generator_bus, np.arange(g))), shape=(n, g))
    r, x = (sparse.diags_array(2.0 * v / tree.base_kva) for v in (tree.resistance, tree.reactance))
    none: Any = None
    equal: Any = sparse.block_array(
        [
            [sparse.eye_array(n), root, none, none, -out, none, none],
            [none, none, root, at, none, -out, none],
            [none, none, none, none, r, x, -out.T],
            [none, none, none, none, none, none, root.T],
        ]
    )
    right = np.concatenate([np.zeros(n), grid.load_kvar, np.zeros(m), [grid.source_voltage_pu**2]])
    rated = np.flatnonzero(np.isfinite(tree.rating_kva))
    pick = sparse.eye_array(m).tocsr()[rated]
    turns = 2.0 * np.pi * np.arange(grid.facets) / grid.facets
    faces = [[sparse.csr_array((len(rated), n + 2 + g)), np.cos(a) * pick, np.sin(a) * pick] for a in turns]
    sides: Any = sparse.block_array([[*face, sparse.csr_array((len(rated), n))] for face in faces])
    most = np.tile(tree.rating_kva[rated], grid.facets)
    free = np.full(n + 2 * m, np.inf)
    ends = [0.0, -grid.import_kvar], [grid.import_kw, grid.import_kvar]
    band = [np.full(n, volts**2) for volts in (grid.lowest_pu, grid.highest_pu)]
    low = np.concatenate([-free[:n], ends[0], -grid.reactive_kvar, -free[n:], band[0]])
    high = np.concatenate([free[:n], ends[1], grid.reactive_kvar, free[n:], band[1]])
    error, beyond = equal @ point - right, _outside(point, low, high)
    profit = np.zeros(len(point))
    profit[:n], profit[n] = -result.wheeling_fee, result.import_price - grid.import_cost_per_kwh
    limits = (sides, most) if len(rated) else (None, None)
    gain = _linear_gain(profit, point, *limits, equal, right, bounds=np.column_stack([low, high]))
    flows = np.concatenate([error[: 2 * n], np.maximum(sides @ point - most, 0.0), beyond[:-n]])
    return flows, np.concatenate([error[2 * n :], beyond[-n:]]), gain


def _lse(result: CityResult, which: int) -> tuple[FloatArray, float]:
    """Return violations and gain in problem (10) of one LSE, the others' sales given.

    The gain is against the dual: whatever a kWh is worth within the firm, no plan costs less than the bound at it.
    Shed no more than what sales leave of the duty: then the first kWh sold, up to the duty, save the cost of
    shedding, and those after them do not. The sales of a home are two parts, the first the better one.
    """
    model, market, grid, fee = result.model, result.model.market, result.model.market.grid, result.wheeling_fee
    homes, elsewhere = np.flatnonzero(grid.load_kw > 0.0), np.flatnonzero(grid.load_kw <= 0.0)
    buses, place = model.points
    first = np.unique(place, return_index=True)[1]
    own = np.flatnonzero(market.owner == which)
    duty, voll = market.obligations_kw[which, homes], grid.shed_cost_per_kwh
    sales, shed = result.sales_kw[which, homes], result.shed_kw[which, homes]
    sold, bought = result.traded_kw[which].T
    others = np.delete(result.sales_kw, which, axis=0).sum(axis=0)[homes]
    revenue = market.intercept[homes] - market.slope[homes] * others - fee[homes]
    made = grid.cost_per_kwh[own] - fee[grid.generator_bus[own]]
    pay, earn = result.trade_price_discharging[first] - fee[buses], result.trade_price_charging[first] - fee[buses]
    # of each part: cost of the first kWh, slope, amount, least, most, and what it brings into the balance
    generation = _part(made, grid.cost_slope[own], result.generation_kw[own], 0.0, grid.capacity_kw[own], 1.0)
    selling = _part(-revenue, 2.0 * market.slope[homes], sales, 0.0, ROOM, -1.0)
    shedding = _part(voll, 0.0, shed, 0.0, duty, 0.0)
    trades = [_part(-earn, 0.0, sold, 0.0, ROOM, -1.0), _part(pay, 0.0, bought, 0.0, ROOM, 1.0)]
    trades.append(_part(result.import_price, 0.0, result.purchase_kw[[which]], -ROOM, ROOM, 1.0))
    cost, curve, point, low, high, sign = np.hstack([generation, selling, shedding, *trades])
    violation = np.concatenate(
        [
            _outside(point, low, high),
            np.minimum(sales + shed - duty, 0.0),
            [sign @ point],
            result.sales_kw[which, elsewhere],
            result.shed_kw[which, elsewhere],
        ]
    )
    if not np.isfinite(cost).all():
        return violation, float("nan")
    limit = np.minimum(duty, ROOM)
    under = _part(-revenue - voll, selling[1], 0.0, 0.0, limit, -1.0)
    beyond = _part(-revenue + selling[1] * limit, selling[1], 0.0, 0.0, ROOM - limit, -1.0)
    best = _most(np.hstack([under, beyond, generation, *trades]), voll * duty.sum())
    return violation, abs(best - float(cost @ point + 0.5 * curve @ point**2))


def _part(*columns: Any) -> Any:
    return np.vstack(np.broadcast_arrays(*columns))


def _most(parts: FloatArray, constant: float) -> float:
    """Return the largest dual bound on the least cost of parts within bounds that balance; NaN if none do.

    At a worth v of a kWh the bound is the sum over parts of min (cost - v sign) x + curve x^2 / 2: by weak
    duality it holds for any v, so that an error in the search could raise an alarm but never hide a gain.
    """
    cost, curve, _, low, high, sign = parts
    flat = curve == 0.0
    bend = np.where(flat, 1.0, curve)

    def plan(v: float, side: float) -> Any:
        """Return the best parts at v; those that are indifferent bring in all they can (side 1) or least (-1)."""
        slope = cost - v * sign
        way = np.where(slope == 0.0, side * sign, -slope)
        return np.where(flat, np.where(way > 0.0, high, low), np.clip(-slope / bend, low, high))

    def surplus(v: float, side: float) -> float:
        return float(sign @ plan(v, side))

    def bound(v: float) -> float:
        x = plan(v, 1.0)
        return constant + float((cost - v * sign) @ x + 0.5 * curve @ x**2)

    ends = np.unique(np.concatenate([(cost + curve * low) / sign, (cost + curve * high) / sign])).tolist()
    k = bisect_left(ends, 0.0, key=lambda v: surplus(v, 1.0))
    if k == len(ends) or (k == 0 and surplus(ends[0], -1.0) > 0.0):
        return float("nan")
    tried = [ends[k]]
    if k > 0:  # between two ends the surplus is a straight line
        less, more = surplus(ends[k - 1], 1.0), surplus(ends[k], -1.0)
        part = min(1.0, -less / (more - less)) if more > less else 1.0
        tried += [ends[k - 1], ends[k - 1] + part * (ends[k] - ends[k - 1])]
    return max(bound(v) for v in tried)
