"""Two mechanisms as convex programs: the market with local prices, and the aggregator's game.

In the market cars take prices as given, and every limit of the grid has a price. In the game there is one
price scale for all places and hours, and cars see their own effect on the price. The campus's own solver
wants a fixed energy for each car; here the energy is chosen, so the potential has a term more, and its
minimum is found as one quadratic program. At the energies that it gives, the campus's solver must return
the same plans; a test holds them together.
"""

from collections.abc import Callable
from typing import Annotated, Any

import numpy as np
from scipy import sparse

from v2g_nb import checks
from v2g_nb.arguments import needed
from v2g_nb.checks import FloatArray, Number, Whole
from v2g_nb.complementarity.barrier import interior_point
from v2g_nb.errors import Infeasible, NotConverged
from v2g_nb.leader.line_search import maximise_on_line
from v2g_nb.synthesis.certificates import anticipation_certificates, certified, market_certificates
from v2g_nb.synthesis.town import Positive, Town, TownOutcome, local_prices

Other = Annotated[float, Number(low=0.0)]
Points = Annotated[int, Whole(low=3)]
TOLERANCE = 1e-10  # relative; the certificates are in EUR
OTHER_KWH = 120.0  # B of the campus chapters, at each station in each hour
GAP = 1e-11
ENOUGH = 1e-8  # tolerance of what Clarabel may call almost solved; its own is 5e-5


def sums(town: Town) -> tuple[Any, Any]:
    """Return the matrices that sum options, their numbers as columns, to cars and to places, hour by hour."""
    car, station, hour = town.options
    k = len(car)
    cars = sparse.coo_array((np.ones(k), (car, np.arange(k))), shape=(town.size, k))
    places = (station * town.hours + hour, np.arange(k))
    return cars, sparse.coo_array((np.ones(k), places), shape=(2 * town.hours, k))


def spread(town: Town, values: FloatArray) -> FloatArray:
    """Return values of options as an array of shape (cars, 2, hours), zero elsewhere."""
    whole = np.zeros((town.size, 2, town.hours))
    whole[town.options] = values
    return whole


def solve_market(town: Town) -> TownOutcome:
    """Return the equilibrium in which cars and sellers take local prices as given.

    It minimises one convex function, cost less worth, under the grid's limits: the prices are the
    energy's price and what the full limits add to it. Sellers pass prices on and earn nothing.

    Parameters
    ----------
    town : Town
        The setting.

    Returns
    -------
    TownOutcome
        Its `leader` holds the price of each limit in each hour, shape (limits, hours).

    Raises
    ------
    InvalidInput
        If `town` is no Town.

    Examples
    --------
    >>> town = Town([1.0], [10.0], [5.0], [0], [1], [0.2], [50.0])
    >>> float(solve_market(town).energy_kwh[0, 0, 0].round(6))
    7.0

    References
    ----------
    Hou, Li and Pang, (1) and (11)-(13), as one program: the integrability theorem of the city's chapters.
    """
    car, station, hour = town.options
    k, limits = len(car), town.limits
    rows = limits.right.size
    # variables: options, the cars' totals, and what is left under each limit as a share of it, hour by
    # hour: with rows of one size the interior point starts well inside
    totals, draws = sums(town)
    used = sparse.kron(sparse.coo_array(limits.matrix), sparse.eye_array(town.hours)) @ draws
    share = sparse.diags_array(1.0 / limits.right.ravel()) @ used
    own, left = sparse.eye_array(town.size), sparse.eye_array(rows)
    matrix = sparse.block_array([[totals, -own, None], [share, None, left]])
    right = np.concatenate([np.zeros(town.size), np.ones(rows)])
    linear = np.concatenate([town.time_cost[car, station] + town.energy_price[hour], -town.first_value, np.zeros(rows)])
    bend = np.concatenate([np.zeros(k), town.first_value / town.room_kwh, np.zeros(rows)])
    high = np.concatenate([np.full(k, np.inf), town.room_kwh, np.full(rows, np.inf)])
    found = interior_point(
        lambda x: linear + bend * x, lambda x: bend, matrix, right, np.zeros(len(linear)), high, tol=TOLERANCE
    )
    limit_price = np.maximum(-found.dual[town.size :], 0.0).reshape(limits.right.shape) / limits.right
    price, energy = local_prices(town, limit_price), spread(town, np.maximum(found.point[:k], 0.0))
    paid = np.einsum("ijt,jt->i", energy, price)
    rent = float((limit_price * (limits.matrix @ energy.sum(axis=0))).sum())
    outcome = TownOutcome(
        "local prices", town, energy, paid, 0.0, rent, price, limit_price, found.converged, found.num_iter
    )
    return certified(outcome, *found.certificates, *market_certificates(outcome))


def cars_program(town: Town) -> Callable[[float, float], FloatArray]:
    """Return the function that gives what each car takes at a price scale p, beside other demand B [kWh].

    The equilibrium of the cars at a price p (B + S) is the one minimum of the potential, the sum of
    p (B S + S^2/2 + sum_i x_i^2/2) + time - worth over all places and hours (Shen et al., equations
    (1)-(3), with quadratic worth in place of the target (7)). Variables are options, the cars' totals
    and the places' totals.
    """
    clarabel = needed("clarabel")
    (car, station, _), (totals, draws) = town.options, sums(town)
    places, k = draws.shape
    rows = town.size + places
    own, sold = sparse.eye_array(town.size), sparse.eye_array(places)
    equal = sparse.block_array([[totals, -own, None], [draws, None, -sold]])
    positive = sparse.hstack([-sparse.eye_array(k), sparse.coo_array((k, rows))])
    matrix = sparse.vstack([equal, positive]).tocsc()
    worth = np.concatenate([town.time_cost[car, station], -town.first_value])
    settings = clarabel.DefaultSettings()
    settings.verbose = False
    settings.tol_gap_abs = settings.tol_gap_rel = settings.tol_feas = GAP
    settings.reduced_tol_gap_abs = settings.reduced_tol_gap_rel = settings.reduced_tol_feas = ENOUGH
    cones = [clarabel.ZeroConeT(rows), clarabel.NonnegativeConeT(k)]

    def minimum(p: float, base: float) -> FloatArray:
        linear = np.concatenate([worth, np.full(places, p * base)])
        bend = np.concatenate([np.full(k, p), town.first_value / town.room_kwh, np.full(places, p)])
        curve = sparse.diags_array(bend).tocsc()
        answer = clarabel.DefaultSolver(curve, linear, matrix, np.zeros(rows + k), cones, settings).solve()
        if str(answer.status) not in ("Solved", "AlmostSolved"):
            raise NotConverged(f"price_base = {p!r}: Clarabel stopped with status {answer.status}")
        return spread(town, np.maximum(np.array(answer.x)[:k], 0.0))

    return minimum


def solve_aggregator(
    town: Town, *, other_kwh: Other = OTHER_KWH, low: Positive = 1e-4, high: float = 1e-1, points: Points = 9
) -> TownOutcome:
    """Return the aggregator's best price scale that keeps the grid's limits, and what follows from it.

    Parameters
    ----------
    town : Town
        The setting.
    other_kwh : float
        B: other demand at each station in each hour, at least 0.
    low, high : float
        Range of the price scale [EUR/kWh^2].
    points : int
        Prices of the first grid; at least 3.

    Returns
    -------
    TownOutcome
        Its `leader` holds what the price p (B + S) is made of: the price scale p and the other demand B.

    Raises
    ------
    InvalidInput
        If an argument is of another kind or out of range.
    Infeasible
        If no price tried keeps the limits.
    NotConverged
        If the solver of the cars' quadratic program stops early.

    Examples
    --------
    >>> made = solve_aggregator(draw_town(10, np.random.default_rng(1)))
    >>> made.seller_eur > 0
    True

    References
    ----------
    Shen et al., (10) and (17), without building and fee.
    """
    checks.real("high", high, low=low, open_low=True)
    limits, answer = town.limits, cars_program(town)

    def at(log_price: float) -> tuple[float, float]:
        p = float(np.exp(log_price))
        total = answer(p, other_kwh).sum(axis=0)
        earned = float(((p * (other_kwh + total) - town.energy_price) * total).sum())
        return earned, float(((limits.right - limits.matrix @ total) / (1.0 + limits.right)).min())

    try:
        line = maximise_on_line(at, float(np.log(low)), float(np.log(high)), points, 1e-5)
    except Infeasible:
        right = "no price scale tried between them keeps all limits"
        raise Infeasible(f"low = {low:g}, high = {high:g}: {right}") from None
    p = float(np.exp(line.at))
    energy = answer(p, other_kwh)
    price = p * (other_kwh + energy.sum(axis=0))
    paid, leader = np.einsum("ijt,jt->i", energy, price), np.array([p, other_kwh])
    outcome = TownOutcome("aggregator", town, energy, paid, line.value, 0.0, price, leader, True, len(line.points))
    return certified(outcome, *line.certificates, *anticipation_certificates(outcome))


def potential_bound(outcome: TownOutcome, other: TownOutcome) -> float:
    """Return by how much the welfare of another outcome can exceed that of the aggregator's: a proved bound.

    The cars' equilibrium minimises Q less worth, with Q the quadratic part of the potential. So worth
    less Q is no larger at the other plan, and welfare can be larger by no more than Q less the energy's
    cost has grown.

    Parameters
    ----------
    outcome : TownOutcome
        The aggregator's.
    other : TownOutcome
        What to compare it with, such as the optimum; of the same town.

    Returns
    -------
    float
        In EUR.

    Raises
    ------
    InvalidInput
        If an argument is of another kind, `outcome` is not the aggregator's, or `other` is of another size.

    Examples
    --------
    >>> town = Town([1.0], [10.0], [5.0], [0], [1], [0.2], [50.0])
    >>> sold = solve_aggregator(town, other_kwh=0.0)
    >>> 0 < solve_market(town).welfare - sold.welfare < potential_bound(sold, solve_market(town))
    True
    """
    if outcome.mechanism != "aggregator":
        raise checks.invalid("outcome", outcome, "one of the aggregator's")
    if other.energy_kwh.shape != outcome.energy_kwh.shape:
        raise checks.invalid(
            "other", other, f"one of the same town, with energy_kwh of shape {outcome.energy_kwh.shape}"
        )
    p, base = outcome.leader.tolist()

    def growth(x: FloatArray) -> float:
        total = x.sum(axis=0)
        quadratic: float = p * float((base * total + 0.5 * total**2).sum() + 0.5 * (x**2).sum())
        return quadratic - float(outcome.town.energy_price @ total.sum(axis=0))

    return growth(other.energy_kwh) - growth(outcome.energy_kwh)
