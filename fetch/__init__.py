"""Public data brought to where a study reads them: whole or not at all, each with its record."""
