"""From rasters to verdicts: villages, shares, simulation, definitions of others."""
