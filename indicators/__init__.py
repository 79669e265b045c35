"""The reportable figures, their definitions, and how they move with the definition."""
