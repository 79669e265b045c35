"""Which layers go into the KMZ, and in which colours."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from phusong.exports import palette
from phusong.exports.geopackage import Layer
from phusong.exports.kmz import Folder
from phusong.i18n import tr

_REACH = {"True": palette.REACHED, "False": palette.NOT_REACHED}
_CABLES = {"True": palette.CABLE_LIT, "False": palette.CABLE_DARK}


def earth_folders(layers: Sequence[Layer]) -> list[Folder]:
    """Return the folders of the KMZ, from the layers of the GeoPackage."""
    return list(_folders({layer.name: layer for layer in layers if not layer.frame.empty}))


def _folders(layers: dict[str, Layer]) -> Iterator[Folder]:
    shown: tuple[str, ...]
    if "villages" in layers:
        shown = ("grade_label", "commune_name", "people", "people_unserved", "served_share",
                 "level_centre_dbm", "best_operator", "nearest_site_km")  # fmt: skip
        frame = layers["villages"].frame
        yield Folder(tr("Villages by verdict"), frame, "name", "grade", palette.GRADES, shown)
    if "commune_centres" in layers:
        frame = layers["commune_centres"].frame
        shown = ("commune_code", "reason", "pop_id", "route_km", "loss_db", "optical_class")
        title = tr("Fibre to the commune centres")
        yield Folder(title, frame, "name", "reached", _REACH, shown)
    if "fibre" in layers:
        frame = layers["fibre"].frame
        shown = ("owner", "status", "length_m", "communes_behind")
        yield Folder(tr("Cables"), frame, "cable_id", "connected", _CABLES, shown)
    if "sites" in layers:
        frame = layers["sites"].frame
        yield Folder(tr("Masts"), frame, "site_id", None, {"mast": palette.INK}, visible=False)
