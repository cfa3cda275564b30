"""AC power flow by Newton's method in polar coordinates.

1. Start flat: every magnitude its set-point, 1 pu at load buses; every angle 0, or what the phase shifters make of 0.
2. Compute the mismatch between the power that the voltages imply and the scheduled power.
3. Solve the linear system of the Jacobian for corrections of angles and magnitudes.
4. Shorten the correction where it would make a magnitude negative or the mismatch larger.
5. Repeat until the mismatch is below the tolerance, or as small as rounding lets it be.

Reactive limits of generators, tap changers and voltage-dependent loads are not modelled.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Annotated

import numpy as np
from numpy.typing import NDArray

from v2g_nb.arguments import Record
from v2g_nb.certificate import Certificate, Result
from v2g_nb.checks import FloatArray, Number, Whole
from v2g_nb.errors import NotConverged
from v2g_nb.power.certificates import power_flow_certificates
from v2g_nb.power.network import ComplexArray, PowerNetwork, branch_admittances, branch_ends

SHORTEST = 2.0**-20  # a correction cut below this share of itself leads nowhere
SHRINK = 1e-4  # share of the decrease promised by the linear model that a correction must keep (Armijo)
DROP = 0.1  # share of itself that a magnitude keeps at least in one step
ROUNDING = 64 * float(np.finfo(float).eps)  # of the largest of the powers that are added up at a bus


@dataclass(frozen=True, eq=False)
class NewtonIterate(Record):
    """One step of Newton's method: voltages [pu, rad] and the mismatch at each bus [pu]."""

    magnitude_pu: FloatArray
    angle_rad: FloatArray
    mismatch_pu: FloatArray
    gap_pu: ComplexArray  # the mismatch with its signs, P + jQ; 0 where a bus leaves it open

    @property
    def residual(self) -> float:
        """The largest mismatch [pu]."""
        return float(np.max(self.mismatch_pu))


@dataclass(frozen=True, eq=False)
class PowerFlowResult(Result):
    """Voltages, flows and losses that belong together.

    Parameters
    ----------
    network : PowerNetwork
        What was solved.
    magnitude_pu, angle_deg : numpy.ndarray, shape (n,)
        Voltage at each bus [pu, degrees]; magnitudes are positive, angles between -180 and 180.
    generation_mw, generation_mvar : numpy.ndarray, shape (n,)
        Generation that balances each bus [MW, Mvar].
    current_pu : numpy.ndarray, shape (m,)
        Current of each branch, the larger of its two ends [pu].
    loading : numpy.ndarray, shape (m,)
        That current over the rating; 0 where there is no rating.
    from_mva, to_mva : numpy.ndarray of complex, shape (m,)
        Power that enters each branch at its two ends, P + jQ [MW, Mvar].
    losses_mw : float
        Sum over all branches [MW].
    num_iter, residual
        Steps of Newton's method, and the largest mismatch that they left [pu].
    certificates : tuple of Certificate
        Kirchhoff's law and set-points, checked branch by branch.
    """

    network: PowerNetwork
    magnitude_pu: FloatArray
    angle_deg: FloatArray
    generation_mw: FloatArray
    generation_mvar: FloatArray
    current_pu: FloatArray
    loading: FloatArray
    from_mva: ComplexArray
    to_mva: ComplexArray
    losses_mw: float
    num_iter: int
    residual: float
    certificates: tuple[Certificate, ...]

    def voltage(self, bus: int) -> float:
        """Return the voltage magnitude at a bus [pu].

        Parameters
        ----------
        bus : int
            Its number.

        Returns
        -------
        float

        Raises
        ------
        InvalidInput
            If there is no such bus.
        """
        return float(self.magnitude_pu[self.network.place(bus)])


def newton_iterates(network: PowerNetwork) -> Iterator[NewtonIterate]:
    """Yield the start and every step of Newton's method, without end.

    A step is halved until it makes the largest mismatch smaller and leaves each magnitude a tenth of
    itself; where no part of it does, the iterate is yielded again.

    Parameters
    ----------
    network : PowerNetwork
        The network.

    Yields
    ------
    NewtonIterate
        Voltages and mismatches; the first is the flat start, turned by the phase shifters.

    Raises
    ------
    InvalidInput
        If `network` is no PowerNetwork (when the first iterate is asked for).
    NotConverged
        If the Jacobian is singular or a step is not finite.

    Examples
    --------
    >>> line = PowerNetwork(bus=[1, 2], kind=["slack", "pq"], demand_mw=[0, 50], demand_mvar=[0, 20],
    ...     shunt_mw=[0, 0], shunt_mvar=[0, 0], generation_mw=[0, 0], set_point_pu=[1, 1],
    ...     from_bus=[1], to_bus=[2], resistance_pu=[0], reactance_pu=[0.1], charging_pu=[0],
    ...     tap=[1], shift_deg=[0], rating_mva=[100])
    >>> from itertools import islice
    >>> [round(float(step.magnitude_pu[1]), 6) for step in islice(newton_iterates(line), 4)]
    [1.0, 0.98, 0.978252, 0.978248]

    References
    ----------
    Tinney and Hart, Power flow solution by Newton's method, 1967.
    """
    kinds = np.array(network.kind)
    turning, free = np.flatnonzero(kinds != "slack"), np.flatnonzero(kinds == "pq")
    matrix = network.admittance()
    now = _iterate(network, matrix, np.where(kinds == "pq", 1.0, network.set_point_pu), _shifted(network))
    while True:
        yield now
        wrong = np.concatenate([now.gap_pu.real[turning], now.gap_pu.imag[free]])
        try:
            step = np.linalg.solve(_jacobian(matrix, now, turning, free), -wrong)
        except np.linalg.LinAlgError:
            raise NotConverged(_hopeless(network, now, "the Jacobian is singular")) from None
        turn, lift = np.zeros(len(kinds)), np.zeros(len(kinds))
        turn[turning], lift[free] = step[: len(turning)], step[len(turning) :]
        if not np.all(np.isfinite(step)):
            raise NotConverged(_hopeless(network, now, "the voltages leave every bound"))
        now = _moved(network, matrix, now, turn, lift)


def _iterate(network: PowerNetwork, matrix: ComplexArray, magnitude: FloatArray, angle: FloatArray) -> NewtonIterate:
    unit = np.exp(1j * angle)
    gap = magnitude * unit * np.conj(matrix @ (magnitude * unit)) - network.scheduled_pu
    kinds = np.array(network.kind)
    gap[kinds == "slack"] = 0.0  # the slack bus feeds in whatever is missing
    gap.imag[kinds == "pv"] = 0.0
    return NewtonIterate(magnitude, angle, np.maximum(np.abs(gap.real), np.abs(gap.imag)), gap)


def _moved(
    network: PowerNetwork, matrix: ComplexArray, now: NewtonIterate, turn: FloatArray, lift: FloatArray
) -> NewtonIterate:
    """Return the iterate after a step, halved until magnitudes stay positive and the mismatch shrinks.

    Where no part of the step does that, the iterate stays as it is.
    """
    length, floor = 1.0, _rounding(matrix, now.magnitude_pu)
    while length >= SHORTEST:
        magnitude = now.magnitude_pu + length * lift
        if np.all(magnitude >= DROP * now.magnitude_pu):
            then = _iterate(network, matrix, magnitude, now.angle_rad + length * turn)
            if then.residual <= max((1.0 - SHRINK * length) * now.residual, floor):
                return then
        length /= 2.0
    return now


def _shifted(network: PowerNetwork) -> FloatArray:
    """Return the angles of the start [rad]: 0, or where the phase shifters want them, in least squares.

    On a tree every branch gets just its shift; around a loop of other shifts the stiff branches count more.
    """
    n = len(network.bus)
    shift = np.deg2rad((network.shift_deg + 180.0) % 360.0 - 180.0)
    if not np.any(shift):
        return np.zeros(n)
    start, end = branch_ends(network)
    rows = np.zeros((len(shift), n))
    rows[np.arange(len(shift)), start], rows[np.arange(len(shift)), end] = 1.0, -1.0
    weight = 1.0 / np.sqrt(np.abs(network.resistance_pu + 1j * network.reactance_pu))
    turning = np.flatnonzero(np.array(network.kind) != "slack")
    angle = np.zeros(n)
    angle[turning] = np.linalg.lstsq(weight[:, None] * rows[:, turning], weight * shift, rcond=None)[0]
    return angle


def _rounding(matrix: ComplexArray, magnitude: FloatArray) -> float:
    """Return the mismatch that rounding alone can make [pu]: the powers added up at a bus cancel."""
    return ROUNDING * float(np.max(magnitude * (np.abs(matrix) @ magnitude)))


def _jacobian(
    matrix: ComplexArray, now: NewtonIterate, turning: NDArray[np.intp], free: NDArray[np.intp]
) -> FloatArray:
    """Return the derivative of the mismatch by angles and magnitudes."""
    unit = np.exp(1j * now.angle_rad)
    voltage = now.magnitude_pu * unit
    current = matrix @ voltage
    by_angle = 1j * voltage[:, None] * np.conj(np.diag(current) - matrix * voltage)
    by_magnitude = voltage[:, None] * np.conj(matrix * unit) + np.diag(np.conj(current) * unit)
    both = np.concatenate([by_angle[:, turning], by_magnitude[:, free]], axis=1)
    return np.concatenate([both.real[turning], both.imag[free]])


def _hopeless(network: PowerNetwork, iterate: NewtonIterate, why: str) -> str:
    worst = int(np.argmax(iterate.mismatch_pu))
    return (
        f"network: no power flow was found, {why}; the largest mismatch is {iterate.residual:.3g} pu at bus "
        f"{network.bus[worst]}; the demand of {network.demand_mw.sum():g} MW must be less than the network can carry"
    )


def solve_power_flow(
    network: PowerNetwork,
    *,
    tol: Annotated[float, Number(low=0.0, open_low=True)] = 1e-11,
    max_iter: Annotated[int, Whole(low=1)] = 20,
) -> PowerFlowResult:
    """Solve the power flow from a flat start.

    A power flow has several solutions. This one is reached from the flat start without a step that makes
    the mismatch larger or a magnitude negative; in ordinary networks it is the one of high voltage.

    Parameters
    ----------
    network : PowerNetwork
        The network.
    tol : float
        Largest mismatch at which to stop [pu], where powers of 1 pu are scheduled; if the largest of them is
        less, this much of it. Where the powers that cancel at a bus are so large that rounding alone
        makes more than that, the iteration stops there.
    max_iter : int
        Newton steps before giving up; four or five are usual.

    Returns
    -------
    PowerFlowResult

    Raises
    ------
    InvalidInput
        If an argument is not of that kind.
    NotConverged
        If no solution is found; the message names the bus with the largest mismatch.

    Examples
    --------
    >>> line = PowerNetwork(bus=[1, 2], kind=["slack", "pq"], demand_mw=[0, 50], demand_mvar=[0, 20],
    ...     shunt_mw=[0, 0], shunt_mvar=[0, 0], generation_mw=[0, 0], set_point_pu=[1, 1],
    ...     from_bus=[1], to_bus=[2], resistance_pu=[0], reactance_pu=[0.1], charging_pu=[0],
    ...     tap=[1], shift_deg=[0], rating_mva=[100])
    >>> round(solve_power_flow(line).voltage(2), 6)
    0.978248
    """
    with np.errstate(all="ignore"):  # a diverging iteration is reported once, by name
        matrix, enough = network.admittance(), tol * min(1.0, network.largest_power_pu)
        for steps, iterate in enumerate(newton_iterates(network)):
            if iterate.residual <= max(enough, _rounding(matrix, iterate.magnitude_pu)):
                return _result(network, iterate, steps)
            if steps == max_iter:
                raise NotConverged(_hopeless(network, iterate, f"Newton's method took {max_iter} steps"))
    raise AssertionError("newton_iterates ends only by raising")


def _result(network: PowerNetwork, iterate: NewtonIterate, steps: int) -> PowerFlowResult:
    voltage = iterate.magnitude_pu * np.exp(1j * iterate.angle_rad)
    start, end = branch_ends(network)
    ff, ft, tf, tt = branch_admittances(network)
    out = ff * voltage[start] + ft * voltage[end]
    back = tf * voltage[start] + tt * voltage[end]
    from_mva = voltage[start] * np.conj(out) * network.base_mva
    to_mva = voltage[end] * np.conj(back) * network.base_mva
    current = np.maximum(np.abs(out), np.abs(back))
    injected = voltage * np.conj(network.admittance() @ voltage) * network.base_mva
    degrees = np.rad2deg(iterate.angle_rad)
    degrees = np.where(np.abs(degrees) > 180.0, np.angle(voltage, deg=True), degrees)
    return PowerFlowResult(
        network,
        iterate.magnitude_pu,
        degrees,
        injected.real + network.demand_mw,
        injected.imag + network.demand_mvar,
        current,
        current * network.base_mva / network.rating_mva,
        from_mva,
        to_mva,
        float(np.sum(from_mva.real + to_mva.real)),
        steps,
        iterate.residual,
        power_flow_certificates(network, iterate.magnitude_pu, degrees),
    )
