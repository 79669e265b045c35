"""Tower lists: cells, the sites they share, operators and bands."""
