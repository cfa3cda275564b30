"""The forms of the pricing game: overfilling, dominant strategies, the repeated game."""

import itertools

import numpy as np
import pytest

from v2g_nb.highway import consistent_followers, literal_followers, repeated_game, satisfaction_parameter
from v2g_nb.leader import capped_nash, demand

CAPACITY = np.array([24.0, 40.0, 50.0, 62.0])
SOC = np.array([0.2, 0.5, 0.3, 0.12])


def additive_followers(capacity, soc, **units):
    """The cars of equation (14): those of (31) with b2 = 2 - 1/n."""
    return literal_followers(capacity, soc, weights=(1.0, 2.0 - 1.0 / len(capacity), 0.0), **units)


def test_consistent_form_never_overfills():
    """(13) holds by itself: at any price, also 0."""
    followers = consistent_followers(CAPACITY, SOC)
    for price in (0.0, 10.0, 59.0):
        assert (SOC + demand(followers, price) / CAPACITY <= 1 + 1e-15).all()


def test_literal_form_can_overfill_without_the_bound():
    """The hypothesis dropped: without E_max the printed form asks for more than fits once theta is small."""
    theta = satisfaction_parameter(CAPACITY, SOC, steps=5000)
    unbounded = CAPACITY / (10 * theta)
    assert (SOC + unbounded / CAPACITY > 1).any()
    assert (demand(literal_followers(CAPACITY, SOC, steps=5000), 0.0) <= CAPACITY * (1 - SOC) + 1e-12).all()


def utility_31(E, p, capacity, theta, b, n):
    return (
        capacity * E - 0.5 * b[0] * theta * E**2 - b[1] * p * E - b[2] * E * (1 / (capacity.mean() * n) - 1 / capacity)
    )


def test_literal_demand_maximises_31():
    b = (10.0, 10.0, 0.1)
    theta = satisfaction_parameter(CAPACITY, SOC, steps=15)
    followers = literal_followers(CAPACITY, SOC, steps=15)
    best = demand(followers, 1.7)
    top = utility_31(best, 1.7, CAPACITY, theta, b, 4)
    for step in (-1e-3, 1e-3):
        assert (utility_31(best + step, 1.7, CAPACITY, theta, b, 4) < top).all()


def test_theta_grows_with_the_need():
    """The text says it falls: a car with a larger battery needs more and should have a smaller theta."""
    theta = satisfaction_parameter(CAPACITY, np.full(4, 0.3))
    assert (np.diff(theta) > 0).all()
    emptier = satisfaction_parameter([40.0, 40.0], [0.6, 0.2], in_kwh=True)
    assert emptier[1] > emptier[0]


def test_equation_14_has_dominant_strategies_with_weight_two_less_one_nth():
    """Whatever the others take, a car's best quantity is the same, and it is the one of b2 = 2 - 1/n."""
    theta = satisfaction_parameter(CAPACITY, SOC, steps=15, in_kwh=True)
    price = 3.0
    best = demand(additive_followers(CAPACITY, SOC, steps=15, in_kwh=True), price)
    grid = np.linspace(0, 30, 30_001)
    rng = np.random.default_rng(0)
    for v in range(4):
        room = CAPACITY[v] * (1 - SOC[v])
        for _ in range(3):
            others = rng.uniform(0, 10, 4)
            profiles = np.repeat(others[None, :], len(grid), axis=0)
            profiles[:, v] = grid
            values = (
                CAPACITY[v] * grid - 0.5 * theta[v] * grid**2 - price * grid - price * (grid - profiles.mean(axis=1))
            )
            wanted = grid[values.argmax()]
            assert min(wanted, room) == pytest.approx(best[v], abs=1.1e-3)


def test_without_its_own_share_in_the_mean_the_weight_is_two():
    """The hypothesis dropped: if the mean left the car itself out, b2 would be 2."""
    theta = satisfaction_parameter([40.0], [0.25])
    alone = additive_followers([40.0], [0.25])
    assert alone.slope[0] == pytest.approx(1.0 / theta[0])  # n = 1: E - mean E = 0
    many = additive_followers([40.0] * 1000, [0.25] * 1000)
    assert many.slope[0] * theta[0] == pytest.approx(2.0, abs=2e-3)


def test_repeated_game_ends_at_the_capped_nash_point():
    followers = consistent_followers(CAPACITY, SOC, worth=10.0)
    curvature = 10.0 / followers.intercept  # second derivative w / n
    rounds = repeated_game(followers, curvature, price_cap=6.0)
    price, quantity, *_ = next(itertools.islice(rounds, 5000, None))
    nash = capped_nash(followers, 0.03, price_cap=6.0)
    assert price == 6.0
    np.testing.assert_allclose(quantity, nash.quantity, rtol=1e-9)


def test_gradient_answers_blow_up_with_the_steps_of_table_1():
    """x = 0.2 against a curvature b1 theta of several hundred: E -> (1 - 0.2 b1 theta) E, until NaN."""
    followers = literal_followers(CAPACITY, SOC)
    curvature = 10 * satisfaction_parameter(CAPACITY, SOC)
    with np.errstate(all="ignore"):
        rounds = list(itertools.islice(repeated_game(followers, curvature, gradient_answer=True), 401))
    sizes = [np.abs(quantity).max() for _, quantity, *_ in rounds]
    assert sizes[11] > 1e6 * sizes[1]
    assert np.isnan(rounds[400][1]).all()
    gentle = repeated_game(followers, curvature, steps=(1 / curvature.max(), 0.2), gradient_answer=True)
    assert np.abs(next(itertools.islice(gentle, 500, None))[1]).max() < 1.0


def test_multipliers_do_not_count_in_the_first_round():
    """It holds quantities to their bounds by itself; from the second on only multipliers do, and late."""
    followers = consistent_followers(CAPACITY, SOC)
    first, second = itertools.islice(repeated_game(followers, np.full(4, 1e-3)), 2)
    np.testing.assert_allclose(first[1], demand(followers, first[0]))
    price, quantity, upper, lower = second
    moved = (lower - upper) / 1e-3
    np.testing.assert_allclose(quantity, followers.intercept - followers.slope * price + moved)
    assert (quantity < followers.low).any() or (quantity > followers.high).any()
