"""Hostile and broken files: a message for every one, no network, no end of work, nothing written.

The network is a listener of this machine that must hear nothing. Broken files are made by number
(``helpers.hostile``): a few here, thousands by `benchmarks/fuzz_readers.py`, for two minutes in CI.
"""

from __future__ import annotations

import gzip
import json
import os
import shutil
import socket
import sqlite3
import struct
import threading
import time
import zipfile
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import numpy as np
import pyogrio
import pyproj
import pytest
import rasterio
from rasterio.transform import from_origin
from shapely.affinity import translate
from shapely.geometry import Polygon

from helpers.hostile import KINDS, Case, Ground, case_of, listing
from helpers.province import (
    CRS,
    TOWER_HEADER,
    X0,
    Y0,
    check,
    communes,
    dem,
    only,
    read,
    study,
    towers,
    villages,
    write_csv,
    write_raster,
)
from phusong.checks import Findings
from phusong.coverage.link import batch
from phusong.errors import InputError, Overreach, StudyError, Where
from phusong.sources import bounds, read_inputs
from phusong.sources.gdal import opened, vectors
from phusong.sources.rasters.rasterfile import open_raster
from phusong.sources.tables import delimited
from phusong.sources.tables.ogr import headers_of_layers
from phusong.sources.tables.raw.condition import foreign_part
from phusong.study import Gdal
from phusong.study.file import parse_study


class Listener:
    """A server of this machine that remembers who came; everything it is asked for is missing."""

    def __init__(self) -> None:
        self._heard: list[bytes] = []
        self._socket = socket.socket()
        self._socket.bind(("127.0.0.1", 0))
        self._socket.listen()
        self.url = f"http://127.0.0.1:{self._socket.getsockname()[1]}"
        threading.Thread(target=self._serve, daemon=True).start()

    @property
    def heard(self) -> list[bytes]:
        """Who came. GDAL may hold the interpreter while it asks: then they are heard afterwards."""
        time.sleep(0.05)
        return self._heard

    def _serve(self) -> None:
        while True:
            try:
                guest, _ = self._socket.accept()
            except OSError:
                return
            with guest:
                guest.settimeout(2)
                self._heard.append(guest.recv(500).partition(b"\r\n")[0])
                guest.sendall(
                    b"HTTP/1.1 404 none\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"
                )

    def close(self) -> None:
        self._socket.close()


@pytest.fixture
def listener(monkeypatch: pytest.MonkeyPatch) -> Iterator[Listener]:
    # A machine that excepts itself from proxies must not be excepted from the lock.
    monkeypatch.setenv("no_proxy", "127.0.0.1,localhost")
    monkeypatch.setenv("AWS_NO_SIGN_REQUEST", "YES")
    monkeypatch.setenv("AWS_HTTPS", "NO")
    monkeypatch.setenv("AWS_VIRTUAL_HOSTING", "FALSE")
    one = Listener()
    monkeypatch.setenv("AWS_S3_ENDPOINT", one.url.removeprefix("http://"))
    yield one
    one.close()


def point(crs: dict[str, Any] | None = None) -> str:
    feature = {
        "type": "Feature",
        "properties": {"ma_thon": "1", "ten_thon": "x"},
        "geometry": {"type": "Point", "coordinates": [105.0, 22.8]},
    }
    collection: dict[str, Any] = {"type": "FeatureCollection", "features": [feature]}
    return json.dumps(
        {"type": "FeatureCollection", "crs": crs, **collection} if crs else collection
    )


def ogr_vrt(source: str) -> str:
    layer = f'<OGRVRTLayer name="a"><SrcDataSource>{source}</SrcDataSource></OGRVRTLayer>'
    return f"<OGRVRTDataSource>{layer}</OGRVRTDataSource>"


def gml(url: str) -> str:
    return (
        '<?xml version="1.0"?><wfs:FeatureCollection xmlns:wfs="http://www.opengis.net/wfs" '
        'xmlns:gml="http://www.opengis.net/gml" xmlns:app="http://a" '
        'xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" '
        f'xsi:schemaLocation="http://a {url}/wfs?SERVICE=WFS&amp;VERSION=1.1.0&amp;'
        'REQUEST=DescribeFeatureType&amp;TYPENAME=app:t"><gml:featureMember><app:t><app:n>1</app:n>'
        "<app:geom><gml:Point><gml:pos>1 2</gml:pos></gml:Point></app:geom></app:t>"
        "</gml:featureMember></wfs:FeatureCollection>"
    )


VECTORS = {
    "a.geojson": lambda url: point({"type": "link", "properties": {"href": f"{url}/crs"}}),
    "b.geojson": lambda url: point({"type": "URL", "properties": {"url": f"{url}/crs"}}),
    "curl.vrt": lambda url: ogr_vrt(f"/vsicurl/{url}/a.geojson"),
    "streaming.vrt": lambda url: ogr_vrt(f"/vsicurl_streaming/{url}/a.geojson"),
    "http.vrt": lambda url: ogr_vrt(f"{url}/a.geojson"),
    "s3.vrt": lambda url: ogr_vrt("/vsis3/bucket/a.geojson"),
    "wfs.xml": lambda url: f"<OGRWFSDataSource><URL>{url}/wfs</URL></OGRWFSDataSource>",
    "a.gdalg.json": lambda url: json.dumps(
        {
            "type": "gdal_streamed_alg",
            "command_line": f"gdal vector pipeline ! read {url}/a.geojson",
        }
    ),
    "a.gml": gml,
    "a.kml": lambda url: (
        '<kml xmlns="http://www.opengis.net/kml/2.2"><Document><NetworkLink><Link><href>'
        f"{url}/x.kml</href></Link></NetworkLink><Placemark><styleUrl>{url}/s.kml#a</styleUrl>"
        "<name>a</name><Point><coordinates>105,22.8</coordinates></Point></Placemark></Document></kml>"
    ),
    "a.gpx": lambda url: (
        f'<?xml version="1.0"?><!DOCTYPE a SYSTEM "{url}/d.dtd"><gpx version="1.1" creator="a" '
        'xmlns="http://www.topografix.com/GPX/1/1"><wpt lat="22.8" lon="105"><name>a</name></wpt></gpx>'
    ),
}


def vrt(source: str, band: str = "", kind: str = "") -> str:
    return (
        f'<VRTDataset rasterXSize="10" rasterYSize="10"{kind}><SRS>EPSG:32648</SRS>'
        f"<GeoTransform>{X0 - 900},90,0,{Y0 + 10900},0,-90</GeoTransform>"
        f'<VRTRasterBand dataType="Float32" band="1"{band}><SimpleSource>'
        f'<SourceFilename relativeToVRT="0">{source}</SourceFilename><SourceBand>1</SourceBand>'
        '<SrcRect xOff="0" yOff="0" xSize="10" ySize="10"/>'
        '<DstRect xOff="0" yOff="0" xSize="10" ySize="10"/>'
        "</SimpleSource></VRTRasterBand></VRTDataset>"
    )


def wms(url: str) -> str:
    return (
        f'<GDAL_WMS><Service name="TMS"><ServerUrl>{url}/${{z}}/${{x}}/${{y}}.png</ServerUrl>'
        "</Service><DataWindow><UpperLeftX>-100</UpperLeftX><UpperLeftY>100</UpperLeftY>"
        "<LowerRightX>100</LowerRightX><LowerRightY>-100</LowerRightY><SizeX>256</SizeX>"
        "<SizeY>256</SizeY><TileLevel>0</TileLevel></DataWindow><Projection>EPSG:3857</Projection>"
        "<BandsCount>1</BandsCount></GDAL_WMS>"
    )


RASTERS = {
    "curl.vrt": lambda url: vrt(f"/vsicurl/{url}/a.tif"),
    "streaming.vrt": lambda url: vrt(f"/vsicurl_streaming/{url}/a.tif"),
    "http.vrt": lambda url: vrt(f"{url}/a.tif"),
    "s3.vrt": lambda url: vrt("/vsis3/bucket/a.tif"),
    "case.vrt": lambda url: vrt(f"/vsicurl/{url}/a.tif").replace(
        "SourceFilename", "sourcefilename"
    ),
    "wms.xml": wms,
    "wcs.xml": lambda url: (
        f"<WCS_GDAL><ServiceURL>{url}/wcs?</ServiceURL><CoverageName>a</CoverageName></WCS_GDAL>"
    ),
    "wmts.xml": lambda url: (
        f"<GDAL_WMTS><GetCapabilitiesUrl>{url}/wmts</GetCapabilitiesUrl></GDAL_WMTS>"
    ),
}


@pytest.mark.parametrize("name", VECTORS)
def test_a_vector_file_reaches_nothing(
    tmp_path: Path, spec: dict[str, Any], listener: Listener, name: str
) -> None:
    folder = tmp_path / "given"
    folder.mkdir()
    (folder / name).write_text(VECTORS[name](listener.url), "utf-8")
    before = listing(folder)
    spec["boundaries"]["villages"][0]["path"] = f"given/{name}"
    findings = check(tmp_path, spec)
    headers_of_layers(folder / name)
    assert listener.heard == []
    assert listing(folder) == before
    if not name.endswith((".kml", ".gpx", ".gml")):
        (found,) = [
            f for f in findings if f.where.file == f"given/{name}" and f.severity == "error"
        ]
        assert found.rule.number == ("S05" if name.endswith(".geojson") else "S30")


def test_without_the_lock_the_listener_hears(tmp_path: Path, listener: Listener) -> None:
    """What the tests above hold to is worth something: the same files do reach out otherwise."""
    path = tmp_path / "a.geojson"
    path.write_text(VECTORS["a.geojson"](listener.url), "utf-8")
    with vectors():
        pyogrio.read_dataframe(path)
    assert listener.heard == []
    with vectors(Gdal(network=True)):
        pyogrio.read_dataframe(path)
    until = time.monotonic() + 20
    while not listener.heard and time.monotonic() < until:
        pass
    assert listener.heard == [b"GET /crs HTTP/1.1"]
    assert "WFS" in pyogrio.list_drivers()


@pytest.mark.parametrize("name", RASTERS)
def test_a_raster_reaches_nothing(
    tmp_path: Path, spec: dict[str, Any], listener: Listener, name: str
) -> None:
    folder = tmp_path / "given"
    folder.mkdir()
    (folder / name).write_text(RASTERS[name](listener.url), "utf-8")
    before = listing(folder)
    spec["terrain"]["dem"] = [f"given/{name}"]
    assert only(check(tmp_path, spec), "S30").where.file == f"given/{name}"
    with pytest.raises(InputError), opened(folder / name, Where()) as source:
        source.read(1)
    assert listener.heard == []
    assert listing(folder) == before


def test_a_tile_that_is_a_map_service(tmp_path: Path, listener: Listener) -> None:
    (tmp_path / "tile.xml").write_text(wms(listener.url), "utf-8")
    path = tmp_path / "dem.vrt"
    path.write_text(vrt(str(tmp_path / "tile.xml")), "utf-8")
    findings = Findings()
    assert open_raster(path, Where(file="dem.vrt"), None, findings) is None
    assert listener.heard == []
    assert [f.rule.number for f in findings] == ["S02"]


# ------------------------------------------------------------------ VRT


@pytest.fixture
def tiles(tmp_path: Path) -> Path:
    write_raster(tmp_path / "elsewhere" / "tile.tif", *dem())
    (tmp_path / "study").mkdir()
    return tmp_path


def test_vrt_of_tiles_beside_it(tiles: Path, spec: dict[str, Any]) -> None:
    path = tiles / "data" / "dem.vrt"
    path.write_text(vrt("dem.tif").replace('relativeToVRT="0"', 'relativeToVRT="1"'), "utf-8")
    findings = Findings()
    assert open_raster(path, Where(file="dem.vrt"), None, findings) is not None
    assert not len(findings)


def test_vrt_of_tiles_elsewhere_needs_leave(tiles: Path, spec: dict[str, Any]) -> None:
    path = tiles / "study" / "dem.vrt"
    path.write_text(vrt(str(tiles / "elsewhere" / "tile.tif")), "utf-8")
    own = study(tiles / "study", spec)
    findings = Findings()
    assert open_raster(path, Where(file="dem.vrt"), None, findings, study=own) is None
    assert "tile.tif" in only(findings, "S30").text()
    assert "[gdal] folders" in only(findings, "S30").rule.mend
    spec["gdal"] = {"folders": ["../elsewhere"]}
    allowed = study(tiles / "study", spec)
    assert open_raster(path, Where(file="dem.vrt"), None, Findings(), study=allowed) is not None


def test_vrt_of_a_tile_that_is_missing(tmp_path: Path) -> None:
    path = tmp_path / "dem.vrt"
    path.write_text(vrt(str(tmp_path / "gone.tif")), "utf-8")
    findings = Findings()
    assert open_raster(path, Where(file="dem.vrt"), None, findings) is None
    assert "gone.tif" in only(findings, "S02").text()


@pytest.mark.parametrize(
    "text",
    [
        vrt("tile.tif", band=' subClass="VRTDerivedRasterBand"'),
        vrt("tile.tif", band=' SUBCLASS="VRTRawRasterBand"'),
        vrt("tile.tif", kind=' subClass="VRTPansharpenedDataset"'),
        '<!DOCTYPE a [<!ENTITY x "y">]>' + vrt("&x;"),
        vrt("tile.tif")[:200],
    ],
)
def test_vrt_that_is_a_program_or_broken(tmp_path: Path, text: str) -> None:
    path = tmp_path / "dem.vrt"
    path.write_text(text, "utf-8")
    findings = Findings()
    assert open_raster(path, Where(file="dem.vrt"), None, findings) is None
    assert {f.rule.number for f in findings} <= {"S02", "S30"}


# ------------------------------------------------------------------ databases

ENDLESS = (
    "CREATE VIEW thon2 AS WITH RECURSIVE r(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM r) "
    "SELECT i AS fid, 'x' AS ma_thon, geom FROM r, villages"
)
BLOB = "CREATE VIEW thon2 AS SELECT 1 AS fid, randomblob(2000000000) AS ma_thon, geom FROM villages"
LISTED = (
    "INSERT INTO gpkg_contents (table_name, data_type, srs_id) VALUES ('thon2', 'features', 32648)",
    "INSERT INTO gpkg_geometry_columns VALUES ('thon2', 'geom', 'POLYGON', 32648, 0, 0)",
)
ENDLESS_CONTENTS = (
    "CREATE VIEW gpkg_contents AS WITH RECURSIVE r AS (SELECT 1 UNION ALL SELECT 2 FROM r) "
    "SELECT c.* FROM c, r"
)


def altered(path: Path, *statements: str) -> Path:
    villages().to_file(path, layer="villages", driver="GPKG")
    with closing(sqlite3.connect(path)) as base:
        for statement in statements:
            base.execute(statement)
        base.commit()
    return path


@pytest.mark.parametrize("view", [ENDLESS, BLOB])
def test_layer_that_is_a_query(tmp_path: Path, spec: dict[str, Any], view: str) -> None:
    altered(tmp_path / "data" / "villages.gpkg", view, *LISTED)
    layer = spec["boundaries"]["villages"][0]
    layer["layer"] = "thon2"
    begun = time.perf_counter()
    assert "view" in only(check(tmp_path, spec), "S30").text()
    layer["layer"] = "villages"
    inputs, _ = read(tmp_path, spec)
    assert len(inputs.villages) == 16
    assert headers_of_layers(tmp_path / "data" / "villages.gpkg") == {}
    assert time.perf_counter() - begun < 20


def test_system_table_that_is_a_query(tmp_path: Path, spec: dict[str, Any]) -> None:
    altered(
        tmp_path / "data" / "villages.gpkg",
        "ALTER TABLE gpkg_contents RENAME TO c",
        ENDLESS_CONTENTS,
    )
    assert "gpkg_contents" in only(check(tmp_path, spec), "S30").text()


def test_column_that_is_a_query(tmp_path: Path, spec: dict[str, Any]) -> None:
    altered(
        tmp_path / "data" / "villages.gpkg",
        "ALTER TABLE villages ADD COLUMN x BLOB AS (zeroblob(1000000000))",
    )
    assert only(check(tmp_path, spec), "S30").params["name"] == "x"


def test_layer_in_another_case(tmp_path: Path, spec: dict[str, Any]) -> None:
    spec["boundaries"]["villages"][0]["layer"] = "Villages"
    inputs, _ = read(tmp_path, spec)
    assert len(inputs.villages) == 16


def test_database_that_is_being_edited(tmp_path: Path, spec: dict[str, Any]) -> None:
    """Records that only stand in the editor's log are read, and nothing appears beside the file."""
    path = tmp_path / "data" / "edited" / "v.gpkg"
    path.parent.mkdir()
    altered(path, "CREATE TABLE notes (text)")
    editor = sqlite3.connect(path)
    editor.execute("PRAGMA journal_mode = WAL")
    for (trigger,) in editor.execute(
        "SELECT name FROM sqlite_master WHERE type = 'trigger' AND tbl_name = 'villages'"
    ).fetchall():
        editor.execute(f'DROP TRIGGER "{trigger}"')
    editor.execute("UPDATE villages SET ten_thon = 'Bản mới' WHERE ma_thon = '00691-1'")
    editor.commit()
    before = listing(path.parent)
    spec["boundaries"]["villages"][0].update(path="data/edited/v.gpkg", layer="villages")
    inputs, _ = read(tmp_path, spec)
    assert "Bản mới" in set(inputs.villages["name"])
    assert listing(path.parent) == before
    editor.close()


# ------------------------------------------------------------------ bombs, and what claims too much


def test_archives_that_unpack_without_end(tmp_path: Path, spec: dict[str, Any]) -> None:
    book = tmp_path / "data" / "v.xlsx"
    with (
        zipfile.ZipFile(book, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as archive,
        archive.open("xl/worksheets/sheet1.xml", "w") as part,
    ):
        for _ in range(257):
            part.write(b" " * 2**20)
    spec["boundaries"]["villages"][0]["path"] = "data/v.xlsx"
    assert "256 MB" in only(check(tmp_path, spec), "S30").text()


def test_an_archive_behind_something_else(tmp_path: Path, spec: dict[str, Any]) -> None:
    """Who reads a zip looks for its end, wherever it begins."""
    book = tmp_path / "data" / "v.xlsx"
    with zipfile.ZipFile(book, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as archive:
        archive.writestr("[Content_Types].xml", b" " * (2**28 + 1))
    book.write_bytes(b"MZ" + book.read_bytes())
    spec["boundaries"]["villages"][0]["path"] = "data/v.xlsx"
    assert "256 MB" in only(check(tmp_path, spec), "S30").text()


@pytest.mark.parametrize("name", ["v.zip", "v.kmz", "v.geojson.gz", "v.csv.gz", "v.ods"])
def test_every_archive_has_a_limit(
    tmp_path: Path, spec: dict[str, Any], monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    for limit in ("UNPACKED_BYTES", "TABLE_BYTES"):
        monkeypatch.setattr(bounds, limit, 2**20)
    monkeypatch.setattr(delimited, "TEXT_BYTES", 2**20)
    path = tmp_path / "data" / name
    much = b" " * (2**20 + 1)
    if name.endswith(".gz"):
        path.write_bytes(gzip.compress(much))
    else:
        with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
            archive.writestr("doc.kml", much)
    spec["boundaries"]["villages"][0]["path"] = f"data/{name}"
    assert "1 MB" in only(check(tmp_path, spec), "S30").text()


@pytest.mark.parametrize("name", ["v.zip", "v.kmz", "v.xlsx", "v.ods", "v.csv"])
def test_an_archive_that_lies_about_its_size(
    tmp_path: Path, spec: dict[str, Any], name: str
) -> None:
    """Its lists say 9 bytes, its stream goes on; GDAL would unpack it to the end."""
    path = tmp_path / "data" / name
    much = b" " * 2**26
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as archive:
        for part in ("doc.kml", "xl/workbook.xml", "[Content_Types].xml"):
            archive.writestr(part, much)
    said = struct.pack("<I", len(much))
    path.write_bytes(path.read_bytes().replace(said, struct.pack("<I", 9)))
    spec["boundaries"]["villages"][0]["path"] = f"data/{name}"
    before = _highest_kib(anew=True)
    errors = [f for f in check(tmp_path, spec) if f.severity == "error"]
    assert [f.where.file for f in errors] == [f"data/{name}"]
    assert "longer than the list" in errors[0].text()
    assert _highest_kib() - before < 2**15


@pytest.mark.parametrize("how", [zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED])
def test_a_long_archive_that_tells_the_truth(tmp_path: Path, how: int) -> None:
    path = tmp_path / "v.zip"
    with zipfile.ZipFile(path, "w", how) as archive:
        for name, much in {"long": b" " * 3_000_000, "none": b"", "folder/": b""}.items():
            archive.writestr(name, much)
    bounds.refuse_packed(path, Where(file=path.name), 3_000_000)
    with pytest.raises(Overreach):
        bounds.refuse_packed(path, Where(file=path.name), 2_999_999)


def _highest_kib(anew: bool = False) -> int:
    """Return the most memory this process held so far, or since it was last counted anew."""
    status = Path("/proc/self/status")
    if not status.exists():
        pytest.skip("no highest memory of a process is told here")
    if anew:
        Path("/proc/self/clear_refs").write_text("5")
    line = next(at for at in status.read_text().splitlines() if at.startswith("VmHWM"))
    return int(line.split()[1])


def test_profiles_that_unpack_without_end(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(batch, "LINES_BYTES", 2**20)
    path = tmp_path / "p.jsonl.gz"
    path.write_bytes(gzip.compress(b" " * (2**20 + 1)))
    with pytest.raises(Overreach):
        batch.read_lines(path)
    path.write_bytes(gzip.compress(b"{}" + b" " * 2**19))
    assert len(batch.read_lines(path)) == 1


ENTITIES = "".join(f'<!ENTITY l{i} "{10 * f"&l{i - 1};"}">' for i in range(1, 10))
LAUGHS = f'<?xml version="1.0"?><!DOCTYPE x [<!ENTITY l0 "lol">{ENTITIES}]>'


@pytest.mark.parametrize(
    ("name", "text"),
    [
        (
            "v.kml",
            (
                '<kml xmlns="http://www.opengis.net/kml/2.2"><Document><Placemark><name>&l9;</name>'
                "<Point><coordinates>105,22</coordinates></Point></Placemark></Document></kml>"
            ),
        ),
        (
            "v.gml",
            (
                '<ogr:FeatureCollection xmlns:ogr="http://ogr.maptools.org/" '
                'xmlns:gml="http://www.opengis.net/gml"><gml:featureMember><ogr:t><ogr:n>&l9;</ogr:n>'
                "</ogr:t></gml:featureMember></ogr:FeatureCollection>"
            ),
        ),
        (
            "v.gpx",
            (
                '<gpx version="1.1" creator="a" xmlns="http://www.topografix.com/GPX/1/1">'
                '<wpt lat="22" lon="105"><name>&l9;</name></wpt></gpx>'
            ),
        ),
    ],
)
def test_entities_that_unfold(tmp_path: Path, spec: dict[str, Any], name: str, text: str) -> None:
    (tmp_path / "data" / name).write_text(LAUGHS + text, "utf-8")
    spec["boundaries"]["villages"][0]["path"] = f"data/{name}"
    begun = time.perf_counter()
    errors = [f for f in check(tmp_path, spec) if f.severity == "error"]
    assert [f.where.file for f in errors] == [f"data/{name}"]
    assert time.perf_counter() - begun < 20


def sparse(path: Path, side: int, **options: Any) -> Path:
    with rasterio.open(
        path, "w", driver="GTiff", width=side, height=side, count=1, dtype="float32", crs=CRS,
        transform=from_origin(X0 - 900, Y0 + 10_900, 11_800 / side, 11_800 / side),
        sparse_ok=True, bigtiff="yes", **options,
    ):  # fmt: skip
        return path


@pytest.mark.parametrize(
    ("side", "options", "said"),
    [
        (1_000_000, {"tiled": True, "blockxsize": 4096, "blockysize": 4096}, "1000000 × 1000000"),
        (30_000, {"blockysize": 30_000, "compress": "deflate"}, "one block of it takes 3433 MB"),
    ],
)
def test_raster_that_claims_too_much(
    tmp_path: Path, spec: dict[str, Any], side: int, options: dict[str, Any], said: str
) -> None:
    sparse(tmp_path / "data" / "dem.tif", side, **options)
    assert said in only(check(tmp_path, spec), "S30").text()


def test_raster_far_finer_than_the_grid(tmp_path: Path, spec: dict[str, Any]) -> None:
    sparse(tmp_path / "data" / "people.tif", 100_000, tiled=True)
    assert "million" in only(check(tmp_path, spec), "S30").text()


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="no pipes by name here")
def test_what_is_no_file(tmp_path: Path, spec: dict[str, Any]) -> None:
    os.mkfifo(tmp_path / "data" / "pipe.csv")
    spec["towers"][0]["path"] = "data/pipe.csv"
    spec["terrain"]["dem"] = ["/dev/zero"]
    assert {f.where.file for f in check(tmp_path, spec).of("S30")} == {"data/pipe.csv", "/dev/zero"}


@pytest.mark.parametrize(
    "name",
    [
        "/vsicurl/https://example.org/a.geojson",
        "/vsizip/a.zip/a.shp",
        "https://example.org/a.tif",
        "PG:host=db dbname=x",
        "WFS:https://example.org/wfs",
    ],
)
def test_paths_that_are_connections(tmp_path: Path, spec: dict[str, Any], name: str) -> None:
    spec["boundaries"]["villages"][0]["path"] = name
    spec["terrain"]["dem"] = [name]
    assert len(check(tmp_path, spec).of("S30")) == 2


def test_plain_paths_may_lead_anywhere(tmp_path: Path, spec: dict[str, Any]) -> None:
    """Planners name files by absolute paths, in folders above, and by links to the study's own."""
    own = tmp_path / "own"
    (own / "deep").mkdir(parents=True)
    shutil.copy(tmp_path / "data" / "villages.gpkg", own / "deep")
    (own / "v.gpkg").symlink_to(own / "deep" / "villages.gpkg")
    for part in (spec["boundaries"]["communes"], spec["towers"][0]):
        part["path"] = str(tmp_path / part["path"])
    for part in (*spec["fiber"]["cables"], *spec["fiber"]["pops"]):
        part["path"] = f"../{part['path']}"
    spec["boundaries"]["villages"][0]["path"] = "v.gpkg"
    spec["terrain"]["dem"], spec["people"]["raster"] = ["../data/dem.tif"], "../data/people.tif"
    inputs, _ = read(own, spec)
    assert len(inputs.villages) == 16


@pytest.mark.parametrize("kind", ["file", "folder", "part", "up", "raster"])
def test_links_out_of_the_study_need_leave(tmp_path: Path, spec: dict[str, Any], kind: str) -> None:
    """A folder that was handed over may hold links to whatever its reader may read."""
    own, away = tmp_path / "own", tmp_path / "away"
    shutil.copytree(tmp_path / "data", own / "data")
    away.mkdir()
    villages_ = spec["boundaries"]["villages"][0]
    if kind == "part":
        villages().to_file(own / "data" / "v.shp")
        (own / "data" / "v.dbf").rename(away / "v.dbf")
        (own / "data" / "v.dbf").symlink_to(away / "v.dbf")
        villages_.update(path="data/v.shp", crs=CRS)
    elif kind == "raster":
        (own / "data" / "dem.tif").rename(away / "dem.tif")
        (own / "data" / "dem.tif").symlink_to("../../away/dem.tif")
    else:
        (own / "data" / "villages.gpkg").rename(away / "villages.gpkg")
        if kind == "file":
            (own / "data" / "villages.gpkg").symlink_to(away / "villages.gpkg")
        else:
            (own / "linked").symlink_to(away)
            up = "linked/../away" if kind == "up" else "linked"
            villages_["path"] = f"{up}/villages.gpkg"
    found = only(check(own, spec), "S30")
    assert str(away) in found.text()
    assert "[gdal] folders" in found.rule.mend
    spec["gdal"] = {"folders": ["../away"]}
    inputs, _ = read(own, spec)
    assert len(inputs.villages) == 16


def test_links_that_lead_nowhere_or_are_reached_by_another_name(
    tmp_path: Path, spec: dict[str, Any]
) -> None:
    own, away = tmp_path / "own", tmp_path / "away"
    shutil.copytree(tmp_path / "data", own / "data")
    away.mkdir()
    (own / "data" / "villages.PRJ").symlink_to(away / "v.prj")  # on some discs villages.prj
    assert "v.prj" in only(check(own, spec), "S30").text()
    (own / "data" / "villages.PRJ").unlink()
    (own / "data" / "villages.prj").symlink_to(own / "data" / "villages.prj")
    assert "villages.prj" in only(check(own, spec), "S30").text()
    (own / "data" / "villages.prj").unlink()
    # The study is opened through a link, and names a file by its real place.
    (tmp_path / "opened").symlink_to(own)
    (own / "data" / "villages.gpkg").rename(away / "villages.gpkg")
    (own / "data" / "villages.gpkg").symlink_to(away / "villages.gpkg")
    spec["boundaries"]["villages"][0]["path"] = str(own / "data" / "villages.gpkg")
    assert str(away) in only(check(tmp_path / "opened", spec), "S30").text()


def test_a_vrt_names_tiles_through_no_link(tiles: Path, spec: dict[str, Any]) -> None:
    """GDAL goes by where a linked VRT lies, and follows tiles that are links."""
    own, away = tiles / "study", tiles / "elsewhere"
    beside = vrt("tile.tif").replace('relativeToVRT="0"', 'relativeToVRT="1"')
    (own / "dem.vrt").write_text(beside, "utf-8")
    (own / "tile.tif").symlink_to(away / "tile.tif")
    (away / "real.vrt").write_text(beside.replace("tile.tif", "../elsewhere.tif"), "utf-8")
    shutil.copy(away / "tile.tif", own / "elsewhere.tif")
    shutil.copy(away / "tile.tif", tiles / "elsewhere.tif")
    (own / "linked").mkdir()
    (own / "linked" / "dem.vrt").symlink_to(away / "real.vrt")
    for path in (own / "dem.vrt", own / "linked" / "dem.vrt"):
        for leave, read_ in (([], False), (["../elsewhere"], path.parent == own), ([".."], True)):
            spec["gdal"] = {"folders": leave}
            findings = Findings()
            found = open_raster(path, Where(file="v"), None, findings, study=study(own, spec))
            assert (found is not None) == read_, (path, leave)
            assert read_ or "elsewhere" in only(findings, "S30").text()


def test_triggers_of_a_database_are_not_run(tmp_path: Path, spec: dict[str, Any]) -> None:
    path = tmp_path / "data" / "villages.gpkg"
    altered(
        path,
        "CREATE TABLE sprung (what TEXT)",
        *(
            f"CREATE TRIGGER t{i} AFTER {event} ON {table} BEGIN "
            "INSERT INTO sprung VALUES ('x'); DELETE FROM villages; END"
            for i, table in enumerate(("villages", "gpkg_contents", "gpkg_ogr_contents"))
            for event in ("INSERT", "UPDATE", "DELETE")[i : i + 1]
        ),
    )
    before = listing(path.parent)
    inputs, _ = read(tmp_path, spec)
    assert len(inputs.villages) == 16
    assert listing(path.parent) == before
    with closing(sqlite3.connect(path)) as base:
        assert base.execute("SELECT count(*) FROM sprung").fetchone() == (0,)


def test_a_database_in_an_archive(tmp_path: Path, spec: dict[str, Any]) -> None:
    with zipfile.ZipFile(tmp_path / "data" / "v.zip", "w") as archive:
        archive.write(tmp_path / "data" / "villages.gpkg", "villages.gpkg")
    spec["boundaries"]["villages"][0]["path"] = "data/v.zip"
    assert "villages.gpkg" in only(check(tmp_path, spec), "S30").text()


def test_a_shapefile_in_an_archive(tmp_path: Path, spec: dict[str, Any]) -> None:
    villages().to_file(tmp_path / "thon.shp")
    with zipfile.ZipFile(tmp_path / "data" / "v.zip", "w") as archive:
        for part in tmp_path.glob("thon.*"):
            archive.write(part, part.name)
    spec["boundaries"]["villages"][0]["path"] = "data/v.zip"
    inputs, _ = read(tmp_path, spec)
    assert len(inputs.villages) == 16


def test_a_drawing_needs_leave(tmp_path: Path, spec: dict[str, Any]) -> None:
    pyogrio.write_dataframe(
        villages()[["geometry"]].boundary.to_frame("geometry"), tmp_path / "a.dxf"
    )
    spec["fiber"]["cables"][0].update(path="a.dxf", crs=CRS)
    assert "DXF" in only(check(tmp_path, spec), "S30").text()
    spec["gdal"] = {"drivers": ["DXF"]}
    assert "S30" not in {f.rule.number for f in check(tmp_path, spec)}


def test_text_that_is_no_table(tmp_path: Path, spec: dict[str, Any]) -> None:
    path = tmp_path / "data" / "cells.csv"
    text = "ma_cell,kinh_do,vi_do\nA,105,22\n"
    for data, said in (
        (text.encode() + b"x" * 20_000_000 + b",1,2\n", "field larger than field limit"),
        (text.encode("utf-16")[:-1], "utf-16"),
        (text.encode("utf-16-le"), "bytes of zero"),
        (b"a,b\x00\n1,2\n", "bytes of zero"),
        (",".join(f"c{i}" for i in range(9000)).encode(), "9000 columns"),
    ):
        path.write_bytes(data)
        found = only(check(tmp_path, spec), "S02")
        assert said in found.text()
        assert found.where.file == "data/cells.csv"


@pytest.mark.parametrize("name", ["utf-9", "rot13", "punycode", "a\x00b", "unicode_escape", "zip"])
def test_encodings_that_are_none(tmp_path: Path, spec: dict[str, Any], name: str) -> None:
    path = tmp_path / "data" / "cells.csv"
    path.write_bytes(path.read_bytes() + "\\ud800,Đ\n".encode())
    spec["towers"][0]["encoding"] = name
    assert only(check(tmp_path, spec), "S02").where.key == "encoding"


def test_ragged_rows_are_listed_so_far(tmp_path: Path, spec: dict[str, Any]) -> None:
    path = tmp_path / "data" / "cells.csv"
    path.write_bytes(path.read_bytes() + b"\n1,2,3" * 3000)
    found = check(tmp_path, spec).of("S14")
    assert len(found) == 1001
    assert found[-1].params["n"] == 2000


# ------------------------------------------------------------------ shapes and figures


def ring(*corners: tuple[Any, Any]) -> dict[str, Any]:
    west, south = 105.0, 22.787
    return {
        "type": "Polygon",
        "coordinates": [
            [[west + x / 100 if isinstance(x, float) else x, south + y / 100] for x, y in corners]
        ],
    }


def test_rings_and_vertices_that_are_none(tmp_path: Path, spec: dict[str, Any]) -> None:
    shapes = [
        ring((0.0, 0), (1.0, 0), (1.0, 1), (0.0, 1)),  # not closed
        ring((0.0, 0), (1.0, 0), (1e308, 1), (0.0, 0)),
        ring((0.0, 0), (1.0, 0)),
        ring((0.0, 0), (1.0, 0), (1.0, 1), (0.0, 0)),
        ring((3.0, 3), (4.0, 3), (4.0, 4), (3.0, 3)),
        ring((5.0, 3), (6.0, 3), (6.0, 4), (5.0, 3)),
    ]
    features = [
        {"type": "Feature", "properties": {"ma_thon": f"{i}", "ten_thon": f"T{i}"}, "geometry": g}
        for i, g in enumerate(shapes)
    ]
    text = json.dumps({"type": "FeatureCollection", "features": features}).replace(
        "1e+308", "1e999"
    )
    (tmp_path / "data" / "v.geojson").write_text(text, "utf-8")
    spec["boundaries"]["villages"][0]["path"] = "data/v.geojson"
    found = only(check(tmp_path, spec), "S48")
    assert (found.params["n"], found.params["total"]) == (3, 6)
    spec["checks"] = {"left_out_max": 0.5}
    inputs, findings = read(tmp_path, spec)
    assert inputs.villages["name"].tolist()[-3:] == ["T3", "T4", "T5"]
    rows = {f.where.row for f in findings if f.where.file == "data/v.geojson" and f.where.row}
    assert {1, 2, 3} <= rows


def test_vertices_beyond_the_earth(tmp_path: Path, spec: dict[str, Any]) -> None:
    frame = villages()
    west, south, east, north = frame.geometry.iloc[3].bounds
    for i, far in enumerate((np.nan, np.inf, 1e308, -1e15)):
        shape = Polygon([(west, south), (east, south), (far, north), (west, south)])
        frame.loc[i, "geometry"] = shape
    frame.to_file(tmp_path / "data" / "villages.gpkg")
    spec["checks"] = {"left_out_max": 0.25}
    inputs, findings = read(tmp_path, spec)
    assert [f.where.row for f in findings.of("S22")] == [1, 2, 3, 4]
    assert len(inputs.villages) == 12


def test_outline_that_is_a_scribble(tmp_path: Path, spec: dict[str, Any]) -> None:
    frame = villages()
    square = frame.geometry.iloc[0]
    west, south, east, north = square.bounds
    at = np.random.default_rng(1).random((20_000, 2)) * (east - west, north - south)
    frame.loc[0, "geometry"] = Polygon(np.array([west, south]) + at)
    beside = translate(square, 2500).exterior.segmentize(2.0).coords
    frame.loc[1, "geometry"] = Polygon([*beside, (west, south)])
    frame.to_file(tmp_path / "data" / "villages.gpkg")
    begun = time.perf_counter()
    spec["checks"] = {"severity": {"B31": "warning"}}
    inputs, findings = read(tmp_path, spec)
    assert only(findings, "B31").where.row == 1
    assert "20000 times" in only(findings, "B31").text()
    assert only(findings, "B01").where.row == 2
    assert len(inputs.villages) == 15
    assert time.perf_counter() - begun < 30


def test_grid_without_end(tmp_path: Path, spec: dict[str, Any]) -> None:
    """Communes at both ends of the world, on a DEM that covers it."""
    spec["terrain"]["sea_level_voids"] = True
    frame = communes()
    frame.loc[3, "geometry"] = translate(frame.geometry.iloc[3], 0, 8e6)
    frame.loc[2, "geometry"] = translate(frame.geometry.iloc[2], -4e5)
    spec["radio"]["cell_m"] = 10.0
    frame.to_file(tmp_path / "data" / "communes.gpkg")
    assert "radio.cell_m" in str(only(check(tmp_path, spec), "S02").where)


def test_damaged_work_folder_is_made_anew(tmp_path: Path, spec: dict[str, Any]) -> None:
    plain, _ = read(tmp_path, spec)
    for note in (tmp_path / ".phusong" / "prepared").glob("*.json"):
        note.write_text("[" * 50_000)
    inputs, _ = read(tmp_path, spec)
    assert inputs.terrain.sha256 == plain.terrain.sha256


def test_index_that_is_a_query(tmp_path: Path, spec: dict[str, Any]) -> None:
    altered(
        tmp_path / "data" / "villages.gpkg",
        "PRAGMA legacy_alter_table = ON",
        "ALTER TABLE rtree_villages_geom_node RENAME TO n",
        "CREATE VIEW rtree_villages_geom_node AS WITH RECURSIVE r AS (SELECT 1 UNION ALL SELECT 2 "
        "FROM r) SELECT n.* FROM n, r",
    )
    assert "rtree" in only(check(tmp_path, spec), "S30").text()


@pytest.mark.parametrize(
    ("name", "rules"),
    [
        ('LOCAL_CS["x",UNIT["metre",1]]', {"S05", "D01"}),
        ("+proj=ob_tran +o_proj=longlat +o_lon_p=0 +o_lat_p=0 +lon_0=0", {"S23", "D01"}),
        ("+proj=gnom +lat_0=-22 +lon_0=-75", {"S23", "S02"}),
    ],
)
def test_coordinates_of_nowhere(
    tmp_path: Path, spec: dict[str, Any], name: str, rules: set[str]
) -> None:
    write_raster(
        tmp_path / "data" / "dem.tif", *dem(), crs=pyproj.CRS.from_user_input(name).to_wkt()
    )
    spec["towers"][0]["crs"] = name
    found = {f.rule.number for f in check(tmp_path, spec) if f.severity == "error"}
    assert rules <= found


@pytest.mark.parametrize("people", ["1e300", "1e10", "-5"])
def test_people_beyond_count(tmp_path: Path, spec: dict[str, Any], people: str) -> None:
    frame = villages()
    frame["dan_so"] = frame["dan_so"].astype(float)
    frame.loc[2, "dan_so"] = float(people)
    frame.to_file(tmp_path / "data" / "villages.gpkg")
    inputs, findings = read(tmp_path, spec)
    assert np.isnan(inputs.villages["population"].iloc[2])
    assert only(findings, "B17").where.row == 3


@pytest.mark.parametrize("way", [".dbf", ".shx", "cut", "rows"])
def test_shapefile_that_is_torn(tmp_path: Path, spec: dict[str, Any], way: str) -> None:
    path = tmp_path / "data" / "v.shp"
    villages().to_file(path)
    if way == "cut":
        path.write_bytes(path.read_bytes()[:900])
    elif way == "rows":
        villages().iloc[:9].to_file(tmp_path / "fewer.shp")
        shutil.copy(tmp_path / "fewer.dbf", path.with_suffix(".dbf"))
    else:
        path.with_suffix(way).unlink()
    spec["boundaries"]["villages"][0].update(path="data/v.shp", crs=CRS)
    found = only(check(tmp_path, spec), "S02")
    said = {"cut": "900 of", "rows": "16 shapes, and 9 records", ".dbf": "v.dbf", ".shx": "v.shx"}
    assert said[way] in found.text()


def test_filters_that_are_queries(tmp_path: Path, spec: dict[str, Any]) -> None:
    write_csv(tmp_path / "data" / "cells.csv", TOWER_HEADER, towers())
    layers = (spec["towers"][0], spec["boundaries"]["villages"][0])
    for condition in (
        "1 = 0) UNION SELECT 77 --",
        "1 = 1 UNION SELECT 77",
        "1 IN (SELECT 1)",
        "1 = 1; DROP TABLE villages",
        "1 = 1 /* x",
        "'open",
    ):
        for layer in layers:
            layer["where"] = condition
        assert len(check(tmp_path, spec).of("S04")) == 2, condition


@pytest.mark.parametrize(
    "condition",
    [
        "name = 'union; select (' AND \"with\" > 3",
        "(a = 1 OR b LIKE 'x%') AND NOT c IS NULL",
        "tên IN ('a''b', 'c')",
        "selected = 1",
    ],
)
def test_filters_that_are_conditions(condition: str) -> None:
    assert foreign_part(condition) is None


# ------------------------------------------------------------------ the study file

LEAST = (
    '[study]\nname = "x"\n[boundaries.communes]\npath = "a"\n[[boundaries.villages]]\npath = "b"\n'
    '[[towers]]\npath = "c"\n[terrain]\ndem = ["d"]\n'
)


@pytest.mark.parametrize(
    "text",
    [
        "a = " + "[" * 5000 + "]" * 5000,
        ".".join("a" * 5000) + " = 1",
        LEAST.replace('path = "c"', 'path = "c"\nseparator = ";;"'),
        LEAST.replace('path = "c"', 'path = "c"\nseparator = \'"\''),
        LEAST + '[gdal]\ndrivers = "all"\n',
    ],
)
def test_study_files_that_are_none(tmp_path: Path, text: str) -> None:
    with pytest.raises(StudyError):
        parse_study(text, tmp_path / "study.toml")


def test_drivers_that_gdal_does_not_have(tmp_path: Path, spec: dict[str, Any]) -> None:
    spec["gdal"] = {"drivers": ["OGR_VRT", "Shape"]}
    with pytest.raises(StudyError, match="Shape"):
        read_inputs(study(tmp_path, spec), Findings())


def test_driver_with_leave(tmp_path: Path, spec: dict[str, Any]) -> None:
    (tmp_path / "data" / "v.vrt").write_text(
        '<OGRVRTDataSource><OGRVRTLayer name="villages"><SrcDataSource relativeToVRT="1">'
        "villages.gpkg</SrcDataSource></OGRVRTLayer></OGRVRTDataSource>"
    )
    spec["boundaries"]["villages"][0]["path"] = "data/v.vrt"
    only(check(tmp_path, spec), "S30")
    spec["gdal"] = {"drivers": ["OGR_VRT"]}
    inputs, _ = read(tmp_path, spec)
    assert len(inputs.villages) == 16


# ------------------------------------------------------------------ by number


@pytest.fixture(scope="module")
def ground(tmp_path_factory: pytest.TempPathFactory) -> Ground:
    return Ground(tmp_path_factory.mktemp("ground"))


@pytest.mark.parametrize("kind", KINDS)
def test_what_is_broken_was_sound(ground: Ground, kind: str) -> None:
    """A file that is refused before anything is done to it would try nothing."""
    assert ground.attempt(Case(kind, "none", 0, ground.whole[kind])) == "read"


def test_broken_files_by_number(ground: Ground) -> None:
    """One of each kind and a few more; CI takes two minutes of others: benchmarks/fuzz_readers.py."""
    for number in range(45):
        assert ground.attempt(case_of(ground.whole, number))
