"""Figures of villages: sums of signal over them, and the tables made of these."""
