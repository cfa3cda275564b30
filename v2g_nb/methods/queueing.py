"""Waiting lines (placeholder during set-up)."""
