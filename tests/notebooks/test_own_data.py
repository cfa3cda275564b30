"""The numbers behind the figures of *How to reuse this*: by hand, and by conditions that only the equilibrium meets."""

import numpy as np

from tests.notebooks.figures import column

# each session's need [kWh], and its bill on arrival and shifted [EUR], from the tariff by hand
BILLS = {
    "nurse": (18.0, 11 * (7 / 3) * 0.34 / (11 * 7 / 3) * 18, 18 * 0.16),  # 6:40 to 8:18 at 0.34
    "baker": (9.5, 9.5 * 0.22, 9.5 * 0.22),
    "teacher": (12.0, 12 * 0.34, 12 * 0.16),
    "visitor": (14.0, 14 * 0.41, 14 * 0.41),
    "night shift": (30.0, 27.5 * 0.41 + 2.5 * 0.26, 30 * 0.26),
    "taxi": (22.0, 22 * 0.16, 22 * 0.16),
    "van": (25.0, 22 * (2 / 3) * 0.29 + (25 - 22 * 2 / 3) * 0.41, 22 * 0.26 + 3 * 0.29),
    "commuter": (7.2, 3.7 * (2 / 3) * 0.34 + (7.2 - 3.7 * 2 / 3) * 0.27, 7.2 * 0.16),
}


def test_gains():
    need, arrival, late = np.array(list(BILLS.values())).T
    flat = arrival.sum() / need.sum() * need
    order = np.argsort(flat - late, kind="stable")
    shifted, stubborn = column("synthesis/own-data", "fig-who-gains", "shifted_eur", "stubborn_eur")
    assert np.allclose(shifted, (flat - late)[order], atol=1e-6)
    assert np.allclose(stubborn, (flat - arrival)[order], atol=1e-6)


def test_slopes():
    """Totals that an equilibrium by sweeps of best responses, each found by bisection, also has."""
    price = np.array([0.34, 0.27, 0.16, 0.16, 0.29, 0.41])
    need, power = [18.0, 12.0, 14.0, 7.2], [11.0, 11.0, 11.0, 3.7]
    stay = [(0, 5), (0, 4), (2, 6), (1, 5)]
    slope = column("synthesis/own-data", "fig-own-slope", "slope [EUR/kWh per kW]", every=6)
    total, hour = column("synthesis/own-data", "fig-own-slope", "total_kw", "hour", shape=(-1, 6))
    assert np.array_equal(hour, np.tile(np.arange(6.0), (8, 1)))
    for s, ours in zip(slope, total, strict=True):
        plans = np.zeros((4, 6))
        for _ in range(400):
            for i, (a, b) in enumerate(stay):
                cost = (price + s * (plans.sum(axis=0) - plans[i]))[a:b]
                low, high = cost.min(), cost.max() + 2 * s * power[i] + 1
                for _ in range(60):
                    level = (low + high) / 2
                    taken = np.clip((level - cost) / (2 * s), 0, power[i])
                    low, high = (level, high) if taken.sum() < need[i] else (low, level)
                plans[i, a:b] = taken
        assert np.allclose(plans.sum(axis=0), ours, atol=1e-2), s
