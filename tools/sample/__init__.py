"""The program that made the embedded sample province, in ``data/``; no part of the wheel."""
