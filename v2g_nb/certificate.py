"""Certificates: small independent proofs that a result is what it claims to be.

A solver says how far its own iteration came (`residual`); a certificate says how far the *answer*
is from satisfying the defining conditions, computed by code that knows no solver; it may share the
model's equations.
"""

from dataclasses import dataclass
from typing import Self, TypeVar

from v2g_nb import checks
from v2g_nb.arguments import Record
from v2g_nb.errors import InvalidInput, NotAnEquilibrium


@dataclass(frozen=True)
class Certificate:
    """One checked condition: it holds when `value` is at most `tolerance`.

    Parameters
    ----------
    name : str
        What is checked, in words a reader knows ("maximum regret").
    value : float
        How far the condition is from holding exactly. NaN is allowed and never holds: a check that
        could not be computed is a check that failed.
    tolerance : float
        The largest `value` that still counts as holding; at least 0.
    unit : str, optional
        Unit of `value` and `tolerance`.

    Raises
    ------
    InvalidInput
        If `tolerance` is negative or not finite.

    Examples
    --------
    >>> print(Certificate("maximum regret", 2e-7, 1e-3, "EUR"))
    maximum regret: at most 0.001 EUR, holds
    >>> print(Certificate("maximum regret", float("nan"), 1e-3, "EUR"))
    maximum regret: nan EUR, above 0.001 EUR, FAILS
    """

    name: str
    value: float
    tolerance: float
    unit: str = ""

    def __post_init__(self) -> None:
        """Keep plain numbers; a tolerance that every value meets is refused."""
        object.__setattr__(self, "value", float(self.value))
        object.__setattr__(self, "tolerance", checks.real("tolerance", self.tolerance, low=0.0))

    @property
    def holds(self) -> bool:
        """Whether `value` is at most `tolerance`; False for NaN."""
        return bool(self.value <= self.tolerance)

    def __str__(self) -> str:
        """Say whether it holds, without digits that differ from one processor to the next."""
        unit = f" {self.unit}" if self.unit else ""
        if self.holds:
            return f"{self.name}: at most {self.tolerance:g}{unit}, holds"
        return f"{self.name}: {self.value:.6g}{unit}, above {self.tolerance:g}{unit}, FAILS"


class Result(Record):
    """What a solver returns: a frozen dataclass with its solution and the certificates of it."""

    certificates: tuple[Certificate, ...]

    def require(self) -> Self:
        """Return the result if it converged and all its certificates hold, or raise.

        Returns
        -------
        Result
            The same, so that ``solve(...).require()`` can stand where the result is used.

        Raises
        ------
        NotAnEquilibrium
            If the solver did not converge or a certificate fails; the message says how far.
        InvalidInput
            If the result carries no certificate at all.
        """
        return require(self)


R = TypeVar("R")


def require(result: R) -> R:
    """Return `result` if it converged and all its certificates hold, or raise as :meth:`Result.require` says.

    >>> from types import SimpleNamespace
    >>> good = SimpleNamespace(certificates=(Certificate("gap", 0.0, 1e-9),))
    >>> require(good) is good
    True
    """
    certificates = tuple(getattr(result, "certificates", ()))
    if not certificates or not all(isinstance(c, Certificate) for c in certificates):
        raise InvalidInput(f"result = {checks.shown(result)}: must carry at least one Certificate in `certificates`")
    failed = [f"{c.name} {c.value:.6g} above {c.tolerance:g} {c.unit}".rstrip() for c in certificates if not c.holds]
    if not getattr(result, "converged", True):
        failed.insert(0, "the solver did not converge")
    if failed:
        raise NotAnEquilibrium(f"{type(result).__name__} is not certified: " + "; ".join(failed))
    return result
