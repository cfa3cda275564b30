"""Helpers of the book V2G Games: methods, data, four models, figures and the ledger.

The notebooks tell the story; this package holds what they use more than once.
"""

__version__ = "0.2.0"
