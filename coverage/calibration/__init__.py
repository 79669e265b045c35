"""Measured levels against predicted ones."""
