"""Small maps as SVG: outlines of the communes, drawn once a page, and numbered marks on them."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final

import geopandas as gpd
import numpy as np
import shapely
from markupsafe import Markup, escape
from numpy.typing import NDArray
from pyproj.exceptions import ProjError

from phusong.i18n import number
from phusong.letters.reread import Place
from phusong.maps.outline import simplify_areas

WIDTH: Final = 1000.0
"""Width of a map in its own units; a close-up shows a part of them."""
_MARGIN: Final = 0.06
_M_PER_DEG: Final = 111_195.0
_FINEST_M: Final = 30.0
_MOST_VERTICES: Final = 6000
_MOST_NAMES: Final = 30
_CLOSE: Final = 0.3
"""Marks within this share of the map's width get a close-up."""
_LEAST: Final = 0.08
"""A close-up shows at least this share of the width."""
_FINEST_SHARE: Final = 2000
"""Corners nearer than a part's width over this are one."""


@dataclass(frozen=True)
class Mark:
    """A numbered place; ``number`` links it to its row.

    ``shape`` is the line or outline of the record it is about, in degrees.
    """

    number: int
    place: Place
    severity: str
    shape: shapely.Geometry | None = None


@dataclass(frozen=True)
class MiniMap:
    """Outlines of the communes in a page's own units, and how degrees become those.

    Attributes
    ----------
    outline
        The path of all outlines, as SVG's ``d``.
    names
        (x, y, name) of communes, where they are few enough to be read.
    west, north
        Corner, degrees.
    across, down
        Units a degree of longitude, of latitude.
    height
        Of the map, in units; its width is :data:`WIDTH`.
    """

    outline: str
    names: Sequence[tuple[float, float, str]]
    west: float
    north: float
    across: float
    down: float
    height: float

    @classmethod
    def of(cls, communes: gpd.GeoDataFrame) -> MiniMap | None:
        """Return the map of communes (``name``, polygons, any CRS); None where they have none."""
        if communes.empty:
            return None
        try:
            there = communes.to_crs(4326)
        except ProjError:
            return None
        west, south, east, north = there.total_bounds
        if not np.isfinite([west, south, east, north]).all() or max(abs(south), abs(north)) > 85:
            return None
        squeeze = math.cos(math.radians((south + north) / 2))
        across_m, down_m = squeeze * _M_PER_DEG, _M_PER_DEG
        span_m = max((east - west) * across_m, (north - south) * down_m, 1.0)
        margin_m = _MARGIN * span_m
        unit = WIDTH / ((east - west) * across_m + 2 * margin_m)
        west, north = west - margin_m / across_m, north + margin_m / down_m
        frame = cls(
            "",
            (),
            float(west),
            float(north),
            across_m * unit,
            down_m * unit,
            float(((north - south) * down_m + margin_m) * unit),
        )
        drawn = _simple(there.geometry.to_numpy(), across_m, down_m)
        shapes = shapely.transform(
            drawn, lambda xy: frame.to_units(xy[:, 0] / across_m, xy[:, 1] / down_m)
        )
        names = _names(there, frame) if len(there) <= _MOST_NAMES else []
        return cls(
            _path(shapes),
            names,
            frame.west,
            frame.north,
            frame.across,
            frame.down,
            frame.height,
        )

    def to_units(self, lon: NDArray[np.float64], lat: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return (n, 2) units of places in degrees."""
        return np.column_stack([(lon - self.west) * self.across, (self.north - lat) * self.down])

    def symbol(self) -> Markup:
        """Return the outlines as a symbol that every map of the page uses."""
        return Markup(
            '<svg width="0" height="0" aria-hidden="true" style="position:absolute">'
            '<symbol id="outline" viewBox="0 0 {w:.0f} {h:.0f}" overflow="visible">'
            '<path class="land" d="{d}"/></symbol></svg>'
        ).format(w=WIDTH, h=self.height, d=self.outline)

    def drawn(
        self, marks: Sequence[Mark], title: str, *, named: bool = False, anchors: bool = False
    ) -> Markup:
        """Return a map of the whole area with marks on it.

        Parameters
        ----------
        named
            Whether communes bear their names.
        anchors
            Whether rows of the page link back to these marks.
        """
        labels = self._labels() if named else Markup()
        box = (0.0, 0.0, WIDTH, self.height)
        size = 1.2 if named else 2.2
        inside = self._shapes(marks, box) + labels + self._marks(marks, size, anchors=anchors)
        return self._svg(box, inside, title, "whole")

    def close_up(self, marks: Sequence[Mark], title: str) -> Markup | None:
        """Return a map of the part that holds the marks; None where it would show no more."""
        at = self._inside(marks)
        drawn = [self._to_units(mark.shape) for mark, _ in at if mark.shape is not None]
        if not at or (len(at) == 1 and not drawn):
            return None
        xy = np.vstack([*(xy for _, xy in at), *map(shapely.get_coordinates, drawn)])
        low, high = xy.min(axis=0), xy.max(axis=0)
        side = max(float((high - low).max()) * 1.3, _LEAST * WIDTH)
        if side > _CLOSE * WIDTH:
            return None
        middle = (low + high) / 2
        box = (float(middle[0]) - side / 2, float(middle[1]) - side / 2, side, side)
        inside = self._shapes(marks, box) + self._marks(marks, 3.2 * side / WIDTH) + self._bar(box)
        return self._svg(box, inside, title, "close")

    def outside(self, marks: Sequence[Mark]) -> list[int]:
        """Return the numbers of marks that lie beyond the map's edge."""
        within = {mark.number for mark, _ in self._inside(marks)}
        return [mark.number for mark in marks if mark.number not in within]

    def _inside(self, marks: Sequence[Mark]) -> list[tuple[Mark, NDArray[np.float64]]]:
        if not marks:
            return []
        lon, lat = np.array([mark.place for mark in marks]).T
        xy = self.to_units(lon, lat)
        within = np.all((xy >= 0) & (xy <= (WIDTH, self.height)), axis=1).tolist()
        return [(mark, at) for mark, at, on in zip(marks, xy, within, strict=True) if on]

    def _svg(
        self, box: tuple[float, float, float, float], inside: Markup, title: str, kind: str
    ) -> Markup:
        view = " ".join(f"{value:.2f}" for value in box)
        return Markup(
            '<svg class="map {kind}" viewBox="{view}" role="img" aria-label="{title}">'
            "<title>{title}</title>"
            '<use href="#outline" x="0" y="0" width="{w:.0f}" height="{h:.0f}"/>{inside}</svg>'
        ).format(kind=kind, view=view, title=title, w=WIDTH, h=self.height, inside=inside)

    def _labels(self) -> Markup:
        texts = (
            f'<text class="place" x="{x:.1f}" y="{y:.1f}">{escape(name)}</text>'
            for x, y, name in self.names
        )
        return Markup("".join(texts))  # noqa: S704 - names are escaped above

    def _to_units(self, shape: shapely.Geometry) -> shapely.Geometry:
        moved: shapely.Geometry = shapely.transform(
            shape, lambda xy: self.to_units(xy[:, 0], xy[:, 1])
        )
        return moved

    def _shapes(self, marks: Sequence[Mark], box: tuple[float, float, float, float]) -> Markup:
        """Return the lines and outlines of the marks' records, as fine as the part shown asks."""
        parts = []
        for mark in marks:
            if mark.shape is not None:
                shape = shapely.simplify(self._to_units(mark.shape), box[2] / _FINEST_SHARE)
                parts.append(f'<path class="record {mark.severity}" d="{_path([shape])}"/>')
        return Markup("".join(parts))  # noqa: S704 - figures and words of our own only

    def _marks(self, marks: Sequence[Mark], size: float, *, anchors: bool = False) -> Markup:
        """Return circles with their numbers; ``size`` in units makes them alike on all maps."""
        parts = []
        for mark, (x, y) in self._inside(marks):
            own = f' id="m{mark.number}"' if anchors else ""
            parts.append(
                f'<a href="#f{mark.number}"{own} class="{mark.severity}">'
                f'<circle cx="{x:.2f}" cy="{y:.2f}" r="{7 * size:.2f}"/>'
                f'<text x="{x + 10 * size:.2f}" y="{y + 6 * size:.2f}" '
                f'font-size="{20 * size:.2f}">{mark.number}</text></a>'
            )
        return Markup("".join(parts))  # noqa: S704 - figures and words of our own only

    def _bar(self, box: tuple[float, float, float, float]) -> Markup:
        """Return a bar of a round length at the lower left of a part."""
        x, y, side, _ = box
        most_m = side / 3 / self.down * _M_PER_DEG
        power = 10.0 ** math.floor(math.log10(most_m))
        length_m = max(step * power for step in (1, 2, 5) if step * power <= most_m)
        text = f"{number(length_m / 1000)} km" if length_m >= 1000 else f"{number(length_m)} m"
        across, left, low = length_m / _M_PER_DEG * self.down, x + side * 0.04, y + side * 0.95
        return Markup(
            '<path class="bar" d="M{left:.2f},{low:.2f}h{across:.2f}"/>'
            '<text class="bar" x="{left:.2f}" y="{above:.2f}" font-size="{size:.2f}">{text}</text>'
        ).format(
            left=left, low=low, across=across, above=low - side * 0.02, size=side * 0.05, text=text
        )


def _simple(degrees: NDArray[np.object_], across_m: float, down_m: float) -> NDArray[np.object_]:
    """Return outlines in metres, with fewer corners; what is no area is left out."""
    areas = degrees[np.isin(shapely.get_type_id(degrees), [3, 6])]
    metres = shapely.transform(areas, lambda xy: xy * (across_m, down_m))
    return simplify_areas(metres, _FINEST_M, _MOST_VERTICES)


def _names(communes: gpd.GeoDataFrame, frame: MiniMap) -> list[tuple[float, float, str]]:
    inside = communes.geometry.representative_point()
    xy = frame.to_units(inside.x.to_numpy(), inside.y.to_numpy())
    named = zip(xy, communes["name"], strict=True)
    return [(float(x), float(y), str(name)) for (x, y), name in named]


def _path(shapes: Iterable[shapely.Geometry]) -> str:
    """Return rings and lines as one SVG path, to a hundredth of a unit."""
    parts = []
    for shape in shapes:
        pieces = shapely.get_parts(shape)
        rings = shapely.get_rings(pieces)
        for line in [*rings, *pieces[shapely.get_type_id(pieces) == 1]]:
            closed = shapely.get_type_id(line) == 2
            corners = shapely.get_coordinates(line)[: -1 if closed else None]
            told = "L".join(f"{x:.2f},{y:.2f}" for x, y in corners)
            parts.append(f"M{told}Z" if closed else f"M{told}")
    return "".join(parts)
