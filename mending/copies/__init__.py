"""Files changed in place, each in its own format; what is not asked for stays as it is."""
