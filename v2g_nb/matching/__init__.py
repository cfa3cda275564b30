"""Two-sided matching with quotas and outside options.

A `Market` holds who would take whom, in order; `deferred_acceptance` (Gale and Shapley) matches it stably,
`proposals` returns its steps, `stable_matchings` lists all stable matchings of a small market, and
`check_matching` finds the pairs of any matching that would rather have each other.

Derived in the chapter *Stable matching*; used on the highway and in the synthesis.
"""

from v2g_nb.arguments import face
from v2g_nb.matching.market import Market
from v2g_nb.matching.stable import Matching, Proposal, check_matching, deferred_acceptance, proposals, stable_matchings

__all__ = ["Market", "Matching", "Proposal", "check_matching", "deferred_acceptance", "proposals", "stable_matchings"]
face(globals())
