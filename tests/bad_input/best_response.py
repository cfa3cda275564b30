"""Bad input for the storage game, its solvers and the search on a line."""

import numpy as np

from tests.bad_input.kinds import array, call, choice, flag, generator, instance, integer, other, real
from v2g_nb.games import (
    SharedCost,
    StorageUsers,
    best_response,
    best_response_sweeps,
    player_costs,
    potential,
    solve_potential_game,
)
from v2g_nb.games.dual import dual_newton, equilibrium_sensitivity
from v2g_nb.games.storage_certificates import certificates_of_gaps, certify_plans, tangent_gaps

USERS = StorageUsers(2, [0, 0], [2, 2], [-9, -9], [9, 9], [0, 0], [-9, -9], [9, 9], [3, 3])
SHARED = SharedCost([1.0, 2.0], 0.5)
FLOWS = np.array([[2.0, 1.0], [2.0, 1.0]])
users, shared, flows = instance(USERS), instance(SHARED), array(FLOWS)
level = array([0.0, 0.0])
# What cannot be computed must fail as a certificate, not raise: NaN and infinity may stand here.
any_flows = other(FLOWS, FLOWS[None], FLOWS[:1], [[1.0, 2.0], [1.0]])

CALLS = [
    call(
        StorageUsers,
        slots=integer(2, 1),
        first=array([0.0, 0.0], 0.0, 1.0),
        stop=array([2.0, 2.0], 1.0, 2.0),
        flow_low=array([-9.0, -9.0]),
        flow_high=array([9.0, 9.0]),
        level_start=level,
        level_low=array([-9.0, -9.0]),
        level_high=array([9.0, 9.0]),
        level_target=level,
        hard=flag(False),
        value_below=real(1.0),
        value_above=real(0.5).also(2.0),
    ),
    call(
        SharedCost,
        offset=array([1.0, 2.0]),
        slope=real(0.5, 0.0, open_low=True),
        shortfall=array([0.0, 1.0], 0.0),
        wanted=array([0.0, 1.0]),
    ),
    call(SHARED.price, total=array([1.0, 2.0])),
    call(player_costs, users=users, shared=shared, flows=flows),
    call(potential, users=users, shared=shared, flows=flows),
    call(best_response, users=users, shared=shared, flows=flows, player=integer(0, 0, 1)),
    call(
        best_response_sweeps,
        users=users,
        shared=shared,
        start=flows,
        order=choice("random"),
        rng=generator(),
    ),
    call(dual_newton, users=users, shared=shared, price=array([1.0, 2.0])),
    call(
        solve_potential_game,
        users=users,
        shared=shared,
        tol=real(1e-9, 0.0, open_low=True),
        max_iter=integer(100, 0),
        certify=flag(False),
        start=flows,
    ),
    call(
        equilibrium_sensitivity,
        users=users,
        shared=shared,
        found=instance(solve_potential_game(USERS, SHARED)),
        offset_rate=array([1.0, 0.0]),
        slope_rate=real(0.0),
    ),
    call(tangent_gaps, users=users, flows=any_flows, gradient=any_flows),
    call(
        certificates_of_gaps,
        gaps=other([0.0, 0.1], [[0.0]], []),
        slope=real(0.5, 0.0, open_low=True),
        tolerance=real(1e-6, 0.0),
        unit=other("EUR", 7, None),
        flow_unit=other("kW", 7, None),
    ),
    call(certify_plans, users=users, shared=shared, flows=any_flows, tolerance=real(1e-6, 0.0)),
]
