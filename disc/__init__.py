"""Files on disc: written whole or not at all, owned by one run at a time, checked when done."""
