"""The embedded synthetic sample province, and the program that made it."""
