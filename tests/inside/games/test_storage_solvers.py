"""The storage game behind its face: the dual, the start, sensitivities, certificates, and life without numba."""

import subprocess
import sys
from dataclasses import replace

import numpy as np
import pytest

from tests.campus.instances import scaled_game
from tests.games.test_storage_game import FOUND, GAME, OTHER, random_game
from tools.paths import ROOT
from v2g_nb.certificate import require
from v2g_nb.games import solve_storage_game, storage_solvers
from v2g_nb.games.certificates import certify_storage, violation
from v2g_nb.games.storage_solvers import dual_newton, equilibrium_sensitivity, marginal_cost, total_near


def test_dual_rises_to_the_potential():
    """Weak duality on the way, strong duality at the end."""
    game = random_game(3, 6)
    least = game.potential(solve_storage_game(game).flows)
    for step, _ in zip(dual_newton(game, marginal_cost(game, np.zeros(12))), range(15), strict=False):
        assert step.value <= least + 1e-9 * (1 + abs(least))
    assert step.value == pytest.approx(least, rel=1e-9, abs=1e-9)


def test_sensitivity_agrees_with_differences():
    game = random_game(5, 6)
    found = solve_storage_game(game)
    direction = np.random.default_rng(1).normal(0, 1, 12)
    h = 1e-6

    def total(by):
        moved = replace(game, offset=game.offset + by * direction, slope=game.slope + by * 0.3)
        return solve_storage_game(moved, certify=False).total

    exact = equilibrium_sensitivity(game, found.price, found.total, direction, 0.3)
    assert np.abs((total(h) - total(-h)) / (2 * h) - exact).max() < 1e-6


@pytest.mark.parametrize("player", range(4))
def test_a_mutated_plan_is_caught(player):
    for spoil in (lambda row: row + 1e-4, lambda row: row * 0.98 - 0.02, lambda row: row * np.nan):
        flows = FOUND.flows.copy()
        flows[player] = spoil(flows[player])
        assert not all(c.holds for c in certify_storage(GAME, flows))


def test_a_broken_bound_is_measured():
    for player, slot in np.argwhere(~GAME.present)[:3]:
        flows = FOUND.flows.copy()
        flows[player, slot] = 0.25
        assert violation(GAME, flows) >= 0.25


def test_certificates_refuse_a_feasible_plan_that_is_not_an_equilibrium():
    wrong = solve_storage_game(OTHER, certify=False)
    notes = certify_storage(GAME, wrong.flows)
    assert notes[0].holds
    assert not any(c.holds for c in notes[1:])


def test_a_sample_of_the_players_finds_the_same_equilibrium(monkeypatch):
    """Where players are many, a sample gives the start; the answer is that of the start without a sample."""
    game = random_game(7, 40, 16)
    plain = solve_storage_game(game, certify=False)
    monkeypatch.setattr(storage_solvers, "SAMPLE", 10)
    sampled = require(solve_storage_game(game))
    assert np.abs(sampled.flows - plain.flows).max() < 1e-6


def test_many_players_take_few_newton_steps():
    """The sample's prices alone would not do: its mean plan and two sweeps over all players do."""
    game = scaled_game(3000).storage
    started = total_near(game)
    found = solve_storage_game(game, certify=False)
    assert found.converged
    assert found.num_iter <= 6
    assert np.abs(started - found.total).max() < 0.02 * np.abs(found.total).max()
    balance = game.slope * np.abs(found.flows.sum(axis=0) - found.total)
    assert balance.max() < 1e-9


WITHOUT_NUMBA = """
import sys
sys.modules["numba"] = None  # as if it were not installed
from tests.games.test_storage_game import random_game
from v2g_nb.games import kernels, solve_storage_game
assert not hasattr(kernels.sweep, "signatures")
for seed in range(3):
    print(*solve_storage_game(random_game(seed, hard=seed > 0)).require().flows.ravel())
"""


def test_without_numba_the_answers_are_the_same():
    done = subprocess.run([sys.executable, "-W", "error::RuntimeWarning", "-c", WITHOUT_NUMBA], cwd=ROOT,
                          capture_output=True, text=True, check=False)  # fmt: skip
    assert done.returncode == 0, done.stderr
    for seed, line in enumerate(done.stdout.splitlines()):
        flows = solve_storage_game(random_game(seed, hard=seed > 0)).flows
        assert np.array(line.split(), dtype=float) == pytest.approx(flows.ravel(), abs=1e-9)
