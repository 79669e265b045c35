"""The table of communes before and after 1 July 2025, made from what it is made of."""
