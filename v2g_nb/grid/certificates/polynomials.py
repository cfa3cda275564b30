"""Polynomials with fractions as coefficients: which sign they have on an interval, without rounding."""

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from itertools import pairwise

Number = int | float | Fraction  # a float is a fraction too, and is taken as exactly that one


@dataclass(frozen=True)
class Polynomial:
    """A polynomial by its coefficients, the constant first, without zeros at the end."""

    coefficients: tuple[Fraction, ...]

    @classmethod
    def of(cls, *coefficients: Number) -> "Polynomial":
        """Return the polynomial with these coefficients, the constant first."""
        exact = [Fraction(value) for value in coefficients]
        while exact and exact[-1] == 0:
            exact.pop()
        return cls(tuple(exact))

    def __call__(self, at: Number) -> Fraction:
        """Return the value, by Horner's rule."""
        total, place = Fraction(0), Fraction(at)
        for coefficient in reversed(self.coefficients):
            total = total * place + coefficient
        return total

    def __add__(self, other: "Polynomial | Number") -> "Polynomial":
        mine, theirs = self.coefficients, _polynomial(other).coefficients
        size = max(len(mine), len(theirs))
        padded = [list(values) + [Fraction(0)] * (size - len(values)) for values in (mine, theirs)]
        return Polynomial.of(*(a + b for a, b in zip(*padded, strict=True)))

    def __mul__(self, other: "Polynomial | Number") -> "Polynomial":
        mine, theirs = self.coefficients, _polynomial(other).coefficients
        product = [Fraction(0)] * (len(mine) + len(theirs))
        for i, a in enumerate(mine):
            for j, b in enumerate(theirs):
                product[i + j] += a * b
        return Polynomial.of(*product)

    def __neg__(self) -> "Polynomial":
        return self * -1

    def __sub__(self, other: "Polynomial | Number") -> "Polynomial":
        return self + -_polynomial(other)

    def __rsub__(self, other: Number) -> "Polynomial":
        return _polynomial(other) - self

    __radd__, __rmul__ = __add__, __mul__

    def __mod__(self, other: "Polynomial") -> "Polynomial":
        rest = list(self.coefficients)
        divisor = other.coefficients
        while len(rest) >= len(divisor):
            factor = rest[-1] / divisor[-1]
            for k in range(len(divisor)):
                rest[len(rest) - len(divisor) + k] -= factor * divisor[k]
            rest.pop()  # now exactly zero
        return Polynomial.of(*rest)

    def derivative(self) -> "Polynomial":
        """Return the derivative."""
        return Polynomial.of(*(k * value for k, value in enumerate(self.coefficients) if k))


def _polynomial(value: "Polynomial | Number") -> Polynomial:
    return value if isinstance(value, Polynomial) else Polynomial.of(value)


def roots_within(polynomial: Polynomial, low: Number, high: Number) -> int:
    """Return how many different roots lie between two numbers that are no roots, by Sturm's theorem."""
    chain = [polynomial, polynomial.derivative()]
    while chain[-1].coefficients:
        chain.append(-(chain[-2] % chain[-1]))
    changes = [_changes([member(at) for member in chain]) for at in (low, high)]
    return changes[0] - changes[1]


def _changes(values: Sequence[Fraction]) -> int:
    signed = [value for value in values if value != 0]
    return sum(a * b < 0 for a, b in pairwise(signed))


def positive_on(polynomial: Polynomial, low: Number, high: Number) -> bool:
    """Return whether the polynomial is above 0 on all of [low, high]: at both ends, and no root between them."""
    return polynomial(low) > 0 and polynomial(high) > 0 and roots_within(polynomial, low, high) == 0
