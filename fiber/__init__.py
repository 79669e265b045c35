"""Fibre: the network graph, reach, optics, redundancy, extension."""
