"""Masts that might be built: where, with what on them, and which dark villages they would cover."""
