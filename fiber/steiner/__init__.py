"""Steiner trees in graphs: a tree, a proven lower bound, and the gap between them."""
