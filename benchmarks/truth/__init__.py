"""Levels that were measured, what every model says of them, and how far the two are apart."""
