"""A car's best response with the deviation term (4) as printed: a mixed-integer program.

The absolute value of the total is rewarded either way, so the problem is not convex: each slot in
which the total could have both signs takes a binary. The two squares are replaced by tangents,
added where the last solution was, until the gap between bound and cost is closed.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
import scipy.sparse as sp

from v2g_nb import checks
from v2g_nb.arguments import needed
from v2g_nb.campus.fleet import Count, Index, Positive
from v2g_nb.campus.game import FleetGame, Plan
from v2g_nb.certificate import Certificate, Result
from v2g_nb.checks import FloatArray
from v2g_nb.errors import Infeasible

Rows = tuple[Any, Any, Any]  # matrix, lower and upper bounds


@dataclass(frozen=True, eq=False)
class PrintedResponse(Result):
    """A car's best response to the printed cost.

    Parameters
    ----------
    plan_kw : numpy.ndarray, shape (slots,)
        Charging power.
    cost_eur : float
        The car's cost (2) with (4) as printed.
    bound_eur : float
        No plan costs less than this.
    binaries : int
        Slots in which the total could have both signs.
    converged : bool
        Whether cost and bound meet.
    num_iter : int
        Mixed-integer programs solved.
    certificates : tuple of Certificate
        That cost and bound meet.
    """

    plan_kw: FloatArray
    cost_eur: float
    bound_eur: float
    binaries: int
    converged: bool
    num_iter: int
    certificates: tuple[Certificate, ...]


def printed_best_response(
    game: FleetGame, plan_kw: Plan, car: Index, tol: Positive = 1e-6, max_iter: Count = 60
) -> PrintedResponse:
    """Return the least-cost plan of one car with the deviation term (4) as printed.

    Parameters
    ----------
    game : FleetGame
        Cars and prices; the target must be hard.
    plan_kw : array_like, shape (cars, slots)
        Charging power of each car; the car's own row does not matter.
    car : int
        Who responds.
    tol : float
        Gap between cost and bound at which to stop [EUR].
    max_iter : int
        Largest number of mixed-integer programs.

    Returns
    -------
    PrintedResponse

    Raises
    ------
    InvalidInput
        If an argument is of another kind or shape, or the target is not hard.
    Infeasible
        If the car has no plan.

    References
    ----------
    Shen et al., equations (2)-(9) as printed, the mixed-integer problem of section 2.1.

    Examples
    --------
    >>> fleet = Fleet(2, [0, 0], [2, 2], [0.5, 0.5], [0.5, 0.5], hours=0.25)
    >>> game = FleetGame(fleet, [40.0, 0.0], [0.0, 0.0], 0.002, deviation_weight=0.002)
    >>> other = [[0.0, 0.0], [-140 / 11, 140 / 11]]
    >>> printed_best_response(game, other, 0).plan_kw.round(2)
    array([-12.73,  12.73])
    """
    checks.integer("car", car, high=game.fleet.size - 1)
    if not game.hard_target:
        raise checks.invalid("game", game, "a game with hard_target=True")
    model = _Model(game, plan_kw, car)
    best, bound = (np.inf, plan_kw), -np.inf
    for num_iter in range(1, max_iter + 1):  # noqa: B007 -- used after the loop
        bound = max(bound, model.solve())
        trial = plan_kw.copy()
        trial[car] = 0.0
        trial[car, model.slots] = model.found[: model.n]
        cost = float(game.car_costs(trial, printed=True).total_eur[car])
        if cost < best[0]:
            best = (cost, trial)
        if best[0] - bound <= tol:
            break
        model.cut()
    gap = abs(best[0] - bound)
    note = Certificate("cost above the mixed-integer bound", gap, tol, "EUR")
    return PrintedResponse(best[1][car], best[0], bound, int(model.both.sum()), gap <= tol, num_iter, (note,))


class _Model:
    """Unknown, for each slot of the stay: x, its square u, shortfall z, its square w, use y, sign b."""

    def __init__(self, game: FleetGame, plan: FloatArray, car: int) -> None:
        fleet = game.fleet
        self.car = car
        self.slots = np.arange(fleet.arrival[car], fleet.departure[car])
        self.n = n = len(self.slots)
        others = plan.sum(axis=0) - plan[car]  # all day: what the car's own row holds does not matter
        self.others = others[self.slots]
        power = float(fleet.power_kw[car])
        request = np.maximum(game.request_kw[self.slots], 0.0)
        slope = game.price_base * fleet.hours
        linear = slope * (game.baseline_kw[self.slots] - game.request_kw[self.slots] + self.others)
        weight = np.where(request > 0, game.deviation_weight, 0.0)
        worth = game.soc_weight * fleet.hours / float(fleet.capacity_kwh[car])
        nothing = np.zeros(n)
        self.cost = np.concatenate([linear - worth, np.full(n, slope), nothing, weight, nothing, nothing])
        apart = np.setdiff1d(np.arange(fleet.slots), self.slots)
        missed = np.maximum(0.0, game.request_kw - np.abs(others))[apart]
        missed = missed[game.request_kw[apart] > 0]
        need = float(fleet.soc_target[car] - fleet.soc_start[car])
        self.constant = game.deviation_weight * float(missed @ missed) + game.soc_weight * need
        self.both = (request > 0) & (np.abs(self.others) < power)
        sign = np.where(self.others >= 0, 1.0, 0.0)
        wide = np.abs(self.others) + power
        low = [np.full(n, -power), nothing, nothing, nothing, -wide, np.where(self.both, 0.0, sign)]
        high = [np.full(n, power), np.full(n, power**2), request, request**2,
                wide, np.where(self.both, 1.0, sign)]  # fmt: skip
        self.bounds = (np.concatenate(low), np.concatenate(high))
        self.rows = [*self._store(fleet, car), *self._use(request, power)]
        for at in np.linspace(-power, power, 9):
            self._tangent(0, 1, np.full(n, at))
        for share in np.linspace(0.0, 1.0, 9):
            self._tangent(2, 3, share * request)

    def _block(self, **columns: Any) -> Any:
        """Return a sparse matrix with diagonals or matrices in the named blocks."""
        empty = sp.csr_array((self.n, self.n))
        return sp.hstack([columns.get(name, empty) for name in "xuzwyb"], format="csr")

    def _store(self, fleet: Any, car: int) -> list[Rows]:
        unit = float(fleet.capacity_kwh[car]) / fleet.hours
        start = float(fleet.soc_start[car])
        low = np.full(self.n, (fleet.soc_low - start) * unit)
        low[-1] = max(low[-1], (float(fleet.soc_target[car]) - start) * unit)
        levels = self._block(x=sp.csr_array(np.tril(np.ones((self.n, self.n)))))
        return [(levels, low, (fleet.soc_high - start) * unit)]

    def _use(self, request: FloatArray, power: float) -> list[Rows]:
        """Return z >= R - y where there is surplus, y <= S if b = 1, y <= -S if b = 0."""
        one = sp.eye_array(self.n, format="csr")
        big = 2.0 * (np.abs(self.others) + power)
        wide = sp.diags_array(big, format="csr")
        return [
            (self._block(z=one, y=one), np.where(request > 0, request, -np.inf), np.inf),
            (self._block(y=one, x=-one, b=wide), -np.inf, self.others + big),
            (self._block(y=one, x=one, b=-wide), -np.inf, -self.others),
        ]

    def _tangent(self, of: int, square: int, at: FloatArray) -> None:
        one = sp.eye_array(self.n, format="csr")
        row = self._block(**{"xuzw"[square]: one, "xuzw"[of]: sp.diags_array(-2.0 * at, format="csr")})
        self.rows.append((row, -(at**2), np.inf))

    def solve(self) -> float:
        """Solve with the tangents so far and return the bound."""
        highspy: Any = needed("highspy")  # newer than the one in SciPy, which prints to the terminal
        solver = highspy.Highs()
        solver.setOptionValue("output_flag", False)
        solver.setOptionValue("mip_rel_gap", 1e-9)
        solver.passModel(self._program(highspy))
        solver.run()
        if solver.getModelStatus() != highspy.HighsModelStatus.kOptimal:
            raise Infeasible(f"car {self.car}: no plan meets (6)-(9)")
        self.found = np.array(solver.getSolution().col_value)
        info = solver.getInfo()
        lowest = info.mip_dual_bound if self.both.any() else info.objective_function_value
        return float(lowest) + self.constant

    def _program(self, highspy: Any) -> Any:
        matrix = sp.vstack([rows for rows, _, _ in self.rows]).tocsc()
        program = highspy.HighsLp()
        program.num_row_, program.num_col_ = matrix.shape
        program.col_cost_, program.col_lower_, program.col_upper_ = self.cost, *self.bounds
        program.row_lower_ = np.concatenate([np.broadcast_to(low, self.n) for _, low, _ in self.rows])
        program.row_upper_ = np.concatenate([np.broadcast_to(high, self.n) for _, _, high in self.rows])
        program.a_matrix_.start_, program.a_matrix_.index_ = matrix.indptr, matrix.indices
        program.a_matrix_.value_ = matrix.data
        if self.both.any():
            kinds = (highspy.HighsVarType.kContinuous, highspy.HighsVarType.kInteger)
            program.integrality_ = [kinds[0]] * (5 * self.n) + [kinds[int(whole)] for whole in self.both]
        return program

    def cut(self) -> None:
        """Add tangents where the last solution was."""
        x, _, z = (self.found[k * self.n : (k + 1) * self.n] for k in range(3))
        self._tangent(0, 1, x)
        self._tangent(2, 3, z)
