"""What stands round phones and masts, and between them, from land cover and the study."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from phusong.checks import Findings
from phusong.coverage.propagation.ends import loss_db
from phusong.coverage.propagation.registry import model_named
from phusong.coverage.propagation.surroundings import (
    Ends,
    PathEnds,
    Surroundings,
    surroundings_of,
)
from phusong.errors import Where
from phusong.sources.crs import STUDY_FILE
from phusong.sources.inputs import Inputs
from phusong.study import Clutter, Study


def clutter_height_m(classes: NDArray[np.float32], clutter: Clutter) -> NDArray[np.float32]:
    """Return the representative clutter height of each cell.

    Parameters
    ----------
    classes
        (rows, cols) land cover codes, NaN where unknown.
    clutter
        The study's table; a code that is not in it counts as open ground.

    Returns
    -------
    ndarray
        (rows, cols) float32 metres, 0 where the class is unknown.
    """
    heights = np.zeros(256, dtype=np.float32)
    for code, height_m in clutter.heights_m.items():
        heights[code] = height_m
    known = np.isfinite(classes) & (classes >= 0) & (classes <= 255)
    return np.where(known, heights[np.where(known, classes, 0).astype(np.intp)], np.float32(0))


def stands_along(study: Study) -> bool:
    """Whether clutter stands on the ground between the ends of a path."""
    return study.radio.clutter.at == "path" and study.terrain.kind == "dtm"


def _around(clutter: Clutter, code: int) -> Surroundings:
    found = surroundings_of(clutter.environments.get(code, clutter.environment))
    return found._replace(clutter_m=clutter.heights_m.get(code, found.clutter_m))


def ends_of(study: Study) -> Ends | None:
    """Return what stands round the ends of a study's paths; None where nothing is to be added.

    Index 0 of the receivers is the study's environment, where no land cover says better; the
    others are those of :func:`end_classes`.
    """
    clutter = study.radio.clutter
    if clutter.at != "ends":
        return None
    return Ends(
        receivers=(
            surroundings_of(clutter.environment),
            *(_around(clutter, code) for code in _codes(clutter)),
        ),
        mast=surroundings_of(clutter.mast_environment),
        street_m=clutter.street_m,
        over_top=study.terrain.kind == "dsm",
    )


def _codes(clutter: Clutter) -> list[int]:
    """Return the classes that have surroundings of their own."""
    return sorted({*clutter.environments, *clutter.heights_m})


def end_classes(classes: NDArray[np.float32], clutter: Clutter) -> NDArray[np.uint8]:
    """Return what stands round a receiver in each cell, as an index of ``Ends.receivers``.

    Parameters
    ----------
    classes
        (rows, cols) land cover codes, NaN where unknown.
    clutter
        The study's table.

    Returns
    -------
    ndarray
        (rows, cols) uint8, 0 where the class is unknown or has no surroundings of its own.
    """
    index = np.zeros(256, dtype=np.uint8)
    for place, code in enumerate(_codes(clutter), start=1):
        index[code] = place
    known = np.isfinite(classes) & (classes >= 0) & (classes <= 255)
    return np.where(known, index[np.where(known, classes, 0).astype(np.intp)], np.uint8(0))


def path_ends(
    clutter: Clutter, classes: NDArray[np.float32] | None, *, over_top: bool = False
) -> PathEnds | None:
    """Return what stands round both ends of one path; None where nothing is to be added.

    Parameters
    ----------
    classes
        (points,) land cover codes along the path, NaN where unknown; None without land cover.
        Only the last, the receiver's, counts: masts are put where they see out.
    over_top
        The heights are those of a surface model.
    """
    if clutter.at != "ends":
        return None
    rx = surroundings_of(clutter.environment)
    if classes is not None:
        place = int(end_classes(classes[-1:], clutter)[0])
        if place:
            rx = _around(clutter, _codes(clutter)[place - 1])
    return PathEnds(surroundings_of(clutter.mast_environment), rx, clutter.street_m, over_top)


def report_environment(inputs: Inputs, study: Study, findings: Findings) -> None:
    """Say (rule D12) that one environment stands for all receivers, and what it costs them."""
    clutter, radio = study.radio.clutter, study.radio
    if (
        clutter.at != "ends"
        or inputs.landcover is not None
        or model_named(radio.model).knows_clutter
    ):
        return
    freq = float(inputs.cells["freq_mhz"].median())
    findings.add(
        "D12",
        Where(file=STUDY_FILE),
        "radio.clutter",
        "environment {environment}: {db:.1f} dB at {freq:g} MHz",
        environment=clutter.environment,
        db=loss_db(freq, radio.rx_height_m, surroundings_of(clutter.environment), clutter.street_m),
        freq=freq,
    )
