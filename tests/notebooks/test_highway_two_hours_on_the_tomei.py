"""The numbers behind the figures of the two hours, recomputed from the cars and the equations."""

from functools import cache

import numpy as np

from tests.notebooks.figures import column
from v2g_nb.highway import draw_cars, solve_flow, solve_schedule, tomei
from v2g_nb.highway.certificates import waits_by_poisson

ROAD = tomei()
STATION_MIN = np.array([17.25, 36.825])


@cache
def day():
    cars = draw_cars(ROAD, np.random.default_rng(0))
    return cars, solve_schedule(ROAD, cars)


def test_road():
    """Minutes at 80 km/h from the public posts: 57.9 to 88.3 on the old road, then 53.3 to 72.0 on the new one."""
    driving, inflow = column("highway/two-hours-on-the-tomei", "fig-road", "driving_min", "inflow")
    km = np.array([0, 23.0, 25.8, 30.4, 30.4 + 13.2, 30.4 + 18.7])
    np.testing.assert_allclose(driving, km * 60 / 80, rtol=1e-9)
    assert inflow.tolist() == [6.5, 0, 2.5, 0, 1, 0]


def test_cars():
    cars, _ = day()
    minute = column("highway/two-hours-on-the-tomei", "fig-cars", "minute")
    charge, node, capacity = column("highway/two-hours-on-the-tomei", "fig-cars", "charge", "node", "capacity_kwh")
    np.testing.assert_allclose(minute, cars.minute, rtol=1e-9)
    np.testing.assert_allclose(charge, cars.soc, rtol=1e-9)
    assert (node == cars.node).all()
    assert (capacity == cars.capacity_kwh).all()
    assert charge.min() >= 0.12
    assert charge.max() <= 0.6
    assert abs(charge.mean() - 0.36) < 3 * 0.48 / np.sqrt(12 * len(charge))  # uniform from .12 to .6
    assert set(node) <= {0, 2, 4}
    assert set(capacity) == {24, 40, 50, 62}
    assert len(minute) == len(charge) == len(node) == len(capacity) == 72


def test_inflow():
    """Counted car by car: whole minutes of entry and of driving; everybody is allocated."""
    cars, result = day()
    assert (result.partner >= 0).all()
    minute, ashigara, numazu = column("highway/two-hours-on-the-tomei", "fig-inflow", "minute", "ashigara", "numazu")
    drive = {(0, 0): 17, (0, 1): 36, (2, 1): 17, (4, 1): 4}
    when = [int(m) + drive[int(v), int(s)] for m, v, s in zip(cars.minute, cars.node, result.partner, strict=True)]
    for s, stored in ((0, ashigara), (1, numazu)):
        here = [w for w, p in zip(when, result.partner, strict=True) if p == s and w < 120]
        assert (stored == np.bincount(here, minlength=120)).all()
    assert (minute == np.arange(120)).all()


def test_waits():
    """From the number of cars sent to each station in the last four intervals, through Poisson probabilities."""
    cars, result = day()
    minute = column("highway/two-hours-on-the-tomei", "fig-waits", "minute")
    first, second = column("highway/two-hours-on-the-tomei", "fig-waits", "ashigara_min", "numazu_min")
    assert (minute == np.arange(0, 120, 15)).all()
    for k in range(8):
        recent = (cars.minute < 15 * k + 15) & (cars.minute >= 15 * k - 45)
        rate = np.bincount(result.partner[recent], minlength=2) / 4
        waits = 15 * waits_by_poisson(np.array([8, 6]), np.array([1.1, 1.1]), rate)
        np.testing.assert_allclose([first[k], second[k]], waits, rtol=1e-7)
    assert np.abs(first - second).max() < 0.5


def test_waits_typically_agree():
    """On other days than the chapter's: less than half a minute apart in most intervals, and more in many."""
    gaps = []
    for seed in (0, 1, 2, 3, 5, 6, 7, 8, 9, 11):
        result = solve_schedule(ROAD, draw_cars(ROAD, np.random.default_rng(seed)))
        gaps.append(np.abs(np.diff(result.wait_min, axis=1)))
    assert np.median(gaps) < 0.5
    assert 0.1 < np.mean(np.array(gaps) >= 0.5) < 0.5


def test_prices():
    """The closed formula A(1+aB)/(B(2+aB)) with A the room in all batteries and B = A / 60; no bound is active."""
    cars, result = day()
    minute, entry, energy = column("highway/two-hours-on-the-tomei", "fig-prices", "minute", "entry_min", "energy_kwh")
    prices = column("highway/two-hours-on-the-tomei", "fig-prices", "price_ashigara", "price_numazu")
    entrance = np.array([0.0, np.nan, 19.35, np.nan, 32.7])[cars.node]
    charge = cars.soc - 0.005 * (STATION_MIN[result.partner] - entrance)
    room = cars.capacity_kwh * (1 - charge)
    interval = (cars.minute // 15).astype(int)
    for k in range(8):
        for s in (0, 1):
            here = (interval == k) & (result.partner == s)
            A = room[here].sum()
            B = A / 60
            assert abs(prices[s][k] - A * (1 + 0.03 * B) / (B * (2 + 0.03 * B))) < 1e-6
            np.testing.assert_allclose(energy[here], room[here] * (1 - prices[s][k] / 60), rtol=1e-6)
    np.testing.assert_allclose(entry, cars.minute, rtol=1e-9)
    assert (minute == np.arange(0, 120, 15)).all()


def test_where_cars_are():
    """All places together hold the cars that have entered, less those that have passed Numazu."""
    cars, result = day()
    flow = solve_flow(ROAD, cars, result.partner)
    minute = column("highway/two-hours-on-the-tomei", "fig-where-cars-are", "minute", shape=(-1, 7))
    place, there = column("highway/two-hours-on-the-tomei", "fig-where-cars-are", "place", "cars", shape=(-1, 7))
    assert (place == place[0]).all()
    assert (place[0, [1, 6]] == ["Ashigara", "Numazu SA"]).all()
    for m, row in zip(minute[:, 0].astype(int), there, strict=True):
        past = flow.leaving[:m, -1].sum()
        assert abs(row.sum() + past - (np.floor(cars.minute) < m).sum()) < 1e-6
        np.testing.assert_allclose(row[[1, 6]], flow.number[m], atol=1e-8)
