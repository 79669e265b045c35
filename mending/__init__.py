"""Mends that are safe, made in copies of planners' files; the originals are only read."""
