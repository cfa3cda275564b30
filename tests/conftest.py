"""What all tests share: Hypothesis draws the same examples on every run, so that a green run stays green.

With ``V2G_WITHOUT=numba`` (several with commas) these packages cannot be imported, as on a machine that
has none of them: ``python tasks.py without``.
"""

import os
import sys

from hypothesis import settings

settings.register_profile("fixed", derandomize=True, database=None, deadline=None)
settings.load_profile("fixed")

for package in filter(None, os.environ.get("V2G_WITHOUT", "").split(",")):
    sys.modules[package] = None  # type: ignore[assignment]
