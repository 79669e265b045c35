"""A page as a file: folium's figure and map, with everything they would fetch put inside."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import folium
from branca.element import Figure, MacroElement
from folium.template import Template

from phusong.disc.durable import replacing
from phusong.errors import OutputError, Where
from phusong.i18n import Language
from phusong.maps import asset
from phusong.maps.mercator import Frame

ONLINE_HOST = "https://tile.openstreetmap.org"
DEEPEST_ZOOM = 18


class PlanMap(folium.Map):
    """folium's map without its CDN scripts and styles, and without its lock on zooming."""

    _template = Template(asset.template("map.html"))

    def __init__(self, frame: Frame) -> None:
        (south, west), (north, east) = frame.bounds_deg
        super().__init__(
            ((south + north) / 2, (west + east) / 2),
            tiles=None,
            zoom_control=False,
            # In Leaflet's spelling: folium keeps `max_zoom` for the tiles it is not asked for here.
            maxZoom=DEEPEST_ZOOM,
            # Fine enough that the first view fills its frame.
            zoom_snap=0.05,
            zoom_delta=0.5,
            wheel_px_per_zoom_level=120,
            attribution_control=False,
        )
        self.default_js = []
        self.default_css = []


class PlanFigure(Figure):
    """The HTML frame of a page: language, policy, markup; scripts and styles inlined.

    Parameters
    ----------
    body
        File of ``templates`` that holds the markup.
    sheets
        Style sheets of ``assets``, without ending.
    online, served
        Whether it may ask for a street map, and the server it came from for data.
    """

    def __init__(
        self,
        title: str,
        language: Language,
        book: str,
        *,
        body: str,
        sheets: Sequence[str],
        online: bool = False,
        served: bool = False,
    ) -> None:
        super().__init__(title=title)
        self._template = Template(asset.document(body))
        self.language = language
        self.book = book
        self.sheets = sheets
        self.online_host = ONLINE_HOST if online else ""
        self.served = served
        self.asset = asset


class Program(MacroElement):
    """The page's own layers and panels, started on the map once it stands."""

    _template = Template(asset.template("program.html"))

    def __init__(
        self,
        scripts: Sequence[str],
        tiles: folium.TileLayer | None = None,
        rasters: Sequence[dict[str, Any]] = (),
    ) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self._name = "Program"
        self.scripts = scripts
        self.tiles = tiles
        self.rasters = rasters
        self.asset = asset


def write_document(text: str, path: Path) -> None:
    """Write a page under a temporary name beside its place, then move it in.

    Raises
    ------
    OutputError
        When the file cannot be written there; an earlier page stays whole.
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with replacing(path) as half:
            half.write_text(text, "utf-8")
    except OSError as error:
        raise OutputError(
            "the map cannot be written: {reason}",
            Where(file=str(path)),
            "choose a folder that exists and may be written, or close the program that holds it",
            {"reason": error.strerror or str(error)},
        ) from error
