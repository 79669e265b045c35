"""Classes of sites: what stands in for heights and powers that a list does not give, by class."""

from __future__ import annotations

import tomllib
from importlib.resources import files
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from phusong.checks import Findings
from phusong.sources.tables.columns import plain
from phusong.sources.tables.layers import Records
from phusong.sources.towers.reading import cleaned, mapped
from phusong.study import SiteClass, TowersSource

_TABLE: Final[dict[str, Any]] = tomllib.loads(
    (files(__package__) / "classes.toml").read_text("utf-8")
)
CLASSES: Final[tuple[SiteClass, ...]] = ("rural", "suburban", "urban", "small", "indoor")
_WORDS: Final = {plain(word): name for name, row in _TABLE.items() for word in row["words"]}


def class_of(text: str | None) -> str | None:
    """Return the class a text names, None for none that is known.

    Examples
    --------
    >>> class_of("Trong nhà (IBS)"), class_of("Nông thôn"), class_of("loại 3")
    ('indoor', 'rural', None)
    """
    if text is None:
        return None
    whole = plain(text)
    if whole in _WORDS:
        return _WORDS[whole]
    padded = f"_{whole}_"
    found = {name for word, name in _WORDS.items() if f"_{word}_" in padded}
    return found.pop() if len(found) == 1 else None


def defaults_of(
    records: Records, source: TowersSource
) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.object_]]:
    """Return each record's default height and EIRP, and the class they are of (None: the study's).

    The study's own figures of a class come before those of the table.
    """
    classes = mapped(cleaned(records, "site_class"), class_of)
    height = np.full(len(classes), source.defaults.height_m)
    eirp = np.full(len(classes), source.defaults.eirp_dbm)
    for name in CLASSES:
        mine = np.array([c == name for c in classes], dtype=bool)
        own = source.defaults.classes.get(name)
        figures = {key: _TABLE[name][key] for key in ("height_m", "eirp_dbm")}
        if own is not None:
            figures |= {k: v for k, v in own.model_dump().items() if v is not None}
        height[mine], eirp[mine] = figures["height_m"], figures["eirp_dbm"]
    return height, eirp, classes


def report_classes(
    records: Records,
    classes: NDArray[np.object_],
    assumed: NDArray[np.bool_],
    height_m: NDArray[np.float64],
    eirp_dbm: NDArray[np.float64],
    findings: Findings,
) -> None:
    """Say once a file which classes stood in for what (T50)."""
    for name in CLASSES:
        mine = assumed & np.array([c == name for c in classes], dtype=bool)
        if mine.any():
            findings.add(
                "T50",
                records.where,
                name,
                "{n} records of class {name}: {height} m, {eirp} dBm",
                n=int(mine.sum()),
                name=name,
                height=f"{height_m[mine][0]:g}",
                eirp=f"{eirp_dbm[mine][0]:g}",
            )
