"""Would anybody on the power side do better at these prices? Each player's own problem, solved anew.

The CNO's and the DSO's linear programs, built here from the model alone, go to HiGHS; an LSE's quadratic one has a
single row that ties its parts together, so that its dual is a search for one price.
"""

from bisect import bisect_left
from typing import Any

import numpy as np
from scipy import optimize, sparse

from v2g_nb import checks
from v2g_nb.certificate import Certificate
from v2g_nb.checks import FloatArray
from v2g_nb.city.state import CityEquilibrium

LINPROG: Any = optimize.linprog  # its stubs know no sparse matrices
GAP = 1e-4  # $/h
LIMIT = 1e-6  # kW, kvar
VOLTS = 1e-9  # per unit, squared
PRICE = 1e-9  # $/kWh
ROOM = 1e5  # kW; unlimited trades are cut off here, so that a wrong price shows as a large gain


def player_certificates(result: CityEquilibrium) -> tuple[Certificate, ...]:
    """Check limits, clearing and prices, and solve each player's own problem anew at the prices.

    The CNO, the DSO and each LSE take prices as given; an LSE knows the households' demand curves
    and the others' sales. The TSO decides nothing: it delivers what is bought at its price.

    Parameters
    ----------
    result : CityEquilibrium
        What is claimed to be an equilibrium.

    Returns
    -------
    tuple of Certificate
        Limits, voltages, clearing and prices; then what the CNO, the DSO and each LSE could gain.

    Raises
    ------
    InvalidInput
        If `result` is no CityEquilibrium.

    Examples
    --------
    >>> from v2g_nb.city.equilibrium import solve_city
    >>> from v2g_nb.city.scenarios import scenario
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
    checks.instance("result", result, CityEquilibrium)
    feeder = _Dso(result)
    firms = [_Lse(result, k) for k in range(len(result.model.market.shares))]
    cno = _Cno(result)
    limits = [cno.violation, feeder.violation, *(firm.violation for firm in firms)]
    apart = result.dlmp - result.import_price - result.wheeling_fee
    proof = [
        Certificate("limits that are not kept", _worst(*limits), LIMIT, "kW or kvar"),
        Certificate("voltages that do not follow", _worst(feeder.voltage_error), VOLTS, "pu"),
        Certificate("markets that do not clear", _worst(*_clearing(result)), LIMIT, "kW"),
        Certificate("DLMP other than import price plus fee", _worst(apart), PRICE, "$/kWh"),
        Certificate("idle services at another price than the bus's", _worst(*_idle(result)), PRICE, "$/kWh"),
        Certificate("gain of the CNO", cno.gain(), GAP, "$/h"),
        Certificate("gain of the DSO", feeder.gain(), GAP, "$/h"),
    ]
    proof += [Certificate(f"gain of LSE {k + 1}", firm.gain(), GAP, "$/h") for k, firm in enumerate(firms)]
    return tuple(proof)


def _worst(*values: Any) -> float:
    flat = np.concatenate([np.ravel(np.asarray(value, dtype=np.float64)) for value in values])
    return float(np.abs(flat).max(initial=0.0)) if np.isfinite(flat).all() else float("nan")


def _outside(value: Any, low: Any, high: Any) -> FloatArray:
    return np.asarray(np.maximum(np.maximum(low - value, value - high), 0.0) + 0.0 * value)


def _clearing(result: CityEquilibrium) -> list[FloatArray]:
    """Return what is missing in (11), (12a) to (12c)."""
    model, grid = result.model, result.model.market.grid
    n = grid.feeder.num_buses
    buses = list(dict.fromkeys(model.station_bus.tolist()))
    net = result.traded_kw[:, :, 1] - result.traded_kw[:, :, 0]
    put_in = np.zeros(n)
    np.add.at(put_in, grid.generator_bus, result.generation_kw)
    np.add.at(put_in, buses, net.sum(axis=0))
    at_bus = np.zeros((len(buses), 2))
    for n_station, bus in enumerate(model.station_bus.tolist()):
        at_bus[buses.index(bus)] += [result.charging_kw[n_station], result.discharging_kw[n_station]]
    return [
        result.injection_kw - (put_in - result.sales_kw.sum(axis=0)),
        result.traded_kw.sum(axis=0) - at_bus,
        np.array([result.purchase_kw.sum() - result.import_kw]),
    ]


def _idle(result: CityEquilibrium) -> list[FloatArray]:
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


def _gain(best: float | None, reached: float) -> float:
    """Return what could be gained; NaN if the problem could not be solved."""
    return abs(best - reached) if best is not None else float("nan")


class _Cno:
    """Problem (1): buy from LSEs, sell to drivers, and the other way round, within the stations' limits."""

    def __init__(self, result: CityEquilibrium) -> None:
        stations = result.model.stations
        self.low = np.array([station.lowest_kw for station in stations])
        self.high = np.array([station.highest_kw for station in stations])
        self.margin = np.concatenate(
            [
                result.price_charging - result.trade_price_charging,
                result.trade_price_discharging - result.price_discharging,
            ]
        )
        self.amounts = np.concatenate([result.charging_kw, result.discharging_kw])
        net = result.charging_kw - result.discharging_kw
        self.violation = np.concatenate([_outside(net, self.low, self.high), np.minimum(self.amounts, 0.0)])

    def gain(self) -> float:
        if not np.isfinite(self.margin).all():
            return float("nan")
        unit = np.eye(len(self.low))
        net = np.hstack([unit, -unit])
        rows, right = np.vstack([net, -net]), np.concatenate([self.high, -self.low])
        kept = np.isfinite(right)
        answer = LINPROG(-self.margin, rows[kept], right[kept], bounds=(0.0, ROOM))
        best = -float(answer.fun) if answer.status == 0 else None
        return _gain(best, float(self.margin @ self.amounts))


class _Dso:
    """Problem (9): import at the TSO's price, inject and withdraw at the fees, within the feeder's limits."""

    def __init__(self, result: CityEquilibrium) -> None:
        grid = result.model.market.grid
        tree = grid.feeder
        self.grid, self.result = grid, result
        self.n, self.m, self.g = tree.num_buses, tree.num_lines, len(grid.generator_bus)
        lines = np.arange(self.m)
        ones, shape = np.ones(self.m), (self.n, self.m)
        # what leaves a bus over its lines
        self.out = sparse.csr_array((ones, (tree.tails, lines)), shape=shape)
        self.out = self.out - sparse.csr_array((ones, (tree.heads, lines)), shape=shape)
        self.root: Any = np.eye(self.n)[:, [tree.root]]
        turns = 2.0 * np.pi * np.arange(grid.facets) / grid.facets
        self.cos, self.sin = np.cos(turns), np.sin(turns)
        injected = np.zeros(self.n)
        np.add.at(injected, grid.generator_bus, result.generation_kvar)
        active = result.injection_kw + self.root[:, 0] * result.import_kw - self.out @ result.active_kw
        reactive = injected - grid.load_kvar + self.root[:, 0] * result.import_kvar - self.out @ result.line_kvar
        sides = np.outer(self.cos, result.active_kw) + np.outer(self.sin, result.line_kvar) - tree.rating_kva
        self.violation = np.concatenate(
            [
                active,
                reactive,
                np.maximum(sides, 0.0).ravel(),
                _outside(result.generation_kvar, -grid.reactive_kvar, grid.reactive_kvar),
                _outside(np.array([result.import_kw]), 0.0, grid.import_kw),
                _outside(np.array([result.import_kvar]), -grid.import_kvar, grid.import_kvar),
            ]
        )
        squared = result.voltage_pu**2
        fall = squared[tree.tails] - squared[tree.heads]
        drop = 2.0 * (tree.resistance * result.active_kw + tree.reactance * result.line_kvar) / tree.base_kva
        self.voltage_error = np.concatenate(
            [
                fall - drop,
                [squared[tree.root] - grid.source_voltage_pu**2],
                _outside(squared, grid.lowest_pu**2, grid.highest_pu**2),
            ]
        )

    def gain(self) -> float:
        """Solve the problem over p, p0, q0, q of the generators, P, Q and squared voltages."""
        grid, tree, result = self.grid, self.grid.feeder, self.result
        n, m, g = self.n, self.m, self.g
        margin = result.import_price - grid.import_cost_per_kwh
        profit = np.concatenate([-result.wheeling_fee, [margin], np.zeros(1 + g + 2 * m + n)])
        if not np.isfinite(profit).all():
            return float("nan")
        at = sparse.csr_array((np.ones(g), (grid.generator_bus, np.arange(g))), shape=(n, g))
        r, x = (sparse.diags_array(2.0 * v / tree.base_kva) for v in (tree.resistance, tree.reactance))
        none: Any = None
        equal: Any = sparse.block_array(
            [
                [sparse.eye_array(n), self.root, none, none, -self.out, none, none],
                [none, none, self.root, at, none, -self.out, none],
                [none, none, none, none, r, x, -self.out.T],
                [none, none, none, none, none, none, self.root.T],
            ]
        )
        right = np.concatenate([np.zeros(n), grid.load_kvar, np.zeros(m), [grid.source_voltage_pu**2]])
        rated = np.isfinite(tree.rating_kva)
        pick = sparse.eye_array(m).tocsr()[rated]
        before = sparse.csr_array((grid.facets * int(rated.sum()), n + 2 + g))
        sides = sparse.block_array(
            [[sparse.vstack([c * pick for c in self.cos]), sparse.vstack([s * pick for s in self.sin])]]
        )
        after = sparse.csr_array((sides.shape[0], n))
        limits = sparse.hstack([before, sides, after])
        free = np.full(n + 2 * m, np.inf)
        low = np.concatenate([-free[:n], [0.0, -grid.import_kvar], -grid.reactive_kvar, -free[n:]])
        high = np.concatenate([free[:n], [grid.import_kw, grid.import_kvar], grid.reactive_kvar, free[n:]])
        band = np.full(n, 1.0)
        bounds = np.column_stack(
            [
                np.concatenate([low, band * grid.lowest_pu**2]),
                np.concatenate([high, band * grid.highest_pu**2]),
            ]
        )
        answer = LINPROG(
            -profit,
            limits if limits.shape[0] else None,
            np.tile(tree.rating_kva[rated], grid.facets) if limits.shape[0] else None,
            equal,
            right,
            bounds=bounds,
        )
        reached = margin * result.import_kw - float(result.wheeling_fee @ result.injection_kw)
        return _gain(-float(answer.fun) if answer.status == 0 else None, reached)


class _Lse:
    """Problem (10) of one LSE, the others' sales given."""

    def __init__(self, result: CityEquilibrium, which: int) -> None:
        model, grid = result.model, result.model.market.grid
        market = model.market
        homes = np.flatnonzero(grid.load_kw > 0.0)
        buses = list(dict.fromkeys(model.station_bus.tolist()))
        first = [model.station_bus.tolist().index(bus) for bus in buses]
        own = np.flatnonzero(market.owner == which)
        self.sizes = (len(own), len(homes), len(homes), len(buses), len(buses), 1)
        self.duty = market.obligations_kw[which, homes]
        others = np.delete(result.sales_kw, which, axis=0).sum(axis=0)[homes]
        fee = result.wheeling_fee
        # order: own generation, sales, shedding, sold to the CNO, bought from it, bought from the TSO
        self.linear = np.concatenate(
            [
                grid.cost_per_kwh[own] - fee[grid.generator_bus[own]],
                -(market.intercept[homes] - market.slope[homes] * others - fee[homes]),
                np.full(len(homes), grid.shed_cost_per_kwh),
                -(result.trade_price_charging[first] - fee[buses]),
                result.trade_price_discharging[first] - fee[buses],
                [result.import_price],
            ]
        )
        curve = [grid.cost_slope[own], 2.0 * market.slope[homes], np.zeros(len(homes) + 2 * len(buses) + 1)]
        self.curve = np.concatenate(curve)
        self.point = np.concatenate(
            [
                result.generation_kw[own],
                result.sales_kw[which, homes],
                result.shed_kw[which, homes],
                result.traded_kw[which, :, 0],
                result.traded_kw[which, :, 1],
                [result.purchase_kw[which]],
            ]
        )
        self.balance = np.concatenate(
            [sign * np.ones(size) for sign, size in zip((1, -1, 0, -1, 1, 1), self.sizes, strict=True)]
        )
        wide = np.full(len(homes) + 2 * len(buses), ROOM)
        self.low = np.concatenate([np.zeros(len(self.point) - 1), [-ROOM]])
        self.high = np.concatenate([grid.capacity_kw[own], wide[: len(homes)], self.duty, wide[len(homes) :], [ROOM]])
        start = len(own)
        served = self.point[start : start + len(homes)] + self.point[start + len(homes) : start + 2 * len(homes)]
        elsewhere = np.delete(np.arange(grid.feeder.num_buses), homes)
        self.violation = np.concatenate(
            [
                _outside(self.point, self.low, self.high),
                np.minimum(served - self.duty, 0.0),
                [self.balance @ self.point],
                result.sales_kw[which, elsewhere],
                result.shed_kw[which, elsewhere],
            ]
        )

    def gain(self) -> float:
        """Compare with the dual: whatever a kWh is worth within the firm, no plan costs less than the bound at it."""
        if not np.isfinite(self.linear).all():
            return float("nan")
        reached = self.linear @ self.point + 0.5 * self.curve @ self.point**2
        return _gain(_most(*self._parts()), float(reached))

    def _parts(self) -> tuple[FloatArray, FloatArray, FloatArray, FloatArray, FloatArray, float]:
        """Return the problem with the balance as its only row: costs, curves, bounds, signs, and a constant.

        Shed no more than what sales leave of the duty: then the first kWh sold, up to the duty, save the cost of
        shedding, and those after them do not. The sales of a home are two parts, the first the better one.
        """
        own, homes = self.sizes[0], self.sizes[1]
        sales, shed = slice(own, own + homes), slice(own + homes, own + 2 * homes)
        rest = np.r_[0:own, own + 2 * homes : len(self.point)]
        duty, saved = self.high[shed], self.linear[shed]
        first = np.minimum(duty, self.high[sales])
        cost = np.concatenate(
            [self.linear[sales] - saved, self.linear[sales] + self.curve[sales] * first, self.linear[rest]]
        )
        curve = np.concatenate([self.curve[sales], self.curve[sales], self.curve[rest]])
        low = np.concatenate([np.zeros(2 * homes), self.low[rest]])
        high = np.concatenate([first, self.high[sales] - first, self.high[rest]])
        sign = np.concatenate([self.balance[sales], self.balance[sales], self.balance[rest]])
        return cost, curve, low, high, sign, float(saved @ duty)


def _most(
    cost: FloatArray, curve: FloatArray, low: FloatArray, high: FloatArray, sign: FloatArray, constant: float
) -> float | None:
    """Return the largest dual bound on the least cost of parts within bounds that balance; None if none do.

    At a worth v of a kWh the bound is the sum over parts of min (cost - v sign) x + curve x^2 / 2: by weak
    duality it holds for any v, so that an error in the search could raise an alarm but never hide a gain.
    """
    flat = curve == 0.0
    bend = np.where(flat, 1.0, curve)

    def plan(v: float, side: float) -> FloatArray:
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
        return None
    tried = [ends[k]]
    if k > 0:  # between two ends the surplus is a straight line
        less, more = surplus(ends[k - 1], 1.0), surplus(ends[k], -1.0)
        part = min(1.0, -less / (more - less)) if more > less else 1.0
        tried += [ends[k - 1], ends[k - 1] + part * (ends[k] - ends[k - 1])]
    return max(bound(v) for v in tried)
