"""Layers as a folder of files in the form of OGC API - Features, Part 1 (OGC 17-069r4).

Landing page, API description, conformance, collections and GeoJSON items, linked as the standard
links them. No conformance class is claimed: the core asks for `bbox`, `limit` and `datetime`, which
need a program behind them, and for paths without an ending.
"""

from __future__ import annotations

import html
import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import geopandas as gpd
import shapely

from phusong.exports.tables.dictionary import tables
from phusong.i18n import get_language
from phusong.study import Study

_CRS84 = "http://www.opengis.net/def/crs/OGC/1.3/CRS84"
_JSON, _GEOJSON, _HTML = "application/json", "application/geo+json", "text/html"
_OPENAPI = "application/vnd.oai.openapi+json;version=3.0"
_DECIMALS = 6
"""Of degrees: a tenth of a metre (RFC 7946, 11.2)."""
_KEYS = ("code", "commune_code", "site_id", "edge_id")


def write_features(
    study: Study,
    layers: Mapping[str, gpd.GeoDataFrame],
    csv_names: Sequence[str],
    folder: Path,
    url: str = "",
) -> None:
    """Write landing page, collections and items.

    Parameters
    ----------
    layers
        Name -> frame in WGS 84.
    csv_names
        Tables that lie beside, for the page people see.
    url
        Where the folder will be served; links are relative without it.
    """
    collections = [_collection(name, frame, url) for name, frame in layers.items()]
    link = _Linker(url, "")
    files: dict[str, Any] = {
        "index.json": {
            "title": study.study.name,
            "description": study.study.description,
            "links": [
                link("index.json", "self", _JSON),
                link("index.html", "alternate", _HTML),
                link("api.json", "service-desc", _OPENAPI),
                link("index.html", "service-doc", _HTML),
                link("conformance.json", "conformance", _JSON),
                link("collections.json", "data", _JSON),
                link("datapackage.json", "describedby", _JSON),
            ],
        },
        "api.json": _api(study, layers, url),
        "conformance.json": {"conformsTo": []},
        "collections.json": {
            "links": [link("collections.json", "self", _JSON)],
            "collections": collections,
        },
    }
    for name, frame in layers.items():
        base = f"collections/{name}"
        files[f"{base}/collection.json"] = _collection(name, frame, url, base)
        files[f"{base}/items.json"] = _items(name, frame, _Linker(url, base))
    for name, value in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        indent = None if name.endswith("items.json") else 2
        text = json.dumps(value, ensure_ascii=False, indent=indent, allow_nan=False)
        path.write_text(text, "utf-8")
    (folder / "index.html").write_text(_page(study.study.name, layers, csv_names), "utf-8")


class _Linker:
    """Makes links from the document that lies in ``place``, a folder from the root."""

    def __init__(self, url: str, place: str) -> None:
        self._url, self._up = url.rstrip("/"), "../" * len(Path(place).parts)

    def __call__(self, path: str, rel: str, kind: str) -> dict[str, str]:
        href = f"{self._url}/{path}" if self._url else f"{self._up}{path}"
        return {"href": href, "rel": rel, "type": kind}


def _collection(name: str, frame: gpd.GeoDataFrame, url: str, place: str = "") -> dict[str, Any]:
    link, base = _Linker(url, place), f"collections/{name}"
    bounds = [round(float(value), _DECIMALS) for value in frame.total_bounds]
    return {
        "id": name,
        "title": _title(name),
        "extent": {"spatial": {"bbox": [bounds], "crs": _CRS84}},
        "itemType": "feature",
        "crs": [_CRS84],
        "links": [
            link(f"{base}/collection.json", "self", _JSON),
            link(f"{base}/items.json", "items", _GEOJSON),
        ],
    }


def _items(name: str, frame: gpd.GeoDataFrame, link: _Linker) -> dict[str, Any]:
    rounded = frame.set_geometry(
        shapely.transform(frame.geometry.to_numpy(), lambda points: points.round(_DECIMALS)),
        crs=frame.crs,
    )
    items: dict[str, Any] = json.loads(rounded.to_json(drop_id=True, na="null"))
    key = next((column for column in _KEYS if column in frame), None)
    for number, feature in enumerate(items["features"]):
        value = feature["properties"].get(key) if key else None
        feature["id"] = number if value is None else value
    items.pop("crs", None)  # RFC 7946: longitude, latitude of WGS 84 and nothing else
    items["numberReturned"] = items["numberMatched"] = len(items["features"])
    items["links"] = [
        link(f"collections/{name}/items.json", "self", _GEOJSON),
        link(f"collections/{name}/collection.json", "collection", _JSON),
    ]
    return items


def _title(name: str) -> str:
    return tables()[name].words()


def _api(study: Study, layers: Mapping[str, gpd.GeoDataFrame], url: str) -> dict[str, Any]:
    """Return an OpenAPI description of the files, all there is to ask for."""
    kinds = {
        "/index.json": _JSON,
        "/conformance.json": _JSON,
        "/collections.json": _JSON,
        **{f"/collections/{name}/collection.json": _JSON for name in layers},
        **{f"/collections/{name}/items.json": _GEOJSON for name in layers},
    }
    return {
        "openapi": "3.0.3",
        "info": {"title": study.study.name, "version": "1"},
        "servers": [{"url": url.rstrip("/") or "."}],
        "paths": {
            path: {"get": {"responses": {"200": {"description": path, "content": {kind: {}}}}}}
            for path, kind in kinds.items()
        },
    }


def _page(title: str, layers: Mapping[str, gpd.GeoDataFrame], csv_names: Sequence[str]) -> str:
    lines = [
        *((f"collections/{name}/items.json", f"{_title(name)} (GeoJSON)") for name in layers),
        *((f"{name}.csv", f"{tables()[name].words()} (CSV)") for name in csv_names),
        ("columns.csv", f"{tables()['columns'].words()} (CSV)"),
        ("datapackage.json", "Data Package"),
        ("index.json", "OGC API - Features"),
    ]
    rows = "\n".join(
        f'<li><a href="{html.escape(path)}">{html.escape(words)}</a></li>' for path, words in lines
    )
    return (
        f'<!doctype html>\n<html lang="{get_language()}">\n<meta charset="utf-8">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        "<style>body { font: 16px/1.6 system-ui, sans-serif; max-width: 44rem; "
        "margin: 2rem auto; padding: 0 1rem; }</style>\n"
        f"<title>{html.escape(title)}</title>\n<h1>{html.escape(title)}</h1>\n"
        f"<ul>\n{rows}\n</ul>\n</html>\n"
    )
