"""Steiner trees in graphs: a tree, a proven lower bound, and the gap between them.

``solve(tail, head, cost, terminals)`` is the library; ``python -m phusong.fiber.steiner FILE…``
solves SteinLib and PACE files.
"""

from phusong.fiber.steiner.reader import Instance, read_instance
from phusong.fiber.steiner.solve import SteinerResult, solve

__all__ = ["Instance", "SteinerResult", "read_instance", "solve"]
