"""The reform of 1 July 2025: which commune became which, and which scheme a file's codes speak."""
