"""Villages when masts fall silent."""
