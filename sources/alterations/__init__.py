"""Inputs as a scenario alters them."""
