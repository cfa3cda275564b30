"""The city model: roads and a feeder in one equilibrium."""
