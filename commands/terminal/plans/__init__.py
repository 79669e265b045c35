"""Plans in a terminal: cost beside bound, order of building, effect."""
