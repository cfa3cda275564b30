"""The outcomes that both folders of tests look at."""

from tests.synthesis.test_mechanisms import made

__all__ = ["made"]
