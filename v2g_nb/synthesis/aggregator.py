"""The aggregator's game: one price scale for all places and hours, cars that see their own effect on the price.

The campus room's own solver wants a fixed energy for each car. Here the energy is chosen, so the
potential has a term more, and its minimum is found as one quadratic program. At the energies that
it gives, the room's solver must return the same plans; a test holds them together.
"""

from typing import Any

import numpy as np
from scipy import sparse

from v2g_nb import checks
from v2g_nb.campus.game import dynamic_price
from v2g_nb.checks import FloatArray
from v2g_nb.errors import Infeasible, NotConverged
from v2g_nb.leader.line_search import maximise_on_line
from v2g_nb.synthesis.certificates import anticipation_certificates, shared_certificates
from v2g_nb.synthesis.market import spread, totals_matrix
from v2g_nb.synthesis.outcome import Outcome
from v2g_nb.synthesis.town import Town, car_value

OTHER_KWH = 120.0  # B of the campus chapters, at each station in each hour
GAP = 1e-11
ENOUGH = 1e-8  # tolerance of what Clarabel may call almost solved; its own is 5e-5


def respond(town: Town, price_base: float, *, other_kwh: float = OTHER_KWH) -> FloatArray:
    """Return the equilibrium of the cars at one price scale: p (B + S) at each place and hour.

    It is the one minimum of the potential sum p (B S + S^2/2 + sum_i x_i^2/2) + time - worth.

    Parameters
    ----------
    town : Town
        The setting.
    price_base : float
        p [EUR/kWh^2], above 0.
    other_kwh : float
        B: other demand at each station in each hour, at least 0.

    Returns
    -------
    numpy.ndarray, shape (cars, 2, hours)
        What each car takes [kWh].

    Raises
    ------
    InvalidInput
        If an argument is of another kind or out of range.
    NotConverged
        If the quadratic program's solver stops early.

    Examples
    --------
    One car that faces 0.04 times its own energy: 1 - 0.12 - x / 10 = 0.08 x.

    >>> town = Town([1.0], [10.0], [6.0], [0], [1], [0.2], [50.0], power_kw=(50.0, 10.0))
    >>> respond(town, 0.04, other_kwh=0.0)[0, :, 0].round(4)
    array([4.8889, 0.    ])

    References
    ----------
    Shen et al., equations (1)-(3), with quadratic worth in place of the target (7).
    """
    checks.instance("town", town, Town)
    p = checks.real("price_base", price_base, low=0.0, open_low=True)
    return _Potential(town).minimum(p, checks.real("other_kwh", other_kwh, low=0.0))


class _Potential:
    """The potential's program for one town: variables are options, the cars' totals, the places' totals."""

    def __init__(self, town: Town) -> None:
        self.town = town
        car, station, hour = town.options
        k, places = len(car), 2 * town.hours
        draws = sparse.coo_array((np.ones(k), (station * town.hours + hour, np.arange(k))), shape=(places, k))
        equal = sparse.block_array(
            [[totals_matrix(town), -sparse.eye_array(town.size), None], [draws, None, -sparse.eye_array(places)]]
        )
        positive = sparse.hstack([-sparse.eye_array(k), sparse.coo_array((k, town.size + places))])
        self.matrix = sparse.vstack([equal, positive]).tocsc()
        self.worth = np.concatenate([town.time_cost[car, station], -town.first_value])
        self.counts = (town.size + places, k)

    def minimum(self, p: float, base: float) -> FloatArray:
        """Return the cars' equilibrium at a price scale."""
        import clarabel  # only this game needs it

        town, (rows, k) = self.town, self.counts
        places = rows - town.size
        linear = np.concatenate([self.worth, np.full(places, p * base)])
        bend = np.concatenate([np.full(k, p), town.first_value / town.room_kwh, np.full(places, p)])
        settings = clarabel.DefaultSettings()
        settings.verbose = False
        settings.tol_gap_abs = settings.tol_gap_rel = settings.tol_feas = GAP
        settings.reduced_tol_gap_abs = settings.reduced_tol_gap_rel = settings.reduced_tol_feas = ENOUGH
        cones = [clarabel.ZeroConeT(rows), clarabel.NonnegativeConeT(k)]
        curve = sparse.diags_array(bend).tocsc()
        answer = clarabel.DefaultSolver(curve, linear, self.matrix, np.zeros(rows + k), cones, settings).solve()
        if str(answer.status) not in ("Solved", "AlmostSolved"):
            raise NotConverged(f"price_base = {p!r}: Clarabel stopped with status {answer.status}")
        return spread(town, np.maximum(np.array(answer.x)[:k], 0.0))


def _prices(town: Town, p: float, base: float, total: FloatArray) -> FloatArray:
    """Return the room's price (1) at every place and hour, without a building's request."""
    none = np.zeros(town.hours)
    return np.array([dynamic_price(p, np.full(town.hours, base), row, none) for row in total])


def solve_aggregator(
    town: Town, *, other_kwh: float = OTHER_KWH, low: float = 1e-4, high: float = 1e-1, points: int = 9
) -> Outcome:
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
    Outcome
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
    >>> from v2g_nb.synthesis.town import draw_town
    >>> made = solve_aggregator(draw_town(10, np.random.default_rng(1)))
    >>> made.seller_eur > 0
    True

    References
    ----------
    Shen et al., (10) and (17), without building and fee.
    """
    checks.instance("town", town, Town)
    base = checks.real("other_kwh", other_kwh, low=0.0)
    checks.real("low", low, low=0.0, open_low=True)
    checks.real("high", high, low=low, open_low=True)
    checks.integer("points", points, low=3)
    limits, cars = town.limits, _Potential(town)

    def at(log_price: float) -> tuple[float, float]:
        p = float(np.exp(log_price))
        total = cars.minimum(p, base).sum(axis=0)
        earned = float(((_prices(town, p, base, total) - town.energy_price) * total).sum())
        return earned, float(((limits.right - limits.matrix @ total) / (1.0 + limits.right)).min())

    try:
        line = maximise_on_line(at, float(np.log(low)), float(np.log(high)), points, 1e-5)
    except Infeasible:
        right = "no price scale tried between them keeps all limits"
        raise Infeasible(f"low = {low:g}, high = {high:g}: {right}") from None
    p = float(np.exp(line.at))
    energy = cars.minimum(p, base)
    price = _prices(town, p, base, energy.sum(axis=0))
    paid = np.einsum("ijt,jt->i", energy, price)
    notes = (
        *line.certificates,
        *anticipation_certificates(town, energy, p, base),
        *shared_certificates(town, energy, paid, line.value, 0.0),
    )
    return Outcome(
        "aggregator", energy, paid, line.value, 0.0, price, np.array([p, base]), True, len(line.points),
        max(c.value for c in notes), notes,
    )  # fmt: skip


def potential_bound(
    town: Town, price_base: float, energy_kwh: Any, other: Any, *, other_kwh: float = OTHER_KWH
) -> float:
    """Return by how much the welfare of another plan can exceed that of the cars' equilibrium: a proved bound.

    The equilibrium minimises Q less worth, with Q the quadratic part of the potential. So worth less
    Q is no larger at the other plan, and welfare can be larger by no more than Q less the energy's
    cost has grown.

    Parameters
    ----------
    town : Town
        The setting.
    price_base : float
        p [EUR/kWh^2], above 0.
    energy_kwh : array_like, shape (cars, 2, hours)
        The cars' equilibrium at that price scale.
    other : array_like, shape (cars, 2, hours)
        The plan to compare with, such as the optimum.
    other_kwh : float
        B, at least 0.

    Returns
    -------
    float
        In EUR.

    Raises
    ------
    InvalidInput
        If an argument is of another kind or shape.

    Examples
    --------
    >>> town = Town([1.0], [10.0], [5.0], [0], [1], [0.2], [50.0], power_kw=(50.0, 10.0))
    >>> round(potential_bound(town, 0.04, [[[5.0], [0.0]]], [[[7.0], [0.0]]], other_kwh=0.0), 6)
    0.56
    """
    p = checks.real("price_base", price_base, low=0.0, open_low=True)
    base = checks.real("other_kwh", other_kwh, low=0.0)
    parts = []
    for name, given in (("energy_kwh", energy_kwh), ("other", other)):
        checks.array(name, given, shape=(town.size, 2, town.hours) if isinstance(town, Town) else None, low=-1e-6)
        x = np.asarray(given, dtype=np.float64)
        car_value(town, x)  # raises if the town is no Town
        total = x.sum(axis=0)
        quadratic = p * float((base * total + 0.5 * total**2).sum() + 0.5 * (x**2).sum())
        parts.append(quadratic - float(town.energy_price @ total.sum(axis=0)))
    return parts[1] - parts[0]
