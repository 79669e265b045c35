"""Made-up ground, provinces and results, for the tests and the benchmarks."""
