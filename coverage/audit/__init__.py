"""Claims of a coverage map held against tests on the ground."""
