"""Propagation models as scalar functions, and the terrain sweep that feeds them."""
