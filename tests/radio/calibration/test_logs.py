"""Logs as phones write them: what each format says, which cell it is joined to, what is no level."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
from click.testing import CliRunner
from hypothesis import given
from hypothesis import strategies as st
from pyproj import Transformer

from helpers.radio import CRS_M, X0, Y0, cells_frame, make_inputs, make_study, villages_frame
from helpers.tiny import make_tiny_study
from phusong.commands.calibrate import calibrate as command
from phusong.coverage.calibration.calibrate import calibrate
from phusong.coverage.calibration.formats import FORMATS, recognise
from phusong.coverage.calibration.joins import STRANGER, Operators, identities, on_frequency
from phusong.coverage.calibration.levels import from_index, judge
from phusong.coverage.calibration.measurements import read_measurements
from phusong.coverage.calibration.thinning import local_means_dbm, one_a_place
from phusong.coverage.signal.store import PathLossStore
from phusong.errors import ChecksFailed

SIZE, CELL = 160, 50.0
SITES = {"A": (X0 + 2000.0, Y0 - 2000.0), "B": (X0 + 6000.0, Y0 - 2500.0)} | {
    "C": (X0 + 4000.0, Y0 - 6000.0)
}
ENODEB = {"A": 50007, "B": 50008, "C": 50009}


def inputs_with(folder: Path, rows: list[dict], **columns):
    """Three sites on a plain with a ridge; cells as a test wants them."""
    heights = np.full((SIZE, SIZE), 100.0, dtype=np.float32)
    heights[70:76, :] = 160.0
    cells = cells_frame(rows)
    for name, values in columns.items():
        cells[name] = values
    return make_inputs(
        folder,
        cells=cells,
        sites=SITES,
        heights=heights,
        cell_m=CELL,
        villages=villages_frame({"v": (X0, Y0 - 1000, X0 + 1000, Y0)}),
    )


def world_of(folder: Path, rows: list[dict], **columns) -> SimpleNamespace:
    return SimpleNamespace(
        inputs=inputs_with(folder, rows, **columns),
        study=make_study(folder, radio={"radius_km": 9.0}),
        store=PathLossStore(folder / "store"),
        folder=folder,
    )


@pytest.fixture(scope="module")
def world(tmp_path_factory) -> SimpleNamespace:
    """Viettel with every technology and cells named by their identity; Opx with plain names."""
    rows = []
    for site, enodeb in ENODEB.items():
        viettel = {"site_id": site, "operator": "Viettel"}
        rows += [
            {**viettel, "cell_id": f"{enodeb * 256 + 3}", "freq_mhz": 1800.0},
            {**viettel, "cell_id": f"452-04-{enodeb}-7", "freq_mhz": 800.0},
            {
                **viettel,
                "cell_id": f"GSM-452-4-1234-{enodeb % 1000}",
                "technology": "GSM",
                "freq_mhz": 900.0,
                "bandwidth_mhz": 0.2,
            },
            {
                **viettel,
                "cell_id": f"UMTS-452-4-1234-{12 * 65536 + enodeb % 1000}",
                "technology": "UMTS",
                "freq_mhz": 2100.0,
                "bandwidth_mhz": 5.0,
            },
            {
                **viettel,
                "cell_id": f"452-04-{enodeb * 4096 + 1}",
                "technology": "NR",
                "freq_mhz": 3500.0,
                "bandwidth_mhz": 100.0,
            },
            {"site_id": site, "operator": "Opx", "cell_id": f"{site}L", "freq_mhz": 800.0},
            {"site_id": site, "operator": "Opx", "cell_id": f"{site}H", "freq_mhz": 1800.0},
        ]
    return world_of(tmp_path_factory.mktemp("logs"), rows)


def lonlat(x, y):
    return Transformer.from_crs(CRS_M, 4326, always_xy=True).transform(x, y)


def place(dx: float = 3000.0, dy: float = 3000.0) -> tuple[str, str]:
    """Longitude and latitude, as text, of a place from the north-west corner."""
    lon, lat = lonlat(X0 + dx, Y0 - dy)
    return f"{lon:.7f}", f"{lat:.7f}"


LON, LAT = place()


def read(world, text: str | bytes, name: str = "log.csv", **options):
    path = world.folder / name
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return read_measurements(path, world.inputs, world.study, **options)


def compare(world, text: str, name: str = "log.csv", **options):
    found, _ = read(world, text, name, **options)
    return calibrate(world.inputs, world.study, world.store, found)


def predicted(world, operator: str, places, **columns) -> pd.DataFrame:
    """What the study predicts at places: residuals of a log of -90 dBm."""
    header = ",".join(["longitude", "latitude", "operator", "technology", "level_dbm", *columns])
    tail = ",".join(["LTE", "-90", *map(str, columns.values())])
    lines = [f"{lon},{lat},{operator},{tail}" for lon, lat in places]
    return compare(world, "\n".join([header, *lines]), "predicted.csv").residuals


def spread(count: int, seed: int = 1) -> list[tuple[str, str]]:
    """Places in cells of their own."""
    rng = np.random.default_rng(seed)
    cells = rng.choice(140 * 140, count, replace=False)
    return [place(500 + CELL * (c % 140) + 25, 500 + CELL * (c // 140) + 25) for c in cells]


# --- formats ------------------------------------------------------------------------------------

ECI = ENODEB["A"] * 256 + 3
NCI = ENODEB["A"] * 4096 + 1
UMTS_CELL = 12 * 65536 + 7
ANDROID_NONE = 2147483647

NS_HEAD = "# CSV Version 2.0\n# Created by Network Survey, times in UTC\n"
LOGS = {
    "Network Survey, LTE": (
        f"{NS_HEAD}deviceSerialNumber,deviceName,deviceTime,latitude,longitude,altitude,speed,"
        "accuracy,missionId,recordNumber,groupNumber,mcc,mnc,tac,eci,earfcn,pci,rsrp,rsrq,ta,"
        "servingCell,lteBandwidth,provider,signalStrength,cqi,slot,snr\n"
        f"s,pixel,2026-05-12T08:00:00.000+07:00,{LAT},{LON},120,0,5,m,1,1,452,4,300,{ECI},1575,"
        "77,-95.0,-11.0,4,true,20,Viettel,-70.0,,0,12\n"
    ),
    "Network Survey, NR": (
        f"{NS_HEAD}deviceTime,latitude,longitude,altitude,mcc,mnc,tac,nci,narfcn,pci,ssRsrp,"
        "ssRsrq,ssSinr,csiRsrp,csiRsrq,csiSinr,ta,servingCell,provider\n"
        f"2026-05-12T01:00:00Z,{LAT},{LON},120,452,4,300,{NCI},633334,77,-95,-11,5,,,,,true,\n"
    ),
    "Network Survey, UMTS": (
        "deviceTime,latitude,longitude,altitude,mcc,mnc,lac,cid,uarfcn,psc,rscp,signalStrength,"
        "ecno,servingCell,provider\n"
        f"2026-05-12T01:00:00Z,{LAT},{LON},120,452,4,1234,{UMTS_CELL},10700,77,-95,-80,-6,true,\n"
    ),
    "Network Survey, GSM": (
        "deviceTime,latitude,longitude,altitude,mcc,mnc,lac,ci,arfcn,bsic,signalStrength,ta,"
        "servingCell,provider\n"
        f"2026-05-12T01:00:00Z,{LAT},{LON},120,452,4,1234,7,62,12,-95,1,true,Viettel\n"
    ),
    "G-NetTrack": (
        "Timestamp\tLongitude\tLatitude\tSpeed\tOperatorname\tOperator\tCGI\tCellname\tNode\t"
        "CellID\tLAC\tNetworkTech\tNetworkMode\tLevel\tQual\tSNR\tCQI\tARFCN\tPSC\tNCellid1\t"
        "NRxLev1\n"
        f"2026.05.12_01.00.00\t{LON}\t{LAT}\t0\tViettel\t45204\t45204{ECI}\tx\t{ENODEB['A']}\t3\t"
        "300\t4G\tLTE\t-95\t-11\t12\t9\t1575\t77\t88\t-110\n"
    ),
    "CellMapper": (
        "Latitude,Longitude,Altitude,MCC,MNC,LAC,CID,Signal,Type,Subtype,ARFCN,PSC or PCI\n"
        f"{LAT},{LON},120,452,04,300,{ECI},-95,LTE,LTE-A,1575,77\n"
    ),
    "OpenCelliD": (
        "mcc,net,area,cell,lon,lat,signal,measured,rating,speed,direction,radio,ta,rnc,cid,psc,"
        "tac,pci,sid,nid,bid\n"
        f"452,4,300,{ECI},{LON},{LAT},-95,1778547600000,0,0,0,LTE,,,,,,77,,,\n"
    ),
}
CELL_OF = {
    "Network Survey, NR": f"452-04-{NCI}",
    "Network Survey, UMTS": f"UMTS-452-4-1234-{UMTS_CELL}",
    "Network Survey, GSM": "GSM-452-4-1234-7",
}


@pytest.mark.parametrize("name", LOGS)
def test_every_format_is_known_by_its_content(world, name) -> None:
    found, findings = read(world, LOGS[name], "whatever.txt")
    assert findings.of("M01")[0].params["format"] == name
    (row,) = found.frame[found.frame["serving"]].to_dict("records")
    assert row["level_dbm"] == -95.0
    assert row["operator"] == "Viettel"
    assert row["plmn"] == "452-04"
    assert row["cell_id"] == CELL_OF.get(name, str(ECI))
    assert row["joined"] == "eci"
    assert row["serving"]
    assert row["x_m"] == pytest.approx(X0 + 3000.0, abs=0.1)
    assert row["weight"] == 1.0
    if name != "Network Survey, GSM":
        assert row["pci"] == 77
    if name != "OpenCelliD":
        assert not np.isnan(row["freq_mhz"])
    if name != "CellMapper":
        assert row["time"] == pd.Timestamp("2026-05-12T01:00:00Z")
    assert found.refused.empty


@pytest.mark.parametrize("text", [LOGS["CellMapper"], LOGS["OpenCelliD"], "lon,lat,rsrp\n,,-95\n"])
def test_columns_have_their_types_whatever_the_log_says(world, text) -> None:
    found, _ = read(world, text)
    types = {name: str(kind) for name, kind in found.frame.dtypes.items()}
    assert types["time"] == "datetime64[ns, UTC]"
    assert types["serving"] == "bool"
    assert [types[name] for name in ("pci", "earfcn", "eci")] == ["Int64"] * 3
    assert types["place_id"] == "int64"
    assert types["weight"] == "float64"
    assert len(found.at_places().frame) == len(found.frame)


def test_a_time_without_zone_is_said(world) -> None:
    _, findings = read(world, LOGS["G-NetTrack"])
    assert findings.of("M03")[0].params["n"] == 1
    assert not read(world, LOGS["OpenCelliD"])[1].of("M03")
    assert not read(world, LOGS["Network Survey, LTE"])[1].of("M03")


@pytest.mark.parametrize(
    ("header", "serves", "neighbour"),
    [
        ("Cell type", "Serving", "Neighbor"),
        ("Loại cell", "phục vụ", "lân cận"),
        ("type", "S", "N"),
        ("cell_role", "PCell", "detected"),
    ],
)
def test_words_for_serving_cells_and_neighbours(world, header, serves, neighbour) -> None:
    rows = [f"{LON},{LAT},Opx,LTE,{word},-95" for word in (serves, neighbour)]
    text = "\n".join([f"lon,lat,operator,technology,{header},rsrp", *rows])
    assert read(world, text)[0].frame["serving"].tolist() == [True, False]


def test_a_column_without_any_flag_says_nothing_of_serving(world) -> None:
    text = f"lon,lat,operator,technology,cell_type,rsrp\n{LON},{LAT},Opx,LTE,macro,-95\n"
    assert read(world, text)[0].frame["serving"].tolist() == [True]


@pytest.mark.parametrize("header", ["dl_arfcn", "Kênh", "ARFCN DL"])
def test_headers_of_channel_numbers(world, header) -> None:
    text = f"lon,lat,operator,technology,{header},rsrp\n{LON},{LAT},Opx,LTE,1300,-95\n"
    assert read(world, text)[0].frame["earfcn"].tolist() == [1300]


def test_frequencies_come_from_channel_numbers(world) -> None:
    expected = {
        "Network Survey, LTE": 1842.5,
        "Network Survey, NR": 3500.01,
        "Network Survey, UMTS": 2140.0,
        "Network Survey, GSM": 947.4,
        "G-NetTrack": 1842.5,
        "CellMapper": 1842.5,
    }
    for name, freq_mhz in expected.items():
        assert read(world, LOGS[name])[0].frame["freq_mhz"][0] == pytest.approx(freq_mhz)
    # A log without a channel number has the frequency of the cell it is joined to.
    row = read(world, LOGS["OpenCelliD"])[0].frame.iloc[0]
    assert np.isnan(row["freq_mhz"])
    assert row["carrier_mhz"] == 1800.0


def test_ending_of_the_name_says_nothing(world) -> None:
    for name in ("drive.log", "drive.dat", "drive", "drive.tsv"):
        assert len(read(world, LOGS["G-NetTrack"], name)[0].at_places().frame) == 1


GNET = (
    "Timestamp|Longitude|Latitude|Operatorname|Operator|CGI|Node|CellID|LAC|NetworkTech|Level|"
    "ARFCN|PSC|NTech1|NLAC1|NCellid1|NARFCN1|NRxLev1|NQual1|NTech2|NLAC2|NCellid2|NARFCN2|NRxLev2|"
    "NTech10|NCellid10|NARFCN10|NRxLev10|\n"
)


def gnet(neighbours: str, place_: tuple[str, str] = (LON, LAT), level: str = "-95") -> str:
    lon, lat = place_
    return (
        f"2026.05.12_01.00.00|{lon}|{lat}|Viettel|45204||{ENODEB['A']}|3|300|4G|{level}|1575|77|"
        f"{neighbours}|\n"
    )


def test_neighbours_of_a_record_are_rows_of_their_own(world) -> None:
    """The serving cell, an LTE neighbour with its PCI and channel, a GSM one whose cell is no PCI;
    an empty place for a third."""
    found, _ = read(world, GNET + gnet("4G||88|3050|-104||2G|1234|7|62|-88|4G|||2147483647"))
    rows = found.frame
    assert rows["row"].tolist() == [1, 1, 1]
    assert rows["serving"].tolist() == [True, False, False]
    assert rows["level_dbm"].tolist() == [-95.0, -104.0, -88.0]
    assert rows["technology"].tolist() == ["LTE", "LTE", "GSM"]
    assert rows["operator"].tolist() == ["Viettel"] * 3
    assert rows["pci"].isna().tolist() == [False, False, True]
    assert rows["pci"][1] == 88
    assert rows["freq_mhz"].to_numpy() == pytest.approx([1842.5, 2650.0, 947.4])
    assert rows["cell_id"].tolist() == [str(ECI), None, None]
    assert (rows["time"] == rows["time"][0]).all()
    assert found.refused.empty
    at_places = found.at_places()
    assert at_places.frame["level_dbm"].tolist() == [-95.0]
    assert at_places.refused["reason"].tolist() == ["neighbour", "neighbour"]


def test_neighbours_move_nothing(world) -> None:
    """With and without them a log calibrates alike, and no row behind another is refused."""
    rng = np.random.default_rng(2)
    spots = [place(3000.0 + 7.0 * i, 3000.0) for i in range(30)]
    levels = rng.uniform(-100, -80, 30).round(1)
    own = [f"4G||88|3050|{level - 15:g}||4G||90|1575|-140||||" for level in levels]
    rows = list(zip(own, spots, map(str, levels), strict=True))
    with_them = compare(world, GNET + "".join(gnet(*row) for row in rows))
    alone = compare(world, GNET + "".join(gnet("|" * 14, *row[1:]) for row in rows))
    assert with_them.residuals.equals(alone.residuals)
    assert alone.refused.empty
    assert with_them.refused["reason"].value_counts().to_dict() == {"neighbour": 30, "floor": 30}


def test_neighbours_of_an_older_log_are_of_no_technology(world) -> None:
    found, _ = read(world, LOGS["G-NetTrack"])
    assert found.frame["serving"].tolist() == [True, False]
    assert found.frame["technology"].tolist() == ["LTE", None]
    assert found.frame["pci"].isna().tolist() == [False, True]


def test_comment_between_the_rows_is_none_of_them(world) -> None:
    lines = LOGS["Network Survey, GSM"].splitlines()
    text = "\n".join([*lines, "# paused", lines[-1]])
    found, findings = read(world, text)
    assert len(found.frame) == 2
    assert not findings.of("S14")


def test_header_that_begins_with_a_hash_stays_the_header(world) -> None:
    found, _ = read(
        world, f"# drive of May\n#lon,lat,level_dbm,operator,technology\n{LON},{LAT},-95,Opx,LTE\n"
    )
    assert found.frame["level_dbm"].tolist() == [-95.0]


def test_formats_need_what_they_say() -> None:
    for one in FORMATS:
        assert recognise([*one.headers, "more"]).name == one.name
        assert recognise(one.headers[:-1]).name != one.name
    assert recognise(["lon", "lat", "level"]).name == ""


def survey_tables(path: Path) -> Path:
    """A GeoPackage as Network Survey writes it: a table a technology, some without rows."""
    lon, lat = float(LON), float(LAT)
    common = {"Time": [1778547600000], "MCC": [452], "MNC": [4]}
    tables = {
        "80211_BEACON_MESSAGE": {"Time": [1], "BSSID": ["x"]},
        "LTE_MESSAGE": {
            **common,
            "TAC": [300],
            "ECI": [ECI],
            "DL_EARFCN": [1575],
            "Phys_Cell_ID": [77],
            "RSRP": [-95.0],
            "RSRQ": [-11.0],
            "Serving Cell": [True],
        },
        "GSM_MESSAGE": {
            **common,
            "LAC": [1234],
            "CID": [7],
            "ARFCN": [62],
            "BSIC": [12],
            "Signal Strength": [-85.0],
            "Serving Cell": [True],
        },
        "UMTS_MESSAGE": {
            **common,
            "LAC": [1234],
            "Cell ID": [UMTS_CELL],
            "UARFCN": [10700],
            "PSC": [77],
            "RSCP": [-75.0],
            "Signal Strength": [-70.0],
        },
        "NR_MESSAGE": {
            "Time": [1778547600000],
            "NRARFCN": [633334],
            "Phys_cell_ID": [77],
            "NCI": [NCI],
            "SS_RSRP": [-99.0],
        },
    }
    for layer, columns in tables.items():
        frame = gpd.GeoDataFrame(columns, geometry=gpd.points_from_xy([lon], [lat]), crs=4326)
        frame.to_file(path, layer=layer, driver="GPKG")
    return path


def test_geopackage_of_network_survey(world, tmp_path) -> None:
    path = survey_tables(tmp_path / "survey.gpkg")
    found, findings = read_measurements(path, world.inputs, world.study)
    frame = found.frame.set_index("technology")
    assert frame["level_dbm"].to_dict() == {"LTE": -95, "GSM": -85, "UMTS": -75, "NR": -99}
    assert sorted(frame["row"]) == [1, 2, 3, 4]
    assert frame["serving"].all()
    assert set(frame["joined"]) == {"eci"}
    # NR says no network there: the cell says whose it is.
    assert set(frame["operator"]) == {"Viettel"}
    assert len(findings.of("M01")) == 4


GPX = """<?xml version="1.0" encoding="UTF-8"?>
<gpx version="1.1" creator="x" xmlns="http://www.topografix.com/GPX/1/1" xmlns:ns="http://x/ns">
<trk><name>drive</name><trkseg>{points}</trkseg></trk></gpx>"""


def gpx(*insides: str) -> str:
    points = "".join(
        f'<trkpt lat="{LAT}" lon="{LON}"><ele>1</ele><time>2026-05-12T01:00:00Z</time>{inside}'
        "</trkpt>"
        for inside in insides
    )
    return GPX.format(points=points)


@pytest.mark.parametrize(
    "inside",
    [
        "<extensions><ns:rsrp>-95</ns:rsrp></extensions>",
        "<extensions><ns:pt><ns:acc>5</ns:acc><ns:rsrp>-95</ns:rsrp></ns:pt></extensions>",
        "<cmt>LTE -95 dBm</cmt>",
        "<name>-95</name>",
        "<desc>−95.0 dBm, 3 bars</desc>",
    ],
)
def test_gpx_with_levels(world, inside) -> None:
    found, findings = read(world, gpx(inside, inside), "track.gpx")
    assert found.frame["level_dbm"].tolist() == [-95.0, -95.0]
    assert found.frame["time"][0] == pd.Timestamp("2026-05-12T01:00:00Z")
    assert findings.of("M01")[0].params["format"] == "GPX"


def test_gpx_comment_may_name_the_technology(world) -> None:
    found, _ = read(world, gpx("<cmt>Opx 4G+ -95 dBm</cmt>", "<name>-95</name>"), "track.gpx")
    assert found.frame["technology"].tolist() == ["LTE", None]


def test_log_that_does_not_say_whose_cell_it_was(world) -> None:
    done = compare(world, f"lon,lat,rsrp\n{LON},{LAT},-95\n")
    assert done.refused["reason"].tolist() == ["not_said"]
    assert "nothing tells what to compare with" in done.reason.format(**done.params)


def test_gpx_under_the_name_of_a_text(world) -> None:
    assert len(read(world, gpx("<cmt>-95 dBm</cmt>"), "track.csv")[0].frame) == 1


def test_gpx_without_levels_is_refused(world) -> None:
    with pytest.raises(ChecksFailed, match=r"M02.*none of 2 points says a level"):
        read(world, gpx("", "<name>12</name>"), "track.gpx")


# --- joins --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "technology", "expected"),
    [
        ("12801795", "LTE", [(None, 12801795)]),
        ("50007-3", "LTE", [(None, 12801795)]),
        ("452-04-50007-3", "LTE", [("452-04", 12801795)]),
        ("LTE-452-4-300-12801795", "LTE", [("452-04", 12801795)]),
        ("452.04.12801795", "LTE", [("452-04", 12801795)]),
        ("452-04-1234-5678", "GSM", [("452-04", 5678)]),
        ("12/7", "UMTS", [(None, 786439), (None, 7)]),
        ("HG001_1", "LTE", []),
        ("Xã 12", "LTE", []),
        ("S0-0", "LTE", []),
        ("", "LTE", []),
    ],
)
def test_identities(text, technology, expected) -> None:
    assert [(one.plmn, one.number) for one in identities(text, technology)] == expected


@given(st.integers(1, 2**20 - 1), st.integers(0, 255))
def test_every_spelling_of_an_eci_is_one(enodeb, cell) -> None:
    eci = enodeb * 256 + cell
    for text in (f"{eci}", f"{enodeb}-{cell}", f"452-04-{enodeb}-{cell}", f"45204{eci}"):
        assert eci in [one.number for one in identities(text, "LTE")]


def test_cell_that_the_study_has_not_is_named(world) -> None:
    text = LOGS["CellMapper"] + LOGS["CellMapper"].splitlines()[1].replace(str(ECI), "999999")
    done = compare(world, text)
    assert done.refused["detail"].tolist() == ["the study has no cell 999999 in service"]


def test_identity_without_counterpart_goes_by_band(world) -> None:
    """Opx names its cells A, B, C: the identity a phone reports says nothing there."""
    head = "lon,lat,rsrp,operator,technology,eci,earfcn\n"
    found, _ = read(world, head + f"{LON},{LAT},-95,Opx,LTE,999999,1575\n")
    assert found.frame["joined"].tolist() == ["carrier"]
    assert found.frame["cell_id"].tolist() == [None]


def test_network_of_a_phone_decides_between_equal_identities(tmp_path) -> None:
    rows = [
        {"site_id": "A", "operator": "Viettel", "cell_id": "452-04-50007-3"},
        {"site_id": "B", "operator": "Vinaphone", "cell_id": "452-02-50007-3"},
    ]
    own = world_of(tmp_path, rows)
    head = "lon,lat,rsrp,technology,mcc,mnc,eci\n"
    lines = [f"{LON},{LAT},-95,LTE,452,{mnc},12801795\n" for mnc in ("2", "04", "05")]
    found, _ = read(own, head + "".join(lines))
    assert found.frame["cell_id"].tolist()[:2] == ["452-02-50007-3", "452-04-50007-3"]
    assert found.frame["joined"].tolist() == ["eci", "eci", "carrier"]
    assert found.frame["operator"].tolist() == ["Vinaphone", "Viettel", "452-05"]


def test_identity_counts_only_within_its_network(world) -> None:
    """An ECI is unique in one network: another carrier's cell may bear the same number."""
    head = "lon,lat,rsrp,operator,technology,mcc,mnc,eci\n"
    lines = [
        f"{LON},{LAT},-95,Mạng lạ,LTE,,,{ECI}",
        f"{LON},{LAT},-95,,LTE,,,{ECI}",
        f"{LON},{LAT},-95,iTel,LTE,452,4,{ENODEB['A'] * 256 + 7}",
    ]
    found, _ = read(world, head + "\n".join(lines))
    assert found.frame["joined"].tolist() == ["carrier", "eci", "eci"]
    # The tower list says 452-04 of the last one's cell, which a guest's name does not change.
    assert found.frame["operator"].tolist() == ["Mạng lạ", "Viettel", "Viettel"]


def test_utran_cell_by_its_last_sixteen_bits(world) -> None:
    head = "lon,lat,rscp,operator,technology,cid\n"
    found, _ = read(world, f"{head}{LON},{LAT},-95,Viettel,UMTS,8\n")
    assert found.frame["cell_id"].tolist() == [f"UMTS-452-4-1234-{12 * 65536 + 8}"]


def test_pci_with_channel_and_distance(tmp_path) -> None:
    rows = [
        {"site_id": s, "operator": "Opx", "cell_id": f"{s}{f:g}", "freq_mhz": f}
        for s in SITES
        for f in (800.0, 1800.0)
    ]
    pci = [10.0, 10.0, 11.0, 11.0, 10.0, np.nan]
    own = world_of(tmp_path, rows, pci=pci)
    head = "lon,lat,rsrp,operator,technology,pci,earfcn\n"

    def line(dx: float, dy: float, code: int, number: int) -> str:
        lon, lat = place(dx, dy)
        return f"{lon},{lat},-95,Opx,LTE,{code},{number}\n"

    found, _ = read(
        own,
        head
        + line(2100, 2100, 10, 6300)  # beside A, C has the same PCI at 800
        + line(2100, 2100, 10, 1575)  # at 1800 only A
        + line(6000, 2600, 11, 1575)
        + line(3000, 4000, 10, 6300)  # A and C nearly as far
        + line(2100, 2100, 12, 6300)  # no such PCI
        + line(2100, 2100, 10, 3625),  # no such band
    )
    assert found.frame["cell_id"].tolist() == ["A800", "A1800", "B1800", None, None, None]
    assert found.frame["joined"].tolist() == ["pci"] * 3 + ["carrier"] * 3


def test_channel_number_decides_which_carrier_was_measured(world) -> None:
    """EARFCN 1300 is 1815 MHz: held against 1800, not against the stronger 800."""
    places = spread(60)
    strong = predicted(world, "Opx", places, freq_mhz=800)["predicted_dbm"]
    right = predicted(world, "Opx", places, freq_mhz=1800)
    assert (strong.to_numpy() > right["predicted_dbm"].to_numpy() + 3).mean() > 0.8
    for column, value in (("earfcn", 1300), ("band", "B3"), ("freq_mhz", 1815)):
        head = f"longitude,latitude,operator,technology,{column},rsrp\n"
        lines = [
            f"{lon},{lat},Opx,LTE,{value},{level:.2f}\n"
            for (lon, lat), level in zip(places, right["predicted_dbm"], strict=True)
        ]
        done = compare(world, head + "".join(lines))
        assert done.summary["bias_db"][0] == pytest.approx(0.0, abs=0.01)
        assert set(done.residuals["cell_id"]) <= {"AH", "BH", "CH"}
        assert done.refused.empty


def test_band_28_and_763_mhz_are_a_carrier_of_700(tmp_path) -> None:
    rows = [{"site_id": s, "operator": "Opx", "cell_id": s, "freq_mhz": 700.0} for s in SITES]
    own = world_of(tmp_path, rows)
    for column, values in (("band", ("B28", "28", "n28")), ("freq_mhz", ("763", "700", "780.5"))):
        lines = [f"{lon},{lat},Opx,LTE,{v},-80\n" for v in values for lon, lat in spread(2)]
        done = compare(own, f"lon,lat,operator,technology,{column},rsrp\n" + "".join(lines))
        assert done.refused.empty
    done = compare(own, f"lon,lat,operator,technology,band,rsrp\n{LON},{LAT},Opx,LTE,B20,-80\n")
    assert done.refused["reason"].tolist() == ["no_carrier"]


def test_of_two_carriers_in_a_band_the_channel_says_which() -> None:
    freqs = np.array([1815.0, 1850.0, 800.0])
    every = np.ones(3, dtype=bool)
    assert on_frequency(every, freqs, 1842.5, exact=True).tolist() == [False, True, False]
    assert on_frequency(every, freqs, 1842.5).tolist() == [True, True, False]
    assert on_frequency(every, freqs, 1800.0).tolist() == [True, True, False]
    assert on_frequency(every, freqs, 1815.0).tolist() == [True, False, False]
    assert on_frequency(every, freqs, 2600.0).tolist() == [False] * 3
    assert on_frequency(every, freqs, np.nan).tolist() == [True] * 3


def test_number_shared_by_dcs_and_pcs_is_read_as_the_study_has_it(tmp_path) -> None:
    row = {"site_id": "A", "operator": "Opx", "technology": "GSM", "bandwidth_mhz": 0.2}
    text = f"lon,lat,rxlev,operator,technology,arfcn\n{LON},{LAT},-80,Opx,GSM,600\n"
    for i, (freq_mhz, read_as) in enumerate(((1800.0, 1822.8), (1900.0, 1947.8))):
        own = world_of(tmp_path / str(i), [{**row, "cell_id": "c", "freq_mhz": freq_mhz}])
        assert read(own, text)[0].frame["freq_mhz"][0] == pytest.approx(read_as)


# --- serving and neighbours ---------------------------------------------------------------------


def test_neighbours_are_kept_apart(world) -> None:
    places = spread(40)
    levels = predicted(world, "Opx", places)["predicted_dbm"]
    lines = []
    for (lon, lat), level in zip(places, levels, strict=True):
        lines += [f"{lon},{lat},Opx,LTE,true,{level:.2f}", f"{lon},{lat},Opx,LTE,false,-119"]
    text = "\n".join(["longitude,latitude,operator,technology,servingCell,rsrp", *lines])
    done = compare(world, text)
    assert done.summary["bias_db"][0] == pytest.approx(0.0, abs=0.01)
    assert done.refused["reason"].tolist() == ["neighbour"] * 40
    frame = read(world, text)[0].frame
    assert frame["serving"].tolist() == [True, False] * 40


@pytest.mark.parametrize("nothing", [str(ANDROID_NONE), "268435455", "0", "-1", ""])
def test_identity_that_a_phone_does_not_know(world, nothing) -> None:
    text = LOGS["Network Survey, LTE"].replace(str(ECI), nothing)
    frame = read(world, text)[0].frame
    assert frame["eci"].isna().all()
    assert frame["joined"].tolist() == ["carrier"]


def test_identity_as_a_spreadsheet_writes_it(world) -> None:
    text = LOGS["CellMapper"].replace(str(ECI), f"{ECI:.7E}")
    assert read(world, text)[0].frame["cell_id"].tolist() == [str(ECI)]


def test_neighbours_without_a_flag_have_no_identity(world) -> None:
    lines = LOGS["Network Survey, LTE"].splitlines()
    neighbour = lines[-1].replace(str(ECI), "").replace(",true,", ",,")
    found, _ = read(world, "\n".join([*lines, neighbour]))
    assert found.frame["serving"].tolist() == [True, False]


def test_log_of_neighbours_only_says_so(world) -> None:
    text = f"lon,lat,operator,technology,servingCell,rsrp\n{LON},{LAT},Opx,LTE,0,-95\n" * 1
    done = compare(world, text)
    assert "neighbour" in done.reason.format(**done.params)
    assert "1 of 1" in done.reason.format(**done.params)


# --- what is no level ---------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("levels", "technology", "reasons"),
    [
        ([-95, 2147483647, -1, 0, 99, 255], "LTE", ["", *["sentinel"] * 5]),
        ([-95, -140], "LTE", ["", "floor"]),
        ([-95, -113], "GSM", ["", "floor"]),
        ([-113, -140], "LTE", ["", "floor"]),
        ([57, 32, 77], "LTE", ["index"] * 3),
        ([57, 99], "LTE", ["unsigned", "sentinel"]),
        ([30, 63], "GSM", ["index"] * 2),
        ([83.9, 85.0], "LTE", ["positive"] * 2),
        ([57, 110], "LTE", ["positive"] * 2),
        ([57, 110], "NR", ["unsigned"] * 2),
        ([-9999, 32767], "UMTS", ["sentinel"] * 2),
        ([-95.5, np.nan], "LTE", ["", ""]),
    ],
)
def test_what_stands_for_levels(levels, technology, reasons) -> None:
    level = np.array(levels, dtype=np.float64)
    words = np.full(level.size, technology, dtype=object)
    assert judge(level, words).tolist() == reasons


def test_refused_levels_say_what_they_are(world) -> None:
    rows = ["-95", str(ANDROID_NONE), "-1", "-140"]
    lines = "".join(f"{LON},{LAT},Opx,LTE,{v}\n" for v in rows)
    found, _ = read(world, f"lon,lat,operator,technology,rsrp\n{lines}")
    assert found.frame["row"].tolist() == [1]
    assert found.refused["row"].tolist() == [2, 3, 4]
    assert found.refused["reason"].tolist() == ["sentinel", "sentinel", "floor"]
    assert "programs write where no level is known" in found.refused["detail"][0]


def test_index_values_are_not_converted_unasked(world) -> None:
    text = "".join(f"{lon},{lat},Opx,LTE,{40 + i}\n" for i, (lon, lat) in enumerate(spread(5)))
    done = compare(world, f"lon,lat,operator,technology,rsrp\n{text}")
    assert set(done.refused["reason"]) == {"index"}
    reason = done.reason.format(**done.params)
    assert "40 is a number of RSRP's reporting range (0 to 97), not dBm" in reason
    assert "--column level_index=HEADER" in reason
    for options, header in (
        ({"columns": {"level_index": "rsrp"}}, "rsrp"),
        ({}, "rsrp_index"),
    ):
        found, _ = read(world, f"lon,lat,operator,technology,{header}\n{text}", **options)
        assert found.frame["level_dbm"].tolist() == [-100.5, -99.5, -98.5, -97.5, -96.5]


def test_indices_by_technology() -> None:
    words = np.array(["LTE", "NR", "UMTS", "GSM", "LTE", None], dtype=object)
    number = np.array([40.0, 60.0, 30.0, 20.0, 98.0, 40.0])
    np.testing.assert_array_equal(
        from_index(number, words, "index"), [-100.5, -96.5, -85.5, -90.5, np.nan, np.nan]
    )
    np.testing.assert_array_equal(
        from_index(np.array([40.0, 40.0, 30.0, 15.0]), words[:4], "asu"),
        [-100.0, -100.0, -90.0, -83.0],
    )


def test_levels_without_their_minus_are_refused(world) -> None:
    done = compare(world, f"lon,lat,operator,technology,rsrp\n{LON},{LAT},Opx,LTE,83.9\n")
    assert done.refused["reason"].tolist() == ["positive"]
    assert "put the minus back" in done.reason.format(**done.params)


def test_unit_in_the_cell_is_read(world) -> None:
    found, _ = read(world, f"lon,lat,operator,technology,rsrp\n{LON},{LAT},Opx,LTE,-95 dBm\n")
    assert found.frame["level_dbm"].tolist() == [-95.0]


WORDS = {
    "LTE": ["4G", "4G+", "LTE", "LTE (4G)", "LTE+", "LTE-A", "LTE_CA", "13", "19", "NR NSA"],
    "NR": ["NR", "5G", "5G SA", "20"],
    "UMTS": ["HSPA+", "HSPAP", "3G", "15"],
    "GSM": ["EDGE", "GPRS", "2G", "16"],
}


def test_words_of_phones_for_technologies(world) -> None:
    for technology, words in WORDS.items():
        lines = "".join(f"{LON},{LAT},Viettel,{word},-95\n" for word in words)
        found, _ = read(world, f"lon,lat,operator,technology,level\n{lines}")
        assert found.frame["technology"].tolist() == [technology] * len(words)
    found, _ = read(world, f"lon,lat,operator,technology,level\n{LON},{LAT},Opx,IWLAN,-95\n")
    assert found.refused["detail"].tolist() == [
        "IWLAN is no mobile network: the level is not of a cell"
    ]


# --- one place, one vote ------------------------------------------------------------------------


def test_parked_phone_weighs_one_place(world) -> None:
    places = spread(30)
    levels = predicted(world, "Opx", places)["predicted_dbm"].to_numpy()
    levels = levels + np.append(np.zeros(29), 20.0)
    lines = [
        f"{lon},{lat},Opx,LTE,{level:.2f}" for (lon, lat), level in zip(places, levels, strict=True)
    ]
    lines += [lines[-1]] * 300
    text = "\n".join(["lon,lat,operator,technology,rsrp", *lines])
    found, _ = read(world, text)
    assert len(found.frame) == 330
    assert found.frame["weight"].sum() == pytest.approx(30.0)
    assert found.frame["weight"].iloc[-1] == pytest.approx(1 / 301)
    assert found.frame["place_id"].nunique() == 30
    done = calibrate(world.inputs, world.study, world.store, found)
    assert len(done.residuals) == 30
    assert done.residuals["rows"].tolist() == [1] * 29 + [301]
    assert done.summary["bias_db"][0] == pytest.approx(20 / 30, abs=0.01)


def frame_at(x, level, **columns) -> pd.DataFrame:
    count = len(x)
    base = {
        "row": np.arange(1, count + 1),
        "x_m": np.asarray(x, dtype=float),
        "y_m": 0.0,
        "longitude": 105.0,
        "latitude": 22.0,
        "level_dbm": np.asarray(level, dtype=float),
        "operator": "Opx",
        "technology": "LTE",
        "cell_id": None,
        "freq_mhz": np.nan,
        "carrier_mhz": 299.792458 * 4,
        "serving": True,
        "time": pd.Series([pd.NaT] * count, dtype="datetime64[ns, UTC]"),
        "place_id": 1,
        "weight": 1.0,
    }
    return pd.DataFrame({**base, **columns})


def test_local_mean_over_forty_wavelengths() -> None:
    """A quarter metre of wavelength: 10 m. Power is averaged, so 0 and 1 nW give half a nW."""
    frame = frame_at([0, 1, 2, 3, 100], [-60.0, -90.0, -60.0, -90.0, -75.0])
    mean = 10 * np.log10((2 * 1e-6 + 2 * 1e-9) / 4)
    np.testing.assert_allclose(local_means_dbm(frame), [mean] * 4 + [-75.0], atol=1e-9)
    # Sparse rows, and rows of an unknown wavelength, stay as they are.
    sparse = frame_at([0, 20, 40], [-60.0, -90.0, -60.0])
    np.testing.assert_allclose(local_means_dbm(sparse), sparse["level_dbm"])
    unknown = frame_at([0, 1], [-60.0, -90.0], carrier_mhz=np.nan)
    np.testing.assert_allclose(local_means_dbm(unknown), [-60.0, -90.0])


def test_weak_rows_are_averaged_beside_strong_ones() -> None:
    level = np.where(np.arange(2000) < 1000, -40.0, -135.0)
    x = np.arange(2000) * 0.5
    found = local_means_dbm(frame_at(x, level))
    np.testing.assert_allclose(found[1100:], -135.0, atol=0.01)


def test_time_orders_the_way() -> None:
    """Rows out of order lie 20 m apart from one to the next, in order half a metre."""
    time = pd.Series(pd.to_datetime([3, 1, 2], unit="s", utc=True))
    frame = frame_at([2.0, 0.0, 1.0], [-60.0, -60.0, -90.0], time=time)
    mean = 10 * np.log10((2e-6 + 1e-9) / 3)
    np.testing.assert_allclose(local_means_dbm(frame), [mean] * 3)


def test_place_and_carrier_is_one_row() -> None:
    far = frame_at(
        [0, 300, 600, 900, 1200],
        [-90.0, -80.0, -50.0, -70.0, np.nan],
        place_id=[1, 1, 1, 2, 1],
    )
    found = one_a_place(far)
    assert found["level_dbm"].tolist()[:2] == [-80.0, -70.0]
    assert found["rows"].tolist() == [3, 1, 1]
    assert found["row"].tolist() == [1, 4, 5]
    assert found["x_m"].tolist() == [300.0, 900.0, 1200.0]
    assert found["weight"].tolist() == [1.0, 1.0, 0.0]
    two = frame_at([0, 300], [-90.0, -80.0], freq_mhz=[800.0, 1800.0])
    assert len(one_a_place(two)) == 2
    assert one_a_place(two.iloc[:0]).empty


# --- the true reason ----------------------------------------------------------------------------


def test_log_of_another_continent_says_where_it_lies(world) -> None:
    text = "lon,lat,operator,technology,rsrp\n" + "11.5,48.1,Opx,LTE,-95\n" * 3
    with pytest.raises(ChecksFailed, match=r"S23.*km away, at 48.100, 11.500"):
        read(world, text)


def test_rows_outside_of_the_ground_say_how_far(world) -> None:
    inside, outside = place(), place(-5000.0, 3000.0)
    lines = "".join(f"{lon},{lat},Opx,LTE,-95\n" for lon, lat in (inside, outside))
    found, _ = read(world, f"lon,lat,operator,technology,rsrp\n{lines}")
    assert found.refused["reason"].tolist() == ["outside"]
    assert found.refused["detail"][0].startswith("the place lies 5.0 km outside")


@pytest.mark.parametrize(
    "text", ["", "# Network Survey\n", LOGS["Network Survey, LTE"].rpartition("s,pixel")[0]]
)
def test_empty_log_says_so(world, text) -> None:
    with pytest.raises(ChecksFailed, match="S06"):
        read(world, text)


def test_empty_geopackage_says_so(world, tmp_path) -> None:
    path = survey_tables(tmp_path / "full.gpkg")
    empty = gpd.read_file(path, layer="LTE_MESSAGE").iloc[:0]
    empty.to_file(tmp_path / "empty.gpkg", layer="LTE_MESSAGE", driver="GPKG")
    with pytest.raises(ChecksFailed, match="S06"):
        read_measurements(tmp_path / "empty.gpkg", world.inputs, world.study)


@pytest.mark.parametrize("second", ["OPX", "Öpx"])
def test_two_carriers_of_one_name(tmp_path, second) -> None:
    rows = [
        {"site_id": "A", "operator": "Opx", "cell_id": "a1"},
        {"site_id": "B", "operator": second, "cell_id": "b1"},
    ]
    own = world_of(tmp_path, rows)
    lines = [f"{LON},{LAT},{who},LTE,-95,{cell}" for who, cell in (("Opx", ""), (second, ""))]
    lines += [f"{LON},{LAT},oPX,LTE,-95,", f"{LON},{LAT},oPX,LTE,-95,b1"]
    text = "\n".join(["lon,lat,operator,technology,rsrp,cell_id", *lines])
    done = compare(own, text)
    # Spelt as in the study they are two, and each is held against its own cell.
    assert dict(zip(done.residuals["row"], done.residuals["cell_id"], strict=True)) == {
        1: "a1",
        2: "b1",
        4: "b1",
    }
    assert done.refused["row"].tolist() == [3]
    assert done.refused["detail"][0] == (
        f"oPX may be any of Opx, {second}: these carriers of the study are called alike"
    )


def test_one_name_for_two_networks_is_said(world) -> None:
    text = (
        "lon,lat,operator,technology,rsrp,mcc,mnc\n"
        f"{LON},{LAT},Opx,LTE,-95,452,1\n{LON},{LAT},Opx,LTE,-95,452,08\n"
    )
    _, findings = read(world, text)
    assert findings.of("M04")[0].text() == "Opx stands for the networks 452-01, 452-08"


def test_operators_by_name_code_and_alias() -> None:
    study = Operators(["Viettel", "VNPT", "452-05", "Đỏ & Co"])
    assert study.find("viettel", None) == "Viettel"
    assert study.find(None, "452-04") == "Viettel"
    assert study.find("VINAPHONE", "452-02") == "VNPT"
    assert study.find("Vietnamobile", None) == "452-05"
    assert study.find("do & co", None) == "Đỏ & Co"
    assert study.find("Mạng lạ", "460-00") is STRANGER
    assert study.find(None, "460-00") is None
    assert study.find(None, None) is None


def test_command_takes_a_log_as_it_is(tmp_path) -> None:
    folder = make_tiny_study(tmp_path / "tỉnh")
    lon, lat = lonlat(500_000.0 + 1500.0, 2_500_000.0 + 1500.0)
    log = tmp_path / "survey.csv"
    head, line = LOGS["Network Survey, LTE"].rstrip().rsplit("\n", 1)
    line = line.replace(LON, f"{lon}").replace(LAT, f"{lat}").replace("Viettel", "Sóng Xanh")
    log.write_text(f"{head}\n{line}\n{line}\n", "utf-8")
    out = tmp_path / "out"
    done = CliRunner().invoke(command, [str(folder), str(log), "--out", str(out)])
    assert done.exit_code == 0, done.output
    assert "the file is known as Network Survey, LTE" in done.output
    refused = pd.read_csv(out / "calibration_refused.csv")
    # The study's LTE is at 800 MHz, the phone was on 1842.5 MHz.
    assert refused["row"].tolist() == [1, 2]
    assert refused["reason"].tolist() == ["no_carrier"] * 2
    assert "1842.5 MHz" in refused["detail"][0]
