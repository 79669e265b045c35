"""new --place, fetch, run: three commands, and no file edited between them."""

from __future__ import annotations

import gzip
import hashlib
import json
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import geopandas as gpd
import numpy as np
import pytest
import rasterio
import shapely

from helpers.cli import phusong, table
from helpers.sourcehost import Host, always, geotiff, page, source_host, status
from phusong.fetch.catalogue import names
from phusong.fetch.units import PLACES

PBF = "/europe/andorra-latest.osm.pbf"
DEM = (
    "/Copernicus_DSM_COG_10_N42_00_E00{lon}_00_DEM/Copernicus_DSM_COG_10_N42_00_E00{lon}_00_DEM.tif"
)


def geojson(rows: list[tuple[str, str, Any]]) -> bytes:
    features = [
        {
            "type": "Feature",
            "properties": {"shapeName": n, "shapeISO": iso, "shapeID": f"id{i}"},
            "geometry": shapely.geometry.mapping(g),
        }
        for i, (n, iso, g) in enumerate(rows)
    ]
    return json.dumps({"type": "FeatureCollection", "features": features}).encode()


def boundaries(host: Host, country: str, tier: str, rows: list[tuple[str, str, Any]]) -> None:
    file = f"/releaseData/{country}-{tier}.geojson"
    host.files[file] = geojson(rows)
    host.files[f"/api/current/gbOpen/{country}/{tier}/"] = json.dumps(
        {
            "boundaryID": f"{country}-{tier}-1",
            "boundaryYearRepresented": "2016",
            "boundaryLicense": "CC BY 4.0",
            "gjDownloadURL": host.base + file,
        }
    ).encode()


@pytest.fixture
def host(monkeypatch: pytest.MonkeyPatch) -> Iterator[Host]:
    with source_host() as one:
        for name in names():
            monkeypatch.setenv(f"PHUSONG_FETCH_{name.upper()}", one.base)
        monkeypatch.delenv("PHUSONG_OPENCELLID_TOKEN", raising=False)
        yield one


@pytest.fixture
def andorra(host: Host, shared: Path) -> Host:
    """Andorra's real places and terrain, in the layouts of the public sources."""
    folder = shared / "realdata" / "andorra"
    if not (folder / "andorra.osm.pbf").is_file():
        pytest.skip(f"the files of Andorra are not at {folder}")
    from phusong.sources.osm.extract import read_osm_layers

    body = (folder / "andorra.osm.pbf").read_bytes()
    host.files[PBF] = body
    host.files[PBF + ".md5"] = f"{hashlib.md5(body).hexdigest()}  andorra.osm.pbf\n".encode()
    admin = read_osm_layers(folder / "andorra.osm.pbf")["admin"]
    parishes = admin[admin["admin_level"] == "7"].union_all()
    boundaries(host, "AND", "ADM1", [("Parròquies", "AD-00", parishes)])
    with rasterio.open(folder / "N42E001.hgt.zip") as hgt:
        heights = hgt.read(1).astype(np.float32)[:1200, :1200]
    heights[heights < 0] = 1500
    host.files[DEM.format(lon=1)] = geotiff(heights, 1, 43, 1 / 1200)
    host.files[DEM.format(lon=2)] = geotiff(np.full_like(heights, 1500.0), 2, 43, 1 / 1200)
    listed = [DEM.format(lon=lon).split("/")[1] for lon in (1, 2)]
    host.files["/tileList.txt"] = "\n".join(listed).encode()
    host.files["/v200/2021/esa_worldcover_2021_grid.geojson"] = b'{"ll_tile": "N42E000"}'
    cover = np.full((1800, 1800), 10, np.uint8)
    cover[::3] = 50
    name = "/v200/2021/map/ESA_WorldCover_10m_2021_v200_N42E000_Map.tif"
    host.files[name] = geotiff(cover, 0, 45, 3 / 1800, 0)
    people = np.random.default_rng(3).random((500, 800)).astype(np.float32)
    host.files[
        "/GIS/Population/Global_2015_2030/R2025A/2025/AND/v1/100m/constrained/"
        "and_pop_2025_CN_100m_R2025A_v1.tif"
    ] = geotiff(people, 1.3, 42.75, 1 / 1200, -99999.0)
    return host


@pytest.mark.slow
def test_three_commands_and_no_file_edited(andorra: Host, tmp_path: Path) -> None:
    study = tmp_path / "first"
    phusong("new", study, "--place", "parroquies", "--country", "AND")
    said = phusong("fetch", study).output
    assert "could not be" not in said
    assert "The study does not read these yet" not in said
    records = tomllib.loads((study / "data/SOURCES.toml").read_text("utf-8"))["files"]
    by_file = {r["file"]: r for r in records}
    assert set(by_file) == {
        "data/boundaries/communes.gpkg",
        "data/boundaries/place.gpkg",
        "data/boundaries/villages.gpkg",
        "data/osm/andorra-latest.osm.pbf",
        "data/osm/osm.gpkg",
        "data/people/worldpop.tif",
        "data/terrain/copernicus_glo30.tif",
        "data/terrain/worldcover.tif",
    }
    for name, record in by_file.items():
        body = (study / name).read_bytes()
        assert record["sha256"] == hashlib.sha256(body).hexdigest()
        assert record["licence"]
        assert record["fetched"]
    assert "admin_level 7, 6 units" in by_file["data/boundaries/communes.gpkg"]["note"]
    assert by_file["data/boundaries/place.gpkg"]["licence"] == "CC BY 4.0"

    andorra.asked.clear()
    assert phusong("fetch", study).output.count("is here already") == 6
    assert andorra.asked == []

    text = (study / "study.toml").read_text("utf-8")
    # Only for the clock's sake.
    quick = '\n[radio]\nmodel = "p526"\n[uncertainty]\ndraws = 0\n'
    (study / "study.toml").write_text(text + quick, "utf-8")
    out = study / "out"
    printed = phusong("run", study, "--out", out).output
    assert "villages are the places that OpenStreetMap names" in " ".join(printed.split())
    villages = table(out / "villages.csv")
    places = gpd.read_file(study / "data/osm/osm.gpkg", layer="places")
    outline = gpd.read_file(study / "data/boundaries/place.gpkg").union_all()
    inside = places[places["place"].isin(PLACES) & places.geometry.within(outline)]
    assert {v["code"] for v in villages} == set(inside["osm_id"])
    assert 45 < len(villages) < 55
    assert all(v["commune_code"] for v in villages)
    run = json.loads((out / "run.json").read_text("utf-8"))
    named = {row["file"]: row for row in run["fetched"]}
    assert named["data/terrain/copernicus_glo30.tif"]["licence"].startswith("free of charge")
    assert any("OpenStreetMap names" in text for text in run["assumptions"])


def test_an_extract_with_a_wrong_sum(andorra: Host, tmp_path: Path) -> None:
    phusong("new", tmp_path, "--place", "parroquies", "--country", "AND")
    andorra.files[PBF + ".md5"] = b"0" * 32 + b"  andorra.osm.pbf\n"
    said = " ".join(phusong("fetch", tmp_path, "--only", "osm", code=1).output.split())
    assert "MD5" in said
    assert not (tmp_path / "data/osm/osm.gpkg").exists()


def test_a_small_area_is_asked_of_overpass(andorra: Host, tmp_path: Path) -> None:
    from phusong.sources.osm.extract import read_osm_layers  # noqa: F401

    phusong("new", tmp_path, "--place", "parroquies", "--country", "AND")
    text = (tmp_path / "study.toml").read_text("utf-8")
    line = next(row for row in text.splitlines() if row.startswith("bbox"))
    text = text.replace(line, "bbox = [1.5, 42.5, 1.6, 42.6]\nmargin_km = 0")
    (tmp_path / "study.toml").write_text(text, "utf-8")
    answer = (
        '<?xml version="1.0" encoding="UTF-8"?><osm version="0.6">'
        '<node id="1" lat="42.55" lon="1.55"><tag k="place" v="hamlet"/><tag k="name" v="A"/></node>'
        '<node id="2" lat="42.56" lon="1.56"/>'
        '<way id="5"><nd ref="1"/><nd ref="2"/><tag k="highway" v="track"/></way></osm>'
    )
    andorra.files["/api/interpreter"] = answer.encode()
    phusong("fetch", tmp_path, "--only", "osm")
    (question,) = andorra.questions
    assert "bbox%3A42.5000%2C1.5000%2C42.6000%2C1.6000" in question
    roads = gpd.read_file(tmp_path / "data/osm/osm.gpkg", layer="roads")
    assert roads["highway"].tolist() == ["track"]
    assert roads["osm_id"].tolist() == ["w5"]

    broken = answer.replace("</osm>", "<remark> runtime error: Query timed out </remark></osm>")
    andorra.files["/api/interpreter"] = broken.encode()
    said = phusong("fetch", tmp_path, "--only", "osm", "--renew", code=1).output
    assert "Overpass broke its answer off" in " ".join(said.split())
    assert gpd.read_file(tmp_path / "data/osm/osm.gpkg", layer="roads").shape[0] == 1


# ------------------------------------------------------------------ places by name


def square(x: float, y: float, side: float = 1.0) -> Any:
    return shapely.box(x, y, x + side, y + side)


@pytest.fixture
def vietnam(host: Host) -> Host:
    boundaries(
        host,
        "VNM",
        "ADM1",
        [
            ("Tuyen Quang", "VN-07", square(105, 21)),
            ("Hà Giang", "VN-03", square(105, 22)),
            ("Quảng Ninh", "VN-13", square(107, 21)),
            ("Bà Rịa–Vũng Tàu", "VN-43", square(107, 10)),
            ("Côn Đảo", "VN-43", square(106, 8, 0.2)),
            ("Bình Dương", "VN-57", square(106, 11)),
            ("Ho Chi Minh City", "VN-SG", square(106, 10)),
        ],
    )
    boundaries(
        host,
        "VNM",
        "ADM2",
        [
            ("Tuyen Quang", "", square(105.1, 21.1, 0.2)),
            ("Quan 2", "", square(106.1, 10.1, 0.1)),
            ("Dong Van", "", square(105.1, 22.6, 0.2)),
        ],
    )
    return host


def test_several_places_of_a_name_are_listed(vietnam: Host, tmp_path: Path) -> None:
    said = phusong("new", tmp_path / "s", "--place", "Tuyên Quang", code=1).output
    said = " ".join(said.split())
    assert "3 places are called Tuyên Quang" in said
    assert "Tuyên Quang (province since July 2025: Tuyên Quang, Hà Giang)" in said
    assert "Tuyên Quang (province until June 2025)" in said
    assert "Tuyen Quang (district, Tuyen Quang)" in said
    assert not (tmp_path / "s").exists()


@pytest.mark.parametrize(
    ("asked", "name", "box"),
    [
        (
            "tuyen quang (province since july 2025: tuyen quang, ha giang)",
            "Tuyên Quang (province since July 2025: Tuyên Quang, Hà Giang)",
            (105, 21, 106, 23),
        ),
        ("Tỉnh Hà Giang", "Hà Giang (province until June 2025)", (105, 22, 106, 23)),
        ("QUANG NINH", "Quảng Ninh (province)", (107, 21, 108, 22)),
        ("Quận 2", "Quan 2 (district, Ho Chi Minh City)", (106.1, 10.1, 106.2, 10.2)),
        ("Đồng Văn", "Dong Van (district, Hà Giang)", (105.1, 22.6, 105.3, 22.8)),
        (
            "Hồ Chí Minh (province since July 2025: Hồ Chí Minh, Bình Dương, Bà Rịa - Vũng Tàu)",
            "Hồ Chí Minh (province since July 2025: Hồ Chí Minh, Bình Dương, Bà Rịa - Vũng Tàu)",
            (106, 8, 108, 12),
        ),
        (
            "Vũng Tàu Bà Rịa",
            None,
            None,
        ),
    ],
)
def test_places_with_and_without_diacritics(
    vietnam: Host, tmp_path: Path, asked: str, name: str | None, box: Any
) -> None:
    if name is None:
        said = phusong("new", tmp_path, "--place", asked, code=1).output
        assert "no place is called" in said
        return
    phusong("new", tmp_path, "--place", asked)
    study = tomllib.loads((tmp_path / "study.toml").read_text("utf-8"))
    assert study["study"]["name"] == name
    assert study["fetch"]["bbox"] == pytest.approx(box)
    outline = gpd.read_file(tmp_path / "data/boundaries/place.gpkg")
    assert outline.total_bounds == pytest.approx(box)


def test_new_leaves_what_is_there(vietnam: Host, tmp_path: Path) -> None:
    phusong("new", tmp_path)
    assert (
        "a study here already" in phusong("new", tmp_path, "--place", "Quang Ninh", code=1).output
    )
    assert vietnam.asked == []


def test_boundaries_of_another_form(vietnam: Host, tmp_path: Path) -> None:
    vietnam.faults["/releaseData/VNM-ADM1.geojson"] = [always(page)]
    said = phusong("new", tmp_path / "a", "--place", "Quang Ninh", code=1).output
    assert "Log in to the hotel" in " ".join(said.split())
    del vietnam.faults["/releaseData/VNM-ADM1.geojson"]
    vietnam.files["/releaseData/VNM-ADM1.geojson"] = (
        b'{"type": "FeatureCollection", "features": []}'
    )
    said = phusong("new", tmp_path / "a", "--place", "Quang Ninh", code=1).output
    assert "another form than is known" in " ".join(said.split())
    said_api = json.loads(vietnam.files["/api/current/gbOpen/VNM/ADM1/"])
    said_api["gjDownloadURL"] = "https://evil.example/x.geojson"
    vietnam.files["/api/current/gbOpen/VNM/ADM1/"] = json.dumps(said_api).encode()
    said = phusong("new", tmp_path / "a", "--place", "Quang Ninh", code=1).output
    assert "no place this source is known to have" in " ".join(said.split())
    vietnam.faults["/api/current/gbOpen/XXX/ADM1/"] = [always(status(404))]
    said = phusong("new", tmp_path / "a", "--place", "X", "--country", "XXX", code=1).output
    assert "there are no boundaries of XXX" in " ".join(said.split())
    assert not (tmp_path / "a").exists()


# ------------------------------------------------------------------ OpenCelliD

CELLS = (
    "LTE,452,4,11,111,0,107.5,21.5,1000,5,1,1450000000,1500000000,0\n"
    "GSM,452,1,12,112,0,90.0,21.5,1000,5,1,1450000000,1500000000,0\n"
)


def test_cells_need_a_token_that_is_written_nowhere(
    vietnam: Host, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    phusong("new", tmp_path / "without", "--place", "Quảng Ninh")
    said = phusong("fetch", tmp_path / "without", "--only", "towers", code=1).output
    assert "PHUSONG_OPENCELLID_TOKEN" in said

    monkeypatch.setenv("PHUSONG_OPENCELLID_TOKEN", "pk.SECRET")
    study = tmp_path / "with"
    phusong("new", study, "--place", "Quảng Ninh")
    assert "opencellid.csv" in (study / "study.toml").read_text("utf-8")
    vietnam.files["/ocid/downloads"] = b'{"status":"error","message":"INVALID_TOKEN"}'
    said = phusong("fetch", study, "--only", "towers", code=1).output
    assert "INVALID_TOKEN" in " ".join(said.split())
    vietnam.files["/ocid/downloads"] = gzip.compress(CELLS.encode())
    said += phusong("fetch", study, "--only", "towers").output
    rows = table(study / "data/towers/opencellid.csv")
    assert [r["cell"] for r in rows] == ["111"]
    assert any("token=pk.SECRET&type=mcc&file=452.csv.gz" in asked for asked, _ in vietnam.asked)
    assert "SECRET" not in said
    for path in study.rglob("*"):
        assert not path.is_file() or b"SECRET" not in path.read_bytes(), path


@pytest.mark.parametrize(
    "body",
    [
        gzip.compress(CELLS.encode())[:-20],
        gzip.compress(b"radio;mcc\nLTE;452\n"),
        gzip.compress(b"x" * 5000),
        gzip.compress(CELLS.replace("107.5", "east").encode()),
    ],
    ids=["cut off", "other columns", "no table", "no place"],
)
def test_lists_of_cells_that_are_none(
    vietnam: Host, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, body: bytes
) -> None:
    monkeypatch.setenv("PHUSONG_OPENCELLID_TOKEN", "t")
    phusong("new", tmp_path, "--place", "Quảng Ninh")
    vietnam.files["/ocid/downloads"] = body
    said = phusong("fetch", tmp_path, "--only", "towers", code=1).output
    assert "damaged, or has another form" in " ".join(said.split())
    assert not (tmp_path / "data/towers/opencellid.csv").exists()


def test_a_list_of_cells_that_unfolds_without_end(
    vietnam: Host, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from phusong.fetch import opencellid

    monkeypatch.setenv("PHUSONG_OPENCELLID_TOKEN", "t")
    monkeypatch.setattr(opencellid, "_UNPACKED", 10_000)
    phusong("new", tmp_path, "--place", "Quảng Ninh")
    vietnam.files["/ocid/downloads"] = gzip.compress(CELLS.encode() * 1000)
    said = phusong("fetch", tmp_path, "--only", "towers", code=1).output
    assert "which no file of this source has" in " ".join(said.split())
    assert not (tmp_path / "data/towers/opencellid.csv").exists()
