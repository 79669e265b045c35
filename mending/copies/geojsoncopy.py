"""GeoJSON: features changed in the text's own tree; every other member stays."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import shapely.geometry

from phusong.mending.copies.fids import fids_of
from phusong.mending.mends import Act, CannotMendError, Mend, holds
from phusong.study import Layer


def mend_geojson(path: Path, layer: Layer, mends: Sequence[Mend]) -> list[Mend]:
    """Change features of a GeoJSON file in place.

    Returns
    -------
    list of Mend
        Those carried out: a property is only changed where it says what the mend found there.

    Raises
    ------
    CannotMendError
        When the file is no collection of features.
    """
    old = path.read_bytes().decode("utf-8-sig")
    tree = json.loads(old)
    features = tree.get("features") if isinstance(tree, dict) else None
    if not isinstance(features, list):
        raise CannotMendError("the file is no collection of features")
    places = _places(path, layer, len(features))
    done = [m for m in mends if m.act is Act.ENCODING]
    gone = set()
    for mend in mends:
        if mend.row is None or mend.row > len(places):
            continue
        at = places[mend.row - 1]
        if mend.act is Act.DROP:
            gone.add(at)
            done.append(mend)
        elif _changed(features[at], mend):
            done.append(mend)
    tree["features"] = [feature for i, feature in enumerate(features) if i not in gone]
    text = json.dumps(
        tree, ensure_ascii=False, indent=1 if "\n" in path.read_text("utf-8") else None
    )
    path.write_text(text, "utf-8")
    return done


def _places(path: Path, layer: Layer, count: int) -> list[int]:
    """Return, by record, its place among the features."""
    whole = fids_of(path, layer.model_copy(update={"where": None}))[1]
    if len(whole) != count:
        raise CannotMendError("features of the file are not read one by one")
    at = {fid: i for i, fid in enumerate(whole)}
    return [at[fid] for fid in fids_of(path, layer)[1]]


def _changed(feature: Any, mend: Mend) -> bool:
    if mend.act is Act.GEOMETRY:
        feature["geometry"] = shapely.geometry.mapping(mend.value)
        feature.pop("bbox", None)
        return True
    properties = feature.get("properties")
    if not isinstance(properties, dict) or mend.column not in properties:
        return False
    if not holds(mend, properties[mend.column]):
        return False
    properties[mend.column] = mend.value
    return True
