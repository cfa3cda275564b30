"""Helpers of the book V2G Games: seven topics, four models, their synthesis, data, figures and the ledger.

The notebooks tell the story; this package holds what they use more than once. A reader writes
``from v2g_nb import campus, queueing`` and finds all there.
"""

__version__ = "0.2.0"
