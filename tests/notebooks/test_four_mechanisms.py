"""The numbers behind the figures of *One fleet, four mechanisms*: sorting, scans and a general solver."""

import cvxpy as cp
import numpy as np
import pytest
from scipy.optimize import minimize_scalar

from tests.notebooks.figures import column
from v2g_nb.synthesis import draw_town
from v2g_nb.synthesis.posted_prices import quotas_of_hour

OTHER = 120.0


def margins(town, hour):
    """Return who arrives, their margins at both stations and how much they take for each EUR of it."""
    here = np.flatnonzero(town.arrival == hour)
    w, n = town.first_value[here], town.room_kwh[here]
    return here, w[:, None] - town.time_cost[here] - town.energy_price[hour], n / w


def posted(town):
    """Return sides of posted prices: the emptiest to the fast station, half of the mean or what fits."""
    cars = sellers = 0.0
    for hour in range(town.hours):
        here, alpha, beta = margins(town, hour)
        order = here.size and np.argsort(-town.room_kwh[here], kind="stable")
        installed = np.array([150.0, 88.0])
        share = installed * (town.limits.right[:, hour] / (town.limits.matrix @ installed)).min()
        taken, quotas = 0, quotas_of_hour(town, hour)
        for j in (0, 1) if here.size else ():
            mine = order[taken : taken + int(quotas[j])]
            taken += len(mine)
            if not len(mine):
                continue
            a, b = alpha[mine, j], beta[mine]
            markup = max((a @ b) / b.sum() / 2, (a @ b - share[j]) / b.sum())
            cars += (b * (a - markup) ** 2).sum() / 2
            sellers += markup * (b * (a - markup)).sum()
    return cars, sellers, 0.0


def incentive(town):
    """Return sides of the incentive, by a scan of all values at which a car changes its mind; None if none works."""
    cars = sellers = grid = 0.0
    for hour in range(town.hours):
        here, alpha, beta = margins(town, hour)
        if not here.size:
            continue
        half = (alpha * beta[:, None]).sum(axis=0) / beta.sum() / 2
        changes = 2 * (alpha[:, 0] - alpha[:, 1] - half[0] + half[1])
        for s in [0.0, *np.sort(changes[changes > 0])]:
            gain = alpha - [half[0], half[1] - s / 2]
            at = (gain[:, 1] >= gain[:, 0] - 1e-9).astype(int)
            best = gain[np.arange(here.size), at]
            drawn = np.array([(beta * best)[at == j].sum() for j in (0, 1)])
            if (town.limits.matrix @ drawn <= town.limits.right[:, hour]).all():
                break
        else:
            return None
        cars += (beta * best**2).sum() / 2
        sellers += drawn @ [half[0], half[1] + s / 2]
        grid -= s * drawn[1]
    return cars, sellers, grid


class Planner:
    """The cars and their limits for a general solver."""

    def __init__(self, town):
        self.town = town
        self.x = [[cp.Variable(town.size, nonneg=True) for _ in range(town.hours)] for _ in (0, 1)]
        total = sum(sum(row) for row in self.x)
        self.worth = town.first_value @ total - (town.first_value / (2 * town.room_kwh)) @ cp.square(total)
        self.rules, self.limits = [], []
        for t in range(town.hours):
            for j in (0, 1):
                self.worth -= (town.time_value / town.power_kw[j]) @ self.x[j][t]
                away = np.flatnonzero((t < town.arrival) | (t >= town.departure))
                self.rules += [self.x[j][t][away] == 0] if away.size else []
            drawn = cp.hstack([cp.sum(self.x[j][t]) for j in (0, 1)])
            self.limits.append(town.limits.matrix @ drawn <= town.limits.right[:, t])
        self.bill = sum(town.energy_price[t] * cp.sum(self.x[j][t]) for t in range(town.hours) for j in (0, 1))

    def best(self):
        """Return the largest welfare, and what of it is the limits' rent."""
        problem = cp.Problem(cp.Maximize(self.worth - self.bill), self.rules + self.limits)
        value = problem.solve(solver=cp.CLARABEL)
        rent = sum(float(row.dual_value @ self.town.limits.right[:, t]) for t, row in enumerate(self.limits))
        return value, rent

    def aggregator(self):
        """Return sides at the price scale that earns most, found by bounded search; no limit binds in these towns."""

        def answer(log_scale):
            p, plans = np.exp(log_scale), [e for row in self.x for e in row]
            paid = sum(p * (OTHER * cp.sum(e) + cp.square(cp.sum(e)) / 2 + cp.sum_squares(e) / 2) for e in plans)
            cp.Problem(cp.Maximize(self.worth - paid), self.rules).solve(solver=cp.CLARABEL)
            total = np.array([[e.value.sum() for e in row] for row in self.x])
            money = (p * (OTHER + total) * total).sum()
            return money, self.bill.value, self.worth.value

        def lost(log_scale):
            money, bill, _ = answer(log_scale)
            return bill - money

        found = minimize_scalar(lost, bounds=np.log([2e-3, 8e-3]), method="bounded", options={"xatol": 1e-4})
        money, bill, worth = answer(found.x)
        return worth - money, money - bill, 0.0


@pytest.fixture(scope="module")
def all_fleets():
    towns = (draw_town(40, np.random.default_rng(s)) for s in np.random.SeedSequence(7).spawn(24))
    return [(town, made) for town in towns if (made := incentive(town)) is not None]


def test_fleets(all_fleets):
    assert len(all_fleets) == 22
    best = np.array([Planner(town).best()[0] for town, _ in all_fleets])
    local, asked = column("synthesis/four-mechanisms", "fig-four-fleets", "local", "posted")
    offered, ours = column("synthesis/four-mechanisms", "fig-four-fleets", "incentive", "aggregator")
    assert np.allclose(local, 1.0, atol=1e-6)
    assert np.allclose(asked, [sum(posted(town)) for town, _ in all_fleets] / best, atol=1e-5)
    assert np.allclose(offered, [sum(made) for _, made in all_fleets] / best, atol=1e-5)
    for k in (0, 7):
        assert ours[k] == pytest.approx(sum(Planner(all_fleets[k][0]).aggregator()) / best[k], abs=1e-4)
    assert ours.max() - ours.min() < 0.02


def test_how_tight():
    gains = column("synthesis/four-mechanisms", "fig-how-tight", "cars_eur", "sellers_eur", "grid_eur")
    sides = np.stack(gains, axis=1).reshape(-1, 4, 3)
    count, lowest = column("synthesis/four-mechanisms", "fig-how-tight", "cars", "lowest voltage [pu]", every=4)
    assert len(sides) == 15
    for table, cars, pu in zip(sides, count, lowest, strict=True):
        town = draw_town(int(cars), np.random.default_rng(1), lowest_pu=float(pu))
        assert table[0] == pytest.approx(posted(town), abs=1e-4)
        assert table[2] == pytest.approx(incentive(town) or (0.0, 0.0, 0.0), abs=1e-4)
        best, rent = Planner(town).best()
        assert table[3].sum() == pytest.approx(best, abs=1e-4)
        assert table[3] == pytest.approx([best - rent, 0.0, rent], abs=2e-2)  # the solver's multipliers are that good
    empty = sides[:, 2].sum(axis=1) == 0
    assert [(int(c), float(p)) for c, p in zip(count[empty], lowest[empty], strict=True)] == [(60, 0.972)]
    loose = (count == 40) & (lowest == 0.96)
    town = draw_town(40, np.random.default_rng(1), lowest_pu=0.96)
    assert sides[loose][0, 1] == pytest.approx(Planner(town).aggregator(), abs=1e-2)
