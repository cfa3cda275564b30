"""Certificates of the room: deviations scanned, loads and voltages recomputed, nothing taken from a solver."""
