"""Two-sided matching with quotas and outside options.

A `Market` holds who would take whom, in order; `deferred_acceptance` (Gale and Shapley) matches it stably,
`proposals` yields its steps, `stable_matchings` lists all stable matchings of a small market, and
`stability_certificates` finds the pairs that would rather have each other.

Derived in the chapter *Stable matching*; used on the highway and in the synthesis.
"""

from v2g_nb.matching.certificates import stability_certificates
from v2g_nb.matching.stable import Market, Matching, deferred_acceptance, proposals, stable_matchings

__all__ = ["Market", "Matching", "deferred_acceptance", "proposals", "stability_certificates", "stable_matchings"]
