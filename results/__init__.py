"""What one pass through the rooms found, and finished runs read back and compared."""
