"""Villages known by name only: places of the same name are proposed, and a person confirms."""
