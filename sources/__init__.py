"""Reading and checking what planners have; out comes one CRS, one grid, named columns."""
