"""Scripts that run in the peers' own environment, called by subprocess; this package imports none of them."""
