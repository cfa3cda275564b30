"""Who tells whom what: the flows of the paper's Figure 1, played out as messages and recorded.

Every agent holds its own data only; all that passes between agents passes through a post office
that keeps a copy. What an agent can know is its own data and the messages sent to it.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from v2g_nb import arguments, checks
from v2g_nb.campus.day import Campus, executed_request, same_day
from v2g_nb.campus.fleet import Count, Fleet, Index, Positive
from v2g_nb.campus.game import FleetGame
from v2g_nb.checks import FloatArray
from v2g_nb.errors import InvalidInput
from v2g_nb.games.storage_solvers import best_response

DEVIATION_WEIGHT = 1e-3  # k_pos of (4) [EUR/kW^2]

# (kind of flow, from, to, what) as in Figure 1 and section 2
FLOWS = (
    ("communication", "Grid", "EMS", "electricity price"),
    ("communication", "Grid", "EVA", "electricity price"),
    ("communication", "EMS", "EVA", "request and fee share"),
    ("communication", "EVA", "EV", "price rule and sum of the others' plans"),
    ("communication", "EV", "EVA", "plan"),
    ("communication", "EVA", "EMS", "exchange"),
    ("energy", "Grid", "EMS", "building's net load"),
    ("energy", "Grid", "EVA", "aggregator's net load"),
    ("energy", "EMS", "EVA", "exchange, both ways"),
    ("energy", "EVA", "EV", "charging, both ways"),
    ("money", "EMS", "Grid", "bill for energy and peak"),
    ("money", "EVA", "Grid", "bill for energy"),
    ("money", "EMS", "EVA", "regulation fee"),
    ("money", "EV", "EVA", "charging bill"),
)


@dataclass(frozen=True, eq=False)
class Message(arguments.Record):
    """One message: who (``"Grid"``, ``"EMS"``, ``"EVA"`` or a car such as ``"EV 3"``) sends what to whom."""

    sender: str
    receiver: str
    what: str
    content: Mapping[str, Any]

    def __post_init__(self) -> None:
        """Check that the message follows an arrow of Figure 1."""
        arrow = ("communication", self.sender.split()[0], self.receiver.split()[0], self.what)
        if arrow not in FLOWS:
            raise InvalidInput(
                f"sender = {self.sender!r}, receiver = {self.receiver!r}, what = {self.what!r}: "
                "must be a communication of Figure 1"
            )


@dataclass(eq=False)
class Record(arguments.Record):
    """All messages of a run, in order, and the plans that the cars settled on."""

    messages: list[Message] = field(default_factory=list)
    plan_kw: FloatArray = field(default_factory=lambda: np.zeros((0, 0)))

    @arguments.checks_arguments
    def post(self, sender: str, receiver: str, what: str, **content: Any) -> Mapping[str, Any]:
        """Keep a copy of a message and deliver it.

        Parameters
        ----------
        sender, receiver : str
            ``"Grid"``, ``"EMS"``, ``"EVA"`` or a car such as ``"EV 3"``.
        what : str
            What it is about, as in :data:`FLOWS`.
        **content
            What it says, numbers and arrays by name.

        Returns
        -------
        dict of str to numpy.ndarray
            What the receiver gets.

        Raises
        ------
        InvalidInput
            If the three do not name a communication of Figure 1.
        """
        copied = {k: np.array(v) for k, v in content.items()}
        self.messages.append(Message(sender, receiver, what, copied))
        return copied

    @arguments.checks_arguments
    def seen_by(self, agent: str) -> list[Message]:
        """Return what an agent was sent.

        Parameters
        ----------
        agent : str
            Its name.

        Returns
        -------
        list of Message

        Raises
        ------
        InvalidInput
            If `agent` is blank or no string.
        """
        return [m for m in self.messages if m.receiver == agent]

    @arguments.checks_arguments
    def infer_car(self, car: Index, hours: Positive) -> tuple[int, int, float]:
        """Return what a curious aggregator learns of a car that never told it: stay and energy need.

        Parameters
        ----------
        car : int
            The car's number.
        hours : float
            Length of a slot [h].

        Returns
        -------
        tuple of int, int, float
            First slot with power, slot after the last, energy taken [kWh]; all 0 if it never charges or discharges.

        Raises
        ------
        InvalidInput
            If an argument is of another kind, or the car sent no plan.

        Examples
        --------
        >>> record = Record()
        >>> _ = record.post("EV 0", "EVA", "plan", plan_kw=[0.0, 8.0, -4.0, 0.0])
        >>> record.infer_car(0, hours=0.25)
        (1, 3, 1.0)
        """
        plans = [m.content["plan_kw"] for m in self.messages if m.sender == f"EV {car}"]
        if not plans:
            raise checks.invalid("car", car, "a car that sent a plan")
        used = np.flatnonzero(np.abs(plans[-1]) > 1e-9)
        if not len(used):
            return 0, 0, 0.0
        return int(used[0]), int(used[-1]) + 1, float(plans[-1].sum()) * hours


def _car(fleet: Fleet, i: int) -> Callable[[Mapping[str, Any]], FloatArray]:
    """Return car i as a function of what it is sent; it encloses the data of this car only."""
    own = fleet.chosen(np.array([i]))

    def respond(sent: Mapping[str, Any]) -> FloatArray:
        # (1) and (4) know the others by their sum only: to this car they shift demand and request.
        weights = float(sent["price_base"]), float(sent["deviation_weight"])
        game = FleetGame(own, sent["request_kw"], sent["baseline_kw"], *weights).storage
        left = sent["request_kw"] - sent["others_kw"]
        game = replace(game, offset=game.slope * (sent["baseline_kw"] - left), wanted=left)
        return best_response(game, np.zeros((1, own.slots)), 0)

    return respond


def run_protocol(campus: Campus, fleet: Fleet, price_base: Positive, sweeps: Count, rng: np.random.Generator) -> Record:
    """Play one day's negotiation message by message and return the record.

    The target is hard, gamma is 0 and k_pos is 1e-3 EUR/kW^2.

    Parameters
    ----------
    campus : Campus
        Building, grid price and contracts.
    fleet : Fleet
        The cars; each keeps its data to itself.
    price_base : float
        The aggregator's price scale p_base [EUR/kW^2h].
    sweeps : int
        Rounds of best responses, each in an order drawn afresh.
    rng : numpy.random.Generator
        Where the orders are drawn from.

    Returns
    -------
    Record

    Raises
    ------
    InvalidInput
        If an argument is of another kind or out of range, or campus and fleet disagree on slots.

    References
    ----------
    Shen et al., Figure 1 and section 2.

    Examples
    --------
    >>> cars = Fleet(96, [30, 31], [64, 66], [0.4, 0.5], [0.8, 0.8], hours=0.25)
    >>> record = run_protocol(Campus.calibrated(), cars, 1e-3, 2, np.random.default_rng(1))
    >>> len(record.messages), len(record.seen_by("EMS"))
    (12, 2)
    """
    same_day(campus, fleet)
    record = Record()
    price = campus.grid_price_eur_per_kwh
    for side in ("EMS", "EVA"):
        record.post("Grid", side, "electricity price", grid_price_eur_per_kwh=price)
    asked = record.post("EMS", "EVA", "request and fee share", request_kw=campus.request_kw, fee_share=campus.fee_share)
    cars = [_car(fleet, i) for i in range(fleet.size)]
    plans = np.zeros((fleet.size, fleet.slots))  # the aggregator's notes
    rule = {"price_base": price_base, "deviation_weight": DEVIATION_WEIGHT}
    for _ in range(sweeps):
        for i in rng.permutation(fleet.size):
            sent = record.post(
                "EVA", f"EV {i}", "price rule and sum of the others' plans", **rule,
                baseline_kw=campus.baseline_kw, request_kw=asked["request_kw"], others_kw=plans.sum(axis=0) - plans[i],
            )  # fmt: skip
            plans[i] = record.post(f"EV {i}", "EVA", "plan", plan_kw=cars[i](sent))["plan_kw"]
    record.post("EVA", "EMS", "exchange", exchange_kw=executed_request(asked["request_kw"], plans.sum(axis=0)))
    record.plan_kw = plans
    return record
