"""The tables people read, and the dictionary that documents every column."""
