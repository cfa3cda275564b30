"""Bad input for games in matrices and for the storage game."""

from fractions import Fraction

import numpy as np

from tests.bad_input.kinds import also, call, generator, other
from v2g_nb import games

ROW, COLUMN = [[3.0, 0.0], [2.0, 2.0]], also([[1.0, 2.0], [3.0, 0.0]], [[1.0, 2.0, 3.0]])
HALF = also([Fraction(1, 2), 0.5], [1.0], "ab", [0.5, "half"], [[1, 2], 3])
FIELDS = {
    "offset": [1.0, 2.0],
    "slope": 0.5,
    "first": also([0, 0], [2, 0], [0.5, 0]),
    "stop": also([2, 2], [3, 2], [0, 2]),
    "flow_low": also([-9, -9], [1, -9]),
    "flow_high": also([9, 9], [-1, 9]),
    "level_start": also([0, 0], [10, 0]),
    "level_low": also([-9, -9], [10, -9]),
    "level_high": also([9, 9], [-10, 9]),
    "level_target": [3.0, 3.0],
    "hard": False,
    "value_below": also(1.0, 0.25),
    "value_above": also(0.5, 2.0),
    "shortfall": [0.0, 1.0],
    "wanted": [0.0, 1.0],
}
GAME = games.StorageGame(**{name: getattr(value, "good", value) for name, value in FIELDS.items()})
FLOWS = np.array([[2.0, 1.0], [2.0, 1.0]])
# What cannot be computed must fail as a certificate, not raise: NaN and infinity may stand here.
ANY_FLOWS = other(FLOWS, FLOWS[None], FLOWS[:1], [[1.0, 2.0], [1.0]], [["1", "2"], ["3", "4"]], [[True, False]] * 2)

CALLS = [
    call(games.pure_equilibria, row_payoff=ROW, column_payoff=COLUMN),
    call(games.support_enumeration, row_payoff=ROW, column_payoff=COLUMN, tol=1e-9),
    call(
        games.nash_program,
        row_payoff=ROW,
        column_payoff=COLUMN,
        row_start=also([0.5, 0.5], [0.0, 0.0]),
        column_start=also([0.5, 0.5], [0.0, 0.0]),
        tol=1e-6,
    ),
    call(games.lemke_howson, row_payoff=ROW, column_payoff=COLUMN, label=also(0, 4), max_pivots=100),
    call(
        games.equilibrium_certificates,
        row_payoff=ROW,
        column_payoff=COLUMN,
        row_strategy=HALF,
        column_strategy=HALF,
        tol=0.0,
    ),
    call(games.StorageGame, **FIELDS),
    call(GAME.player_costs, flows=FLOWS),
    call(GAME.potential, flows=FLOWS),
    call(games.best_response, game=GAME, flows=FLOWS, player=also(0, 2)),
    call(games.best_response_sweeps, game=GAME, start=FLOWS, order="random", rng=generator()),
    call(games.solve_storage_game, game=GAME, tol=1e-9, max_iter=100, certify=False, start=FLOWS),
    call(games.regret_bounds, game=GAME, flows=ANY_FLOWS),
]
