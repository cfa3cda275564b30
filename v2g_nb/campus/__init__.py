"""The campus model: a building, an aggregator and its cars."""
