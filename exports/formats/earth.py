"""Which layers go into the KMZ, and in which colours."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from phusong.exports.formats.geopackage import Layer
from phusong.exports.formats.kmz import Folder
from phusong.i18n import tr
from phusong.results import palette

_REACH = {"True": palette.REACHED, "False": palette.NOT_REACHED}
_CABLES = {"True": palette.CABLE_LIT, "False": palette.CABLE_DARK}


def earth_folders(layers: Sequence[Layer]) -> list[Folder]:
    """Return the folders of the KMZ, from the layers of the GeoPackage."""
    return list(_folders({layer.name: layer for layer in layers if not layer.frame.empty}))


def _folders(layers: dict[str, Layer]) -> Iterator[Folder]:
    if "villages" in layers:
        frame = layers["villages"].frame
        titles = _titles(
            {
                "grade_label": "Verdict",
                "commune_name": "Commune",
                "people": "People",
                "people_unserved": "People without signal",
                "level_centre_dbm": "Level at the centre, dBm",
                "best_operator": "Best carrier",
                "nearest_site_km": "Nearest mast, km",
            }
        )
        title = tr("Villages by verdict")
        yield Folder(title, frame, "name", "grade", palette.GRADES, titles, width_px=0.7)
    if "communes" in layers:
        frame = layers["communes"].frame.copy()
        frame["geometry"] = frame.boundary
        yield Folder(tr("Communes"), frame, "name", None, {"border": palette.INK})
    if "commune_centres" in layers:
        frame = layers["commune_centres"].frame
        titles = _titles(
            {
                "reason": "Why",
                "route_km": "Length, km",
                "loss_db": "Optical loss, dB",
                "optical_class": "Optical class",
            }
        )
        title = tr("Fibre to the commune centres")
        yield Folder(title, frame, "name", "reached", _REACH, titles)
    if "fibre" in layers:
        frame = layers["fibre"].frame
        titles = _titles(
            {
                "owner": "Owner",
                "status": "Status",
                "length_m": "Length, m",
                "communes_behind": "Communes cut off",
            }
        )
        yield Folder(tr("Cables"), frame, "cable_id", "connected", _CABLES, titles)
    if "sites" in layers:
        frame = layers["sites"].frame
        yield Folder(tr("Masts"), frame, "site_id", None, {"mast": palette.INK}, visible=False)


def _titles(templates: dict[str, str]) -> dict[str, str]:
    return {column: tr(template) for column, template in templates.items()}
