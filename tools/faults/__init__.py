"""Faults of disc and system put into runs, and what came of these: for benchmarks and tests."""
