"""Rasters on the study grid: terrain, people, land cover."""
