"""Which places light reaches, over which route and optics, and what stops it."""
