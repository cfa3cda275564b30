"""Bad input for games in matrices."""

from fractions import Fraction

from tests.bad_input.kinds import array, call, integer, other, real
from v2g_nb.games import equilibrium_certificates, lemke_howson, nash_program, pure_equilibria, support_enumeration

ROW, COLUMN = [[3.0, 0.0], [2.0, 2.0]], [[1.0, 2.0], [3.0, 0.0]]
GAME = {"row_payoff": array(ROW), "column_payoff": array(COLUMN).also([[1.0, 2.0, 3.0]])}
HALF = other([Fraction(1, 2), 0.5], [1.0], "ab", None, [0.5, "half"])

CALLS = [
    call(pure_equilibria, **GAME),
    call(
        support_enumeration,
        **GAME,
        tolerance=real(1e-9, low=0.0, open_low=True),
    ),
    call(
        nash_program,
        **GAME,
        row_start=array([0.5, 0.5], low=0.0).also([0.0, 0.0]),
        column_start=array([0.5, 0.5], low=0.0).also([0.0, 0.0]),
        tolerance=real(1e-6, low=0.0, open_low=True),
    ),
    call(lemke_howson, **GAME, label=integer(0, low=0, high=3), max_pivots=integer(100, low=1)),
    call(equilibrium_certificates, **GAME, row_strategy=HALF, column_strategy=HALF, tolerance=real(0.0, low=0.0)),
]
