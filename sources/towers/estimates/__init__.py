"""Cells whose places phones measured: their base stations, and where the masts of these stand."""
