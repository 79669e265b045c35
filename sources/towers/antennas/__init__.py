"""Antenna files: their patterns, read and looked at."""
