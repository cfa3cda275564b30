"""Mathematics that knows no vehicle."""
