"""ITU-R P.1812-7: `path` over one path, `sweep` over a disc, formulas in `loss`."""
