"""Who must tell whom what: each mechanism carried out by letters, with cars that hold only their own data.

Leaders' decisions (prices, price scale, incentives) are taken from the solvers; what is played is
how they are carried out. Every letter is kept. If what the cars end up with is what the solver
found, then the letters were enough.
"""

from dataclasses import dataclass, field
from typing import Any, NamedTuple

import numpy as np

from v2g_nb import checks
from v2g_nb.arguments import Record
from v2g_nb.checks import FloatArray, IntArray
from v2g_nb.matching.market import market_from_costs
from v2g_nb.matching.stable import deferred_acceptance
from v2g_nb.synthesis.certificates import best_answer
from v2g_nb.synthesis.posted_prices import EMPTY_PLACE, quotas_of_hour
from v2g_nb.synthesis.town import BATTERY_KWH, Town, TownOutcome, arrived

MECHANISMS = ("posted prices", "aggregator", "incentive", "local prices")
SWEEPS, SETTLED_KWH = 500, 1e-9
TIE = 1e-6  # EUR/kWh within which two options are equally good


class Letter(NamedTuple):
    """One letter: from whom to whom, about what, and how many numbers it holds."""

    sender: str
    receiver: str
    what: str
    numbers: int


@dataclass(eq=False)
class Play(Record):
    """All letters of an evening, and what the cars ended up with [kWh], shape (cars, 2, hours).

    ``told`` lists the cars that prices alone left without a choice to make: indifferent ones, which
    had to be told where to charge.
    """

    energy_kwh: FloatArray
    letters: list[Letter] = field(default_factory=list)
    told: list[int] = field(default_factory=list)

    def kinds(self) -> list[tuple[str, str, str]]:
        """Return each kind of letter once, in order of first use; cars are not told apart."""
        return list(dict.fromkeys((m.sender.split()[0], m.receiver.split()[0], m.what) for m in self.letters))


def _send(made: Play, sender: str, receiver: str, what: str, content: Any) -> FloatArray:
    """Keep a note of a letter and deliver a copy."""
    copied = np.array(content, dtype=np.float64)
    made.letters.append(Letter(sender, receiver, what, copied.size))
    return copied


class _Car:
    """A car with its own data, the chargers' power, which stands on every charger, and nothing else."""

    def __init__(self, town: Town, i: int) -> None:
        self.name = f"car {i}"
        self.w, self.n = float(town.first_value[i]), float(town.room_kwh[i])
        self.time = np.array(town.time_cost[i])
        self.stay = slice(int(town.arrival[i]), int(town.departure[i]))

    def wants(self, cost: float) -> float:
        """Return how much it takes at a price and a time cost that sum to `cost`."""
        return max(0.0, self.n * (1.0 - cost / self.w))

    def answer(self, p: float, offset: FloatArray) -> FloatArray:
        """Return its best plan where its first kWh costs `offset` and each further one more."""
        plan = np.zeros_like(offset)
        cost = (offset + self.time[:, None])[:, self.stay]
        plan[:, self.stay] = best_answer(self.w, self.n, cost.ravel(), p).reshape(cost.shape)
        return plan


def play(outcome: TownOutcome, rng: np.random.Generator) -> Play:
    """Carry out an outcome by letters.

    Parameters
    ----------
    outcome : TownOutcome
        Of one of the four mechanisms; only what its leader announces is used, and in the market with
        local prices the schedule of cars that are indifferent.
    rng : numpy.random.Generator
        For the order in which cars answer the aggregator.

    Returns
    -------
    Play

    Raises
    ------
    InvalidInput
        If an argument is of another kind, or the outcome is of another mechanism.

    Examples
    --------
    >>> made = solve_incentives(draw_town(10, np.random.default_rng(1)))
    >>> bool(np.allclose(play(made, np.random.default_rng(1)).energy_kwh, made.energy_kwh))
    True
    """
    if outcome.mechanism not in MECHANISMS:
        raise checks.invalid("outcome", outcome, f"of one of the mechanisms {', '.join(MECHANISMS)}")
    town = outcome.town
    made = Play(np.zeros((town.size, 2, town.hours)))
    cars = [_Car(town, i) for i in range(town.size)]
    if outcome.mechanism == "aggregator":
        _aggregator(cars, outcome, made, rng)
    elif outcome.mechanism == "local prices":
        _market(cars, outcome, made)
    else:
        for hour in range(town.hours):
            here = arrived(town, hour)
            if len(here):
                step = _posted if outcome.mechanism == "posted prices" else _incentive
                step([cars[i] for i in here], here, hour, outcome, made)
    return made


def _posted(cars: list[_Car], here: IntArray, hour: int, outcome: TownOutcome, made: Play) -> None:
    what = "cost at each station, outside option"
    sent = np.array([_send(made, car.name, "matchmaker", what, [*car.time, car.w]) for car in cars])
    full = [1.0 - car.n / BATTERY_KWH for car in cars]
    charge = [
        _send(made, car.name, "matchmaker", "charge on arrival", [x])[0] for car, x in zip(cars, full, strict=True)
    ]
    places = enumerate(quotas_of_hour(outcome.town, hour))
    quotas = [_send(made, f"station {j}", "matchmaker", "quota", [q])[0] for j, q in places]
    priority = np.array([charge, charge]) + 10.0  # the emptier first, as the highway's rule says
    outside = {"proposer_outside": sent[:, 2], "receiver_outside": np.full(2, EMPTY_PLACE)}
    partner = deferred_acceptance(market_from_costs(sent[:, :2], priority, quotas, **outside)).partner
    for car, i, j in zip(cars, here, partner, strict=True):
        _send(made, "matchmaker", car.name, "station", [j])
        if j >= 0:
            _send(made, car.name, f"station {j}", "demand curve", [car.n, car.n / car.w])
            price = _send(made, f"station {j}", car.name, "price", [outcome.price[j, hour]])[0]
            made.energy_kwh[i, j, hour] = car.wants(price + float(car.time[j]))


def _incentive(cars: list[_Car], here: IntArray, hour: int, outcome: TownOutcome, made: Play) -> None:
    _send(made, "operator", "station 1", "incentive", [outcome.leader[hour]])
    for car, i in zip(cars, here, strict=True):
        prices = [_send(made, f"station {j}", car.name, "price", [outcome.price[j, hour]])[0] for j in (0, 1)]
        cost = np.array(prices) + car.time
        at = int(cost[1] <= cost[0] + TIE)  # indifferent cars take the second
        made.energy_kwh[i, at, hour] = _send(made, car.name, f"station {at}", "amount", [car.wants(float(cost[at]))])[0]
    for j in (0, 1):
        _send(made, f"station {j}", "operator", "load", [made.energy_kwh[here, j, hour].sum()])


def _aggregator(cars: list[_Car], outcome: TownOutcome, made: Play, rng: np.random.Generator) -> None:
    """Play the campus's protocol: cars answer in turn, each told the price rule and the sum of the others' plans."""
    for _ in range(SWEEPS):
        before = made.energy_kwh.copy()
        for i in rng.permutation(len(cars)):
            others = made.energy_kwh.sum(axis=0) - made.energy_kwh[i]
            what = "price rule and sum of the others' plans"
            p, base, *sent = _send(made, "aggregator", cars[i].name, what, [*outcome.leader, *others.ravel()])
            plan = cars[i].answer(float(p), p * (base + np.reshape(sent, others.shape)))
            made.energy_kwh[i] = _send(made, cars[i].name, "aggregator", "plan", plan)
        if np.abs(made.energy_kwh - before).max() < SETTLED_KWH:
            break


def _market(cars: list[_Car], outcome: TownOutcome, made: Play) -> None:
    for i, car in enumerate(cars):
        price = _send(made, "operator", car.name, "prices of all places and hours", outcome.price)
        cost = (price + car.time[:, None])[:, car.stay]
        best = np.argwhere(cost <= cost.min() + TIE)
        part = np.zeros_like(price)
        part[best[0, 0], best[0, 1] + car.stay.start] = 1.0
        if len(best) > 1:
            made.told.append(i)
            part = outcome.energy_kwh[i] / max(float(outcome.energy_kwh[i].sum()), 1e-300)
            part = _send(made, "operator", car.name, "where to charge among equally good", part)
        plan = part * car.wants(float(cost.min()))
        made.energy_kwh[i] = _send(made, car.name, "stations", "amounts", plan)
    for j in (0, 1):
        _send(made, f"station {j}", "operator", "load", made.energy_kwh[:, j].sum(axis=0))
