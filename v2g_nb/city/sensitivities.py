"""What to ask of an equilibrium when a choice is changed: which statements survive, and what is unique."""

from collections.abc import Mapping
from typing import Annotated, Any

import numpy as np
from scipy import optimize

from v2g_nb import checks
from v2g_nb.checks import Array, FloatArray
from v2g_nb.city.program import city_program
from v2g_nb.city.result import CityResult
from v2g_nb.errors import NotConverged

LINPROG: Any = optimize.linprog  # its stubs know no sparse matrices
NAMES = ("base", "stress", "island")
FOLLOWED, LAST_PAIR = 3, 17  # the pair whose trips the paper follows, and the last that it names
PUBLISHED_WAY = (1, 3, 12, 13, 24, 21, 20)
EXTREME, NORMAL = 10.0, 1.0  # $/kWh
NOTHING = 1e-3  # kW, kWh or a part of the trips
SAME = 1e-6  # part of the trips
SHARE, PERCENT, DOLLARS, DOLLARS_V2G = 0.005, 0.01, 0.2, 0.15  # as near as the ledger wants it
CURVED = 1e-6  # second derivative from which a variable counts as unique
ROOM = 1e-9  # by which a unique variable may move, in the program's units


def equilibrium_span(
    result: CityResult, goal: Annotated[FloatArray, Array("result.point.size")]
) -> tuple[float, float]:
    """Return the least and the largest value of a linear quantity over all equilibria of the convex program.

    All minimisers of a convex program have the same derivatives. So they are the points that keep
    all limits, agree in every variable whose cost is strictly convex, and do not raise the
    linearised cost. Over these points two linear programs are solved.

    Parameters
    ----------
    result : CityResult
        An equilibrium, of electric drivers who value time alike.
    goal : array_like, shape (columns,)
        Weights on ``result.point``, in the units of the program: hundred vehicles, MW.

    Returns
    -------
    tuple of float
        Least and largest.

    Raises
    ------
    InvalidInput
        If `result` is no CityResult, electric classes value time differently, or `goal` has another
        length.
    NotConverged
        If a linear program found no end.

    Examples
    --------
    >>> result = solve_city(small_city())
    >>> goal = np.zeros(len(result.point))
    >>> goal[city_program(result.model, result.paths).columns["discharge"]] = 1000.0
    >>> low, high = equilibrium_span(result, goal)
    >>> round(low, 2), round(high, 2)
    (87.44, 87.44)

    References
    ----------
    O. L. Mangasarian, A simple characterization of solution sets of convex programs, Operations
    Research Letters 7 (1988).
    """
    if len({group.value_of_time for group in result.model.drivers if group.electric}) > 1:
        raise checks.invalid("result", result, "of electric classes that value time alike")
    program, x = city_program(result.model, result.paths), result.point
    slope = program.gradient(x) / program.weight
    slope /= 1.0 + np.abs(slope).max()
    fixed = program.curvature(x) > CURVED
    low, high = np.where(fixed, x - ROOM, program.lower), np.where(fixed, x + ROOM, program.upper)
    ends = []
    for sign in (1.0, -1.0):
        answer = LINPROG(
            sign * goal,
            A_ub=slope[None],
            b_ub=[slope @ x + 1e-3 * ROOM],
            A_eq=program.matrix,
            b_eq=program.right,
            bounds=np.column_stack([low, high]),
            options={"primal_feasibility_tolerance": 1e-10, "dual_feasibility_tolerance": 1e-10},
        )
        if answer.status != 0:
            raise NotConverged(f"goal: the linear program over the equilibria ended with {answer.message!r}")
        ends.append(float(goal @ answer.x))
    return ends[0], ends[1]


def paper_statements(cases: Mapping[tuple[str, bool], CityResult]) -> dict[str, bool]:
    """Judge sixteen statements of the paper on its six cases.

    Parameters
    ----------
    cases : mapping of (str, bool) to CityResult
        The scenarios ``"base"``, ``"stress"`` and ``"island"``, each without and with V2G.

    Returns
    -------
    dict of str to bool
        Each statement, and whether it holds. *Extreme* prices are above 10 $/kWh, *near normal* ones below 1;
        numbers are compared within half a percentage point, one point for the social cost, and costs of
        a trip within 20 cents without V2G and 15 with it. Of several electric classes the mean cost counts.

    Raises
    ------
    InvalidInput
        If one of the six cases is missing or no CityResult, or has fewer than 17 pairs.

    Examples
    --------
    >>> cases = {(name, v2g): solve_city(scenario(name, v2g)) for name in SCENARIOS for v2g in (False, True)}
    >>> found = paper_statements(cases)
    >>> found["with V2G nothing is shed"], found["dwell time: up in Base, else down"]
    (True, False)

    References
    ----------
    Sections IV-B to IV-D of the city paper.
    """
    wanted = [(name, v2g) for name in NAMES for v2g in (False, True)]
    if any(not isinstance(cases.get(key), CityResult) for key in wanted):
        raise checks.invalid("cases", cases, f"a CityResult for each of {wanted}")
    if min(len(cases[key].model.pairs) for key in wanted) < LAST_PAIR:
        raise checks.invalid("cases", cases, f"of at least {LAST_PAIR} pairs of nodes")
    without, with_v2g = ([cases[name, v2g] for name in NAMES] for v2g in (False, True))
    parts = (_power, _stops, _trips)
    return {line: bool(holds) for part in parts for line, holds in part(without, with_v2g).items()}


def _power(a: list[CityResult], b: list[CityResult]) -> dict[str, Any]:
    """Judge statements on power, without (a) and with V2G (b)."""
    saved = [1.0 - y.social_cost["total"] / x.social_cost["total"] for x, y in zip(a, b, strict=True)]
    return {
        "Base: nothing is shed": max(a[0].total_shed_kw, b[0].total_shed_kw) < NOTHING,
        "Stress, Island without V2G: load is shed": min(r.total_shed_kw for r in a[1:]) > NOTHING,
        "with V2G nothing is shed": max(r.total_shed_kw for r in b) < NOTHING,
        "without V2G extreme prices": min(r.max_dlmp for r in a[1:]) > EXTREME,
        "with V2G near normal prices": max(r.max_dlmp for r in b) < NORMAL,
        "Island: stations feed in": b[2].station_load_kw.sum() < 0.0,
        "social cost: -6 %, marginal in Base": abs(np.mean(saved[1:]) - 0.06) < PERCENT and 0.0 < saved[0] < PERCENT,
    }


def _stops(a: list[CityResult], b: list[CityResult]) -> dict[str, Any]:
    """Judge statements on stops."""
    both = list(zip(a, b, strict=True))
    visits, pairs = [r.visit_share for r in b], [len(r.discharging_pairs) for r in b]
    dwell = [y.dwell_h - x.dwell_h for x, y in both]
    less = all(y.charged_kwh < x.charged_kwh - NOTHING for x, y in both)
    return {
        "visits equal in four cases": np.ptp([r.visit_share for r in (*a, b[0])]) < SAME,
        "visits rise in Stress, more in Island": a[1].visit_share + NOTHING < visits[1] < visits[2] - NOTHING,
        "visits 22 % and 34 %": max(abs(visits[1] - 0.22), abs(visits[2] - 0.34)) < SHARE,
        "charging falls, sales peak in Island": less and int(np.argmax([r.discharged_kwh for r in b])) == len(b) - 1,
        "dwell time: up in Base, else down": dwell[0] > 0.0 > max(dwell[1:]),
        "more pairs sell in Stress, most in Island": pairs[0] < pairs[1] < pairs[2],
    }


def _trips(a: list[CityResult], b: list[CityResult]) -> dict[str, Any]:
    """Judge statements on trips of single pairs."""
    before = [_paid(r, FOLLOWED) - said for r, said in zip(a[1:], (36.4, 528.7), strict=True)]
    after = [_paid(r, FOLLOWED) - 14.7 for r in b[1:]]
    ways = [r.paths[r.dominant(FOLLOWED)].trip for r in b[1:]]
    lost = [_paid(y, pair) - _paid(x, pair) for x, y in zip(a, b, strict=True) for pair in (14, LAST_PAIR)]
    return {
        "OD 3 sells on the published way": all((w.nodes, w.pattern) == (PUBLISHED_WAY, "2") for w in ways),
        "OD 3: 36.4 and 528.7 $ become 14.7": np.abs(before).max() < DOLLARS and np.abs(after).max() < DOLLARS_V2G,
        "OD 14 and 17 do not lose": max(lost) < ROOM,
    }


def _paid(result: CityResult, pair: int) -> float:
    """Return what the electric drivers of a pair pay, the mean of classes [$]."""
    electric = [m for m, group in enumerate(result.model.drivers) if group.electric]
    return float(np.mean(result.od_cost[electric, pair - 1]))
