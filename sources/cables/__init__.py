"""Cables, points of presence, roads, and what hangs on the network."""
