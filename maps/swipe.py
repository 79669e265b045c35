"""The map of two runs: both verdicts under one divider, and a table of what changed."""

from __future__ import annotations

import json
from datetime import datetime
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Any

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from numpy.typing import NDArray
from pyproj import CRS

from phusong.coverage.villages.verdict import GRADE_LETTERS
from phusong.grid import Grid
from phusong.i18n import Language, tr
from phusong.maps import asset
from phusong.maps.codec import positions, scaled, texts
from phusong.maps.document import PlanFigure, PlanMap, Program, write_document
from phusong.maps.mercator import Frame
from phusong.maps.outline import encode_lines, encode_rings, shared_borders, simplify_areas
from phusong.maps.packing import pack
from phusong.maps.sections.areas import MOST_VERTICES, NOT_ASSESSED, commune_outlines
from phusong.maps.words import LANGUAGES, page_words

if TYPE_CHECKING:
    from phusong.results.compare import Comparison
    from phusong.results.finished import FinishedRun

ABSENT = "-"
"""The letter of a village that a run does not have."""


def build_swipe_map(
    before: FinishedRun,
    after: FinishedRun,
    found: Comparison,
    path: Path,
    language: Language = "vi",
) -> Path:
    """Write two runs as one HTML file that asks nothing of any network.

    Parameters
    ----------
    before, after
        The runs, for their outlines and centres.
    found
        What changed between them: the page's tables show these rows and no others.
    path
        The file; an earlier one stays whole when this fails.
    language
        The one the page opens in; it can be switched inside.

    Raises
    ------
    OutputError
        When the file cannot be written there.
    """
    crs = CRS.from_user_input(after.stamp["crs"])
    layers = {
        name: (before.layer(name).to_crs(crs), after.layer(name).to_crs(crs))
        for name in ("villages", "communes", "commune_centres")
    }
    cell_m = float(after.stamp["grid"]["cell_m"])
    frame = Frame.over(_grid(before, after, crs, cell_m))
    then, now = (
        _simple(_shapes(layer, found.villages["code"]), cell_m) for layer in layers["villages"]
    )
    earlier, later = (_shapes(layer, found.communes["code"]) for layer in layers["communes"])
    communes = np.where(shapely.is_empty(later), earlier, later)
    book = {
        "language": language,
        "words": page_words(),
        "frame": {"west": frame.west_m, "north": frame.north_m, "bounds": frame.bounds_deg},
        "created": datetime.now().astimezone().isoformat(timespec="minutes"),
        "version": version("phusong"),
        "synthetic": before.study.study.synthetic or after.study.study.synthetic,
        "before": _run_section(before),
        "after": _run_section(after),
        "definitions": [[d.key, _plain(d.before), _plain(d.after)] for d in found.definitions],
        "villages": _villages(found, then, now, frame),
        "communes": _communes(found, communes, now, frame, cell_m),
        "centres": [_centres(part, found, frame) for part in layers["commune_centres"]],
        "indicators": _indicators(before, after, found),
    }
    title = f"{after.study.title} · {tr('Before and after', language)}"
    figure = PlanFigure(title, language, pack(book), body="swipe.html", sheets=asset.SWIPE_SHEETS)
    plan = PlanMap(frame)
    Program(asset.SWIPE_SCRIPTS).add_to(plan)
    plan.add_to(figure)
    write_document(figure.render(), path)
    return path


def _grid(before: FinishedRun, after: FinishedRun, crs: CRS, cell_m: float) -> Grid:
    """Return the grid that holds both runs'."""
    frames = [
        gpd.GeoSeries([shapely.box(*run.stamp["grid"]["bounds_m"])], crs=run.stamp["crs"])
        for run in (before, after)
    ]
    west, south, east, north = pd.concat([f.to_crs(crs) for f in frames]).total_bounds
    return Grid.over(crs, (float(west), float(south), float(east), float(north)), cell_m)


def _run_section(run: FinishedRun) -> dict[str, Any]:
    about = run.study.study
    return {
        "name": run.study.title,
        "scenario": run.study.scenario.name if run.study.scenario else "",
        "period": about.period,
        "created": run.stamp["created"],
    }


def _plain(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


def _villages(
    found: Comparison, then: NDArray[np.object_], now: NDArray[np.object_], frame: Frame
) -> dict[str, Any]:
    """Return every village of either run; an outline of its own for each run where they differ.

    Parameters
    ----------
    then, now
        Drawn outlines, row by row of ``found.villages``.
    """
    table = found.villages
    rings, earlier = encode_rings(now, frame), encode_rings(then, frame)
    return {
        "code": texts(table["code"]),
        "name": texts(table["name"]),
        "commune": positions(table["commune_code"], found.communes["code"]),
        "commune_code": texts(table["commune_code"]),
        "change": texts(table["change"]),
        "before": _letters(table["grade_before"], absent=table["change"] == "added"),
        "after": _letters(table["grade_after"], absent=table["change"] == "removed"),
        "people": scaled(table["people"], 0),
        "unserved_before": scaled(table["people_unserved_before"], 1),
        "unserved_after": scaled(table["people_unserved_after"], 1),
        "rings": rings,
        "earlier": {
            str(row): one
            for row, (one, two) in enumerate(zip(earlier, rings, strict=True))
            if one and one != two
        },
    }


def _letters(grades: pd.Series[Any], absent: pd.Series[bool]) -> str:
    letters = [GRADE_LETTERS.get(grade, NOT_ASSESSED) for grade in texts(grades)]
    return "".join(ABSENT if gone else x for gone, x in zip(absent, letters, strict=True))


def _shapes(layer: gpd.GeoDataFrame, codes: pd.Series[Any]) -> NDArray[np.object_]:
    """Return the outline of each code; an empty one where the layer has none."""
    known = dict(zip(layer["code"], layer.geometry, strict=True)) if "code" in layer else {}
    nothing = shapely.MultiPolygon()
    shapes = np.empty(len(codes), dtype=object)
    shapes[:] = [known.get(code) or nothing for code in codes]
    return shapes


def _simple(shapes: NDArray[np.object_], cell_m: float) -> NDArray[np.object_]:
    has = ~shapely.is_empty(shapes)
    out = shapes.copy()
    out[has] = simplify_areas(shapes[has], cell_m / 2, MOST_VERTICES)
    return out


def _communes(
    found: Comparison,
    shapes: NDArray[np.object_],
    drawn: NDArray[np.object_],
    frame: Frame,
    cell_m: float,
) -> dict[str, Any]:
    """Return every commune of either run; its border is that of the villages drawn in it.

    Parameters
    ----------
    shapes
        Outlines as read, row by row of ``found.communes``.
    drawn
        The villages', row by row of ``found.villages``.
    """
    table = found.communes
    known = ~shapely.is_empty(shapes)
    codes = found.villages["commune_code"]
    outlines = shapes.copy()
    outlines[known] = commune_outlines(
        gpd.GeoDataFrame({"code": table["code"][known]}, geometry=shapes[known]),
        gpd.GeoDataFrame({"commune_code": codes}, geometry=drawn),
        drawn,
        cell_m / 2,
    )
    return {
        "code": texts(table["code"]),
        "name": texts(table["name"]),
        "change": texts(table["change"]),
        **{
            name: _yes_no(table[name])
            for name in ("fibre_before", "fibre_after", "single_route_before", "single_route_after")
        },
        "rings": encode_rings(outlines, frame),
        "borders": encode_lines(shared_borders(outlines), frame, 0.0),
    }


def _yes_no(values: pd.Series[Any]) -> list[int | None]:
    return [None if pd.isna(value) else int(bool(value)) for value in values]


def _centres(layer: gpd.GeoDataFrame, found: Comparison, frame: Frame) -> dict[str, Any] | None:
    """Return the commune centres of a run; None where it did not ask about fibre."""
    if layer.empty:
        return None
    points = layer.geometry
    x, y = frame.place(points.x.to_numpy(dtype=float), points.y.to_numpy(dtype=float))
    return {
        "commune": positions(layer["commune_code"], found.communes["code"]),
        "reached": _yes_no(layer["reached"]),
        "x": x,
        "y": y,
    }


def _indicators(before: FinishedRun, after: FinishedRun, found: Comparison) -> list[dict[str, Any]]:
    """Return each figure of both runs with its title in both languages."""
    titles: dict[str, dict[str, str]] = {}
    for language in LANGUAGES:
        for run in (before, after):
            for row in run.indicators.to_frame(language).to_dict("records"):
                titles.setdefault(str(row["id"]), {})[language] = str(row["title"])
    table = found.indicators
    return [
        {"title": titles[name], "before": one, "after": two, "difference": difference}
        for name, one, two, difference in zip(
            texts(table["id"]),
            scaled(table["value_before"], 4),
            scaled(table["value_after"], 4),
            scaled(table["difference"], 4),
            strict=True,
        )
    ]
