"""From sites and terrain to rasters of level, server and probability."""
