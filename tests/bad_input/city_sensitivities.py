"""Bad input for what is asked of the city's equilibria when a choice is changed."""

import numpy as np

from tests.bad_input.kinds import array, call, instance, other
from v2g_nb.city import equilibrium, mcp, scenarios, sensitivities, small

SMALL = equilibrium.solve_city(small.small_city())
TWO = mcp.solve_city_mcp(small.small_city(ev_value_of_time=(0.3, 0.7)))
BASE = equilibrium.solve_city(scenarios.scenario("base"))
SIX = {(name, v2g): BASE for name in scenarios.SCENARIOS for v2g in (False, True)}
FIVE = {key: value for key, value in SIX.items() if key != ("base", True)}

CALLS = [
    call(sensitivities.accounts, result=instance(SMALL)),
    call(
        sensitivities.equilibrium_span,
        result=instance(SMALL).also(TWO),
        goal=array(np.ones(len(SMALL.point)).tolist()),
    ),
    call(
        sensitivities.paper_statements,
        cases=other(SIX, None, "seven", {}, FIVE, SIX | {("base", True): 7}, SIX | {("island", True): SMALL}),
    ),
]
