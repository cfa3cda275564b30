"""Who must tell whom what: each mechanism carried out by letters, with cars that hold only their own data.

Leaders' decisions (prices, price scale, incentives) are taken from the solvers; what is played is
how they are carried out. Every letter is kept. If what the cars end up with is what the solver
found, then the letters were enough.
"""

from dataclasses import dataclass, field
from typing import Any, NamedTuple

import numpy as np

from v2g_nb import checks
from v2g_nb.campus.protocol import Record
from v2g_nb.checks import FloatArray
from v2g_nb.matching.market import market_from_costs
from v2g_nb.matching.stable import deferred_acceptance
from v2g_nb.synthesis.certificates import best_answer
from v2g_nb.synthesis.outcome import Outcome
from v2g_nb.synthesis.posted_prices import EMPTY_PLACE, quotas_of_hour
from v2g_nb.synthesis.town import BATTERY_KWH, Town

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
class Play:
    """All letters of an evening, and what the cars ended up with [kWh], shape (cars, 2, hours).

    ``told`` lists the cars that prices alone left without a choice to make: indifferent ones, which
    had to be told where to charge.
    """

    letters: list[Letter] = field(default_factory=list)
    energy_kwh: FloatArray = field(default_factory=lambda: np.zeros((0, 2, 0)))
    told: list[int] = field(default_factory=list)

    def send(self, sender: str, receiver: str, what: str, content: Any) -> FloatArray:
        """Keep a note of a letter and deliver a copy."""
        copied = np.array(content, dtype=np.float64)
        self.letters.append(Letter(sender, receiver, what, copied.size))
        return copied

    def kinds(self) -> list[tuple[str, str, str]]:
        """Return each kind of letter once, in order of first use; cars are not told apart."""
        seen = dict.fromkeys((m.sender.split()[0], m.receiver.split()[0], m.what) for m in self.letters)
        return list(seen)


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


def play(town: Town, outcome: Outcome, rng: np.random.Generator) -> Play:
    """Carry out an outcome by letters.

    Parameters
    ----------
    town : Town
        The setting.
    outcome : Outcome
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
        If an argument is of another kind, or the outcome is of another mechanism or another town's.

    Examples
    --------
    >>> from v2g_nb.synthesis.incentive import solve_incentives
    >>> from v2g_nb.synthesis.town import draw_town
    >>> town = draw_town(10, np.random.default_rng(1))
    >>> made = solve_incentives(town)
    >>> played = play(town, made, np.random.default_rng(1))
    >>> bool(np.allclose(played.energy_kwh, made.energy_kwh))
    True
    """
    checks.instance("town", town, Town)
    checks.instance("outcome", outcome, Outcome)
    checks.choice("outcome", outcome.mechanism, MECHANISMS)
    checks.generator("rng", rng)
    if outcome.energy_kwh.shape != (town.size, 2, town.hours):
        shape = (town.size, 2, town.hours)
        raise checks.invalid("outcome", outcome, f"one of this town, with energy_kwh of shape {shape}")
    made = Play(energy_kwh=np.zeros((town.size, 2, town.hours)))
    cars = [_Car(town, i) for i in range(town.size)]
    if outcome.mechanism == "aggregator":
        _aggregator(town, cars, outcome, made, rng)
    elif outcome.mechanism == "local prices":
        _market(town, cars, outcome, made)
    else:
        for hour in range(town.hours):
            here = np.flatnonzero(town.arrival == hour)
            if len(here):
                step = _posted if outcome.mechanism == "posted prices" else _incentive
                step(town, [cars[i] for i in here], here, hour, outcome, made)
    return made


def _posted(town: Town, cars: list[_Car], here: Any, hour: int, outcome: Outcome, made: Play) -> None:
    ranked, charge, alone = [], [], []
    for car in cars:
        sent = made.send(car.name, "matchmaker", "cost at each station, outside option", [*car.time, car.w])
        ranked.append(sent[:2])
        alone.append(sent[2])
        charge.append(made.send(car.name, "matchmaker", "charge on arrival", [1.0 - car.n / BATTERY_KWH])[0])
    quotas = [
        made.send(f"station {j}", "matchmaker", "quota", [q])[0] for j, q in enumerate(quotas_of_hour(town, hour))
    ]
    priority = np.array([charge, charge]) + 10.0  # the emptier first, as the highway's rule says
    partner = deferred_acceptance(
        market_from_costs(
            np.array(ranked),
            priority,
            quotas,
            proposer_outside=np.array(alone),
            receiver_outside=np.full(2, EMPTY_PLACE),
        )
    ).partner
    for car, i, j in zip(cars, here, partner, strict=True):
        made.send("matchmaker", car.name, "station", [j])
        if j >= 0:
            made.send(car.name, f"station {j}", "demand curve", [car.n, car.n / car.w])
            price = made.send(f"station {j}", car.name, "price", [outcome.price[j, hour]])[0]
            made.energy_kwh[i, j, hour] = car.wants(price + float(car.time[j]))


def _incentive(town: Town, cars: list[_Car], here: Any, hour: int, outcome: Outcome, made: Play) -> None:
    made.send("operator", "station 1", "incentive", [outcome.leader[hour]])
    for car, i in zip(cars, here, strict=True):
        prices = [made.send(f"station {j}", car.name, "price", [outcome.price[j, hour]])[0] for j in (0, 1)]
        cost = np.array(prices) + car.time
        at = int(cost[1] <= cost[0] + TIE)  # indifferent cars take the second
        made.energy_kwh[i, at, hour] = made.send(car.name, f"station {at}", "amount", [car.wants(float(cost[at]))])[0]
    for j in (0, 1):
        made.send(f"station {j}", "operator", "load", [made.energy_kwh[here, j, hour].sum()])


def _aggregator(town: Town, cars: list[_Car], outcome: Outcome, made: Play, rng: np.random.Generator) -> None:
    """Play the campus room's protocol, with its own recorder, which refuses letters that Figure 1 does not have."""
    record, (p, base) = Record(), outcome.leader
    for _ in range(SWEEPS):
        before = made.energy_kwh.copy()
        for i in rng.permutation(town.size):
            sent = record.post(
                "EVA", f"EV {i}", "price rule and sum of the others' plans",
                price_base=p, baseline_kw=base, others_kw=made.energy_kwh.sum(axis=0) - made.energy_kwh[i],
            )  # fmt: skip
            offset = float(sent["price_base"]) * (float(sent["baseline_kw"]) + sent["others_kw"])
            plan = cars[i].answer(float(sent["price_base"]), offset)
            made.energy_kwh[i] = record.post(f"EV {i}", "EVA", "plan", plan_kw=plan)["plan_kw"]
        if np.abs(made.energy_kwh - before).max() < SETTLED_KWH:
            break
    for m in record.messages:
        count = sum(np.size(v) for v in m.content.values())
        sender, receiver = ("aggregator" if a == "EVA" else a.replace("EV", "car") for a in (m.sender, m.receiver))
        made.letters.append(Letter(sender, receiver, m.what, count))


def _market(town: Town, cars: list[_Car], outcome: Outcome, made: Play) -> None:
    for i, car in enumerate(cars):
        price = made.send("operator", car.name, "prices of all places and hours", outcome.price)
        cost = (price + car.time[:, None])[:, car.stay]
        best = np.argwhere(cost <= cost.min() + TIE)
        if len(best) > 1:
            made.told.append(i)
            part = outcome.energy_kwh[i] / max(float(outcome.energy_kwh[i].sum()), 1e-300)
            part = made.send("operator", car.name, "where to charge among equally good", part)
            plan = part * car.wants(float(cost.min()))
        else:
            plan = np.zeros_like(price)
            plan[best[0, 0], best[0, 1] + car.stay.start] = car.wants(float(cost.min()))
        made.energy_kwh[i] = made.send(car.name, "stations", "amounts", plan)
    for j in (0, 1):
        made.send(f"station {j}", "operator", "load", made.energy_kwh[:, j].sum(axis=0))
