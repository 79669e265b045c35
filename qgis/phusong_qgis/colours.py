"""Classes of the rasters, as the map page draws them; needs no QGIS."""

LEVEL = (
    (-115.0, "#b35806"),
    (-110.0, "#f1a340"),
    (-105.0, "#fee0b6"),
    (-95.0, "#d8daeb"),
    (-85.0, "#998ec3"),
    (-75.0, "#6a51a3"),
    (float("inf"), "#3f007d"),
)
"""(upper bound in dBm, colour): ColorBrewer's PuOr, orange where it is weak."""
PROBABILITY = (
    (0.1, "#ffffcc"),
    (0.25, "#c7e9b4"),
    (0.5, "#7fcdbb"),
    (0.75, "#41b6c4"),
    (0.9, "#2c7fb8"),
    (0.95, "#253494"),
    (float("inf"), "#081d58"),
)
"""(upper bound, colour)."""


def classes_of(name: str) -> tuple[tuple[float, str], ...]:
    """Return the classes of a raster by its file's name."""
    return LEVEL if name.endswith("level") else PROBABILITY


def label(low: float | None, high: float, unit: str) -> str:
    """Return what a class is called."""
    if low is None:
        return f"< {high:g}{unit}"
    if high == float("inf"):
        return f"≥ {low:g}{unit}"
    return f"{low:g} – {high:g}{unit}"
