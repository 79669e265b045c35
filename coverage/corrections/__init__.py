"""What measurements add to predicted levels at places."""
