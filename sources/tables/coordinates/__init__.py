"""Coordinates as tables hold them: degrees in any spelling, pairs in one cell, geometry as text."""
