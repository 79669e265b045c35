"""Microwave hops between masts: clear of the ground, and up often enough."""
