"""Second routes at least cost, with a bound."""
