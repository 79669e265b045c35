"""Lower bounds: ascents that close arcs, the cut relaxation, whole numbers, certificates."""
