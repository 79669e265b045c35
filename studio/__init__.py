"""The studio: a study held open, altered by scenarios, and seen at once."""
