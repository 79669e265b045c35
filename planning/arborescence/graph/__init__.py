"""The directed graph of an instance: arcs, what replaces what, chains of sections, parts."""
