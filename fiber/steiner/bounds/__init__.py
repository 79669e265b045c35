"""Lower bounds: dual ascent, cuts, prices, potentials."""
