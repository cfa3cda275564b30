"""What all tests share: Hypothesis draws the same examples on every run, so that a green run stays green."""

from hypothesis import settings

settings.register_profile("fixed", derandomize=True, database=None, deadline=None)
settings.load_profile("fixed")
