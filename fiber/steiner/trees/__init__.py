"""Trees: first ones, local search, and the state of a search."""
