"""Certificates of the grid: deviations scanned, loads and voltages recomputed, nothing taken from a solver."""
