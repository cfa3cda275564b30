"""Tests of how the pages are built, without a browser."""
