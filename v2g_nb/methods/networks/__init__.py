"""Networks that solvers and certificates both stand on: what they are made of, and no method."""
