"""The one family of errors that the package raises on purpose."""

__all__ = ["Infeasible", "InvalidInput", "NotAnEquilibrium", "NotConverged", "V2GError"]


class V2GError(ValueError):
    """Base of every error that the package raises on purpose.

    A message names the argument or object, its value, and what would be right.
    """


class InvalidInput(V2GError):
    """An argument is of the wrong type, shape or range."""


class Infeasible(V2GError):
    """The data are well formed, but no solution exists."""


class NotConverged(V2GError):
    """An iteration ended before it met its tolerance."""


class NotAnEquilibrium(V2GError):
    """At least one certificate of a result does not hold."""
