"""ITU-R P.526-15 §4.5, delta-Bullington: `path` over one path, `sweep` over a disc."""
