"""Tower lists as people keep them: words, sectors, powers, places in every spelling, estimates."""

from __future__ import annotations

import gzip
import json
import time
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from helpers.province import X0, Y0, check, lonlat, numbers_of, only, read, write_csv, write_raster
from phusong.checks import Findings
from phusong.sources.tables.coordinates.degrees import degrees, unpacked
from phusong.sources.towers.azimuths import azimuths_of, compass_of, parts_of
from phusong.sources.towers.bands import technologies_in
from phusong.sources.towers.powers import gain_dbi, is_erp, power_dbm, unit_in_header

LON, LAT = lonlat(X0 + 5000, Y0 + 5000)


def cells_of(
    folder: Path, spec: dict[str, Any], given: dict[str, Any], **layer: Any
) -> tuple[pd.DataFrame, Findings]:
    """Read a list with these columns; cell ids, place and technology where none are given."""
    n = max(len(v) for v in given.values() if v is not None)
    base = {
        "cell_id": [f"c{i}" for i in range(n)],
        "operator": ["Mạng A"] * n,
        "technology": ["LTE"] * n,
        "freq_mhz": [1800] * n,
        "lon": [LON] * n,
        "lat": [LAT] * n,
    }
    whole = {k: v for k, v in {**base, **given}.items() if v is not None}
    rows = list(zip(*whole.values(), strict=True))
    write_csv(
        folder / "data/list.csv", list(whole), [list(map(str, r)) for r in rows], separator="\t"
    )
    spec["towers"] = [{"path": "data/list.csv", **layer}]
    inputs, findings = read(folder, spec)
    return inputs.cells, findings


# ------------------------------------------------------------------ technologies and bands


@pytest.mark.parametrize(
    ("text", "meant"),
    [
        ("LTE_CA", "LTE"),
        ("LTE-A Pro", "LTE"),
        ("LTE Advanced", "LTE"),
        ("4G+", "LTE"),
        ("VoLTE", "LTE"),
        ("4.5G", "LTE"),
        ("2.75G", "GSM"),
        ("3.5G", "UMTS"),
        ("5.5G", "NR"),
        ("2,3,4G", "GSM UMTS LTE"),
        ("3G U900", "UMTS:900"),
        ("4G (LTE1800)", "LTE:1800"),
        ("5G 3,5 GHz", "NR:3500"),
        ("BTS 2G", "GSM"),
        ("SRAN 2G/3G/4G", "GSM UMTS LTE"),
        ("công nghệ 4G", "LTE"),
        ("NB-IoT", "LTE"),
        ("NBIOT", "LTE"),
        ("LTE Cat-M1", "LTE"),
        ("TD-LTE", "LTE"),
        ("E-UTRAN", "LTE"),
        ("E-UTRA", "LTE"),
        ("NETWORK_TYPE_LTE", "LTE"),
        ("mạng 4G", "LTE"),
        ("HSPA+", "UMTS"),
        ("DC-HSPA+", "UMTS"),
        ("5G SA", "NR"),
        ("5G NSA", "NR"),
        ("5G SA/NSA", "NR"),
        ("NR TDD", "NR"),
        ("EN-DC", "NR"),
        ("GSM/EDGE", "GSM"),
        ("2G-3G-4G", "GSM UMTS LTE"),
        ("2G và 4G", "GSM LTE"),
        ("4G+5G", "LTE NR"),
        ("L1800", "LTE:1800"),
        ("L18", "LTE:1800"),
        ("U2100", "UMTS:2100"),
        ("U9", "UMTS:900"),
        ("G900", "GSM:900"),
        ("LTE2600", "LTE:2600"),
        ("LTE FDD 1800", "LTE:1800"),
        ("LTE-800", "LTE:800"),
        ("LTE B3", "LTE:b3"),
        ("LTE band 28", "LTE:b28"),
        ("băng tần 3", "LTE:b3"),
        ("N78", "NR:n78"),
        ("5G n258", "NR:n258"),
        ("NR700", "NR:700"),
        ("4G (1800)", "LTE:1800"),
        ("GSM900/DCS1800", "GSM:900 GSM:1800"),
        ("LTE 1800/2100", "LTE:1800 LTE:2100"),
        ("L1800+L2100", "LTE:1800 LTE:2100"),
        ("CDMA", ""),
        ("wifi", ""),
        ("L", ""),
    ],
)
def test_words_for_technologies(text: str, meant: str) -> None:
    found = technologies_in(text)
    said = " ".join(m.technology + (f":{m.band}" if m.band else "") for m in found.meant)
    assert said == meant
    assert bool(found.unknown) == (not meant)


def test_the_number_in_the_word_is_the_band(tmp_path: Path, spec: dict[str, Any]) -> None:
    words = ["LTE2600", "UMTS900", "LTE-800", "GSM900/DCS1800", "N78", "LTE1800", "LTE"]
    bands = ["", "", "", "", "", "B3", "900"]
    cells, findings = cells_of(tmp_path, spec, {"technology": words, "freq_mhz": bands})
    assert cells["freq_mhz"].tolist() == [2600, 900, 800, 900, 1800, 3550, 1842.5, 900]
    assert not cells["freq_assumed"].any()
    assert not {"T10", "T25"} & numbers_of(findings)


@pytest.mark.parametrize(
    ("technology", "band", "expected"),
    [
        ("3G/U2100", "", [2100]),
        ("4G B28 700", "", [780.5]),
        ("LTE", "B8/900", [942.5]),
        ("LTE", "1800/2100", [1800, 2100]),
        ("LTE", "700/800", [700, 800]),
        ("LTE", "B7/B38", [2655, 2595]),
        ("LTE", "1815/1865", [1815, 1865]),
        ("LTE", "L18", [1800]),
        ("LTE", "LTE B3", [1842.5]),
        ("LTE", "B3 (1800)", [1842.5]),
        ("LTE", "1800 [B3]", [1842.5]),
        ("LTE", "Băng 3", [1842.5]),
        ("LTE", "E-UTRA 3", [1842.5]),
        ("LTE", "DL 1842.5 MHz", [1842.5]),
        ("LTE", "APT700", [700]),
    ],
)
def test_a_carrier_named_twice_is_one(
    tmp_path: Path, spec: dict[str, Any], technology: str, band: str, expected: list[float]
) -> None:
    columns = {"technology": [technology], "freq_mhz": [band]}
    cells, findings = cells_of(tmp_path, spec, columns)
    assert cells["freq_mhz"].tolist() == expected
    assert not {"T05", "T10"} & numbers_of(findings)


def test_brackets_that_contradict_are_said(tmp_path: Path, spec: dict[str, Any]) -> None:
    _, findings = cells_of(tmp_path, spec, {"technology": ["LTE"], "freq_mhz": ["B3 (900)"]})
    assert only(findings, "T05").params["band"] == "B3 (900)"


def test_word_and_column_that_differ_are_said(tmp_path: Path, spec: dict[str, Any]) -> None:
    columns = {"technology": ["LTE1800"], "freq_mhz": ["2600"]}
    cells, findings = cells_of(tmp_path, spec, columns)
    assert cells["freq_mhz"].tolist() == [2600]
    assert only(findings, "T25").params["word"] == "LTE1800"


def test_many_unknown_words_are_said_once(tmp_path: Path, spec: dict[str, Any]) -> None:
    _, findings = cells_of(tmp_path, spec, {"technology": ["LTE"] + ["CDMA"] * 30})
    found = only(findings, "T10")
    assert found.params["n"] == 30
    assert "CDMA" in found.text()


def test_bandwidths(tmp_path: Path, spec: dict[str, Any]) -> None:
    said = ["40", "25", "20 MHz", "20+10", "10MHz", "0", "100", "1,4", "", "wide", "2x20"]
    cells, findings = cells_of(tmp_path, spec, {"bandwidth_mhz": said})
    nan = np.nan
    expected = [nan, nan, 20, 20, 10, nan, nan, 1.4, nan, nan, 20]
    np.testing.assert_array_equal(cells["bandwidth_mhz"], expected)
    found = [f.where.row for f in findings if f.rule.number == "T26"]
    assert sorted(found) == [1, 2, 4, 6, 7, 10, 11]


def test_nr_bandwidths_are_those_of_the_band(tmp_path: Path, spec: dict[str, Any]) -> None:
    columns = {
        "technology": ["NR"] * 4,
        "freq_mhz": ["n28", "n78", "n28", "n258"],
        "bandwidth_mhz": ["20", "100", "100", "400"],
    }
    cells, findings = cells_of(tmp_path, spec, columns)
    np.testing.assert_array_equal(cells["bandwidth_mhz"], [20, 100, np.nan, 400])
    assert only(findings, "T26").where.row == 3


# ------------------------------------------------------------------ directions


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("90", [90]),
        ("-30", [330]),
        ("360", [0]),
        ("0/120/240", [0, 120, 240]),
        ("0;120;240", [0, 120, 240]),
        ("0,120,240", [0, 120, 240]),
        ("0-120-240", [0, 120, 240]),
        ("0 - 120 - 240", [0, 120, 240]),
        ("0, 120, 240", [0, 120, 240]),
        ("0 120 240", [0, 120, 240]),
        ("0|120|240", [0, 120, 240]),
        ("0°/120°/240°", [0, 120, 240]),
        ("60 độ", [60]),
        ("S1: 0, S2: 120, S3: 240", [0, 120, 240]),
        ("0:120:240", [0, 120, 240]),
        ("0_120_240", [0, 120, 240]),
        ("(0,120,240)", [0, 120, 240]),
        ("[0, 120, 240]", [0, 120, 240]),
        ("360/120/240", [0, 120, 240]),
        ("0,120", [0, 120]),
        ("120.5", [120.5]),
        ("120,5", [120.5]),
        ("90/90", [90]),
        ("400", None),
        ("0/120/x", None),
        ("somewhere", None),
        ("omni", [np.nan]),
        ("0-360", [np.nan]),
        ("vô hướng", [np.nan]),
    ],
)
def test_azimuths(text: str, expected: list[float] | None) -> None:
    found = azimuths_of(text, "", ".")
    if expected is None:
        assert found is None
    else:
        np.testing.assert_array_equal(np.array(found), expected)


@pytest.mark.parametrize(
    ("texts", "language", "expected"),
    [
        (["N", "E", "SW"], "en", [0, 90, 225]),
        (["B", "ĐB", "N", "TN"], "vi", [0, 45, 180, 225]),
        (["North", "south-west", "NNE"], "en", [0, 225, 22.5]),
        (["Bắc", "Đông Nam", "Tây"], "vi", [0, 135, 270]),
        (["N"], "", [None]),
        (["N", "90"], "", [None, 90]),
    ],
)
def test_compass_words(texts: list[str], language: Any, expected: list[float | None]) -> None:
    assert compass_of(texts) == language
    found = [azimuths_of(text, language, ".") for text in texts]
    assert [None if f is None else f[0] for f in found] == expected


def test_a_comma_may_be_decimal() -> None:
    assert parts_of("120,25", ",") == ["120.25"]
    assert parts_of("0,120", ",") == ["0", "120"]


def test_several_sectors_in_a_cell(tmp_path: Path, spec: dict[str, Any]) -> None:
    columns = {
        "azimuth_deg": ["0/120/240", "-30", "B", "", "N/B"],
        "electrical_tilt_deg": ["2/4/6", "3", "", "", ""],
        "height_m": ["30", "30/40", "35", "30", "30"],
    }
    cells, findings = cells_of(tmp_path, spec, columns)
    assert cells["cell_id"].tolist() == [
        "c0-0", "c0-120", "c0-240", "c1", "c2", "c3", "c4-180", "c4-0",
    ]  # fmt: skip
    np.testing.assert_array_equal(cells["azimuth_deg"], [0, 120, 240, 330, 0, np.nan, 180, 0])
    assert cells["electrical_tilt_deg"].tolist()[:4] == [2, 4, 6, 3]
    assert cells["height_m"].tolist()[:3] == [30, 30, 30]
    assert only(findings, "S13").where.row == 2  # two heights for one sector


def test_sectors_and_technologies_multiply(tmp_path: Path, spec: dict[str, Any]) -> None:
    columns = {"technology": ["2G/4G"], "freq_mhz": ["900/1800"], "azimuth_deg": ["10/130/250"]}
    cells, _ = cells_of(tmp_path, spec, columns)
    assert len(cells) == 6
    assert cells["cell_id"].is_unique
    pairs = set(zip(cells["technology"], cells["azimuth_deg"], strict=True))
    assert pairs == {(t, a) for t in ("GSM", "LTE") for a in (10, 130, 250)}


# ------------------------------------------------------------------ powers


@pytest.mark.parametrize(
    ("text", "unit", "dbm"),
    [
        ("1000", "w", 60.0),
        ("1", "kw", 60.0),
        ("30", "dbw", 60.0),
        ("60", "", 60.0),
        ("60 dBm", "w", 60.0),
        ("1 kW", "", 60.0),
        ("1000W", "dbm", 60.0),
        ("30 dBW", "", 60.0),
        ("20 watts", "", 43.0103),
        ("1,5 kW", "", 61.7609),
        ("0", "w", None),
        ("strong", "", None),
    ],
)
def test_powers(text: str, unit: str, dbm: float | None) -> None:
    decimal: Any = "," if "," in text else "."
    found = power_dbm(text, unit, decimal)
    assert found == (None if dbm is None else pytest.approx(dbm, abs=1e-3))


def test_units_of_headers() -> None:
    headers = ["EIRP (W)", "ERP [kW]", "EIRP_dBm", "Công suất phát (dBW)", "EIRP", "Gain dBd"]
    assert [unit_in_header(h) for h in headers] == ["w", "kw", "dbm", "dbw", "", "dbd"]
    assert [is_erp(h) for h in headers[:2]] == [False, True]
    assert gain_dbi("15 dBd", "", ".") == gain_dbi("15", "dbd", ".") == pytest.approx(17.15)


@pytest.mark.parametrize(
    ("header", "value", "eirp"),
    [
        ("EIRP (W)", "1000", 60.0),
        ("EIRP [kW]", "1", 60.0),
        ("EIRP (dBW)", "30", 60.0),
        ("ERP (W)", "1000", 62.15),
        ("ERP dBm", "57.85", 60.0),
        ("EIRP", "1 kW", 60.0),
    ],
)
def test_radiated_power_in_any_unit(
    tmp_path: Path, spec: dict[str, Any], header: str, value: str, eirp: float
) -> None:
    cells, _ = cells_of(tmp_path, spec, {header: [value]})
    assert cells["eirp_dbm"].tolist() == pytest.approx([eirp])
    assert not cells["eirp_assumed"].any()


def msi(gain: str) -> str:
    values = "\n".join(f"{a} {min(30, abs((a + 180) % 360 - 180) * 0.3):.2f}" for a in range(360))
    return f"NAME X\nGAIN {gain}\nHORIZONTAL 360\n{values}\nVERTICAL 360\n{values}\n"


def test_gain_comes_from_the_antenna_file(tmp_path: Path, spec: dict[str, Any]) -> None:
    (tmp_path / "x.msi").write_text(msi("17.5 dBi"), "utf-8")
    columns = {
        "Tx power (W)": ["40", "40", "40"],
        "antenna_file": ["x.msi", "x.msi", ""],
        "gain_dbi": ["", "15", ""],
        "feeder_loss_db": ["2", "0", ""],
    }
    cells, _ = cells_of(tmp_path, spec, columns)
    assert cells["eirp_dbm"].tolist() == pytest.approx([46.0206 + 15.5, 46.0206 + 15, 60], abs=1e-4)
    assert cells["eirp_assumed"].tolist() == [False, False, True]


def test_a_power_without_unit_is_said_not_guessed(tmp_path: Path, spec: dict[str, Any]) -> None:
    cells, findings = cells_of(tmp_path, spec, {"Tx power": ["40"], "gain_dbi": ["15"]})
    assert cells["eirp_assumed"].all()
    assert only(findings, "T27").params["value"] == "40"
    mapped = {"columns": {"tx_power_dbm": "Tx power"}}
    cells, findings = cells_of(tmp_path, spec, {"Tx power": ["40"], "gain_dbi": ["15"]}, **mapped)
    assert cells["eirp_dbm"].tolist() == [55]
    assert "T27" not in numbers_of(findings)


# ------------------------------------------------------------------ antenna files


def test_antenna_files_are_found_out_with_the_towers(tmp_path: Path, spec: dict[str, Any]) -> None:
    whole = msi("17 dBi").replace("GAIN", "ELECTRICAL_TILT 6\nGAIN")
    (tmp_path / "tilt.msi").write_text(whole, "utf-8")
    (tmp_path / "short.ant").write_text("0\n" * 718, "utf-8")
    names = ["tilt.msi", "short.ant", "gone.msi", "short.ant", "", "later.msi"]
    status = ["on"] * 5 + ["planned"]
    columns = {"antenna_file": names, "status": status}
    with pytest.raises(Exception, match="718 values"):
        cells_of(tmp_path, spec, columns)
    findings = check(tmp_path, spec)
    short, gone = (f for f in findings if f.rule.number == "T23")
    assert (short.where.row, short.subject) == (2, "c1: short.ant")
    assert "718 values" in str(short)
    assert (gone.where.row, gone.subject) == (3, "c2: gone.msi")
    assert only(findings, "T24").params == {"stated": "6", "tilt": "0"}


def test_an_electrical_tilt_not_given_is_not_0(tmp_path: Path, spec: dict[str, Any]) -> None:
    cells, findings = cells_of(tmp_path, spec, {"electrical_tilt_deg": ["", "0", "45"]})
    np.testing.assert_array_equal(cells["electrical_tilt_deg"], [np.nan, 0, np.nan])
    assert only(findings, "T08").where.row == 3


# ------------------------------------------------------------------ heights


def hilly(folder: Path) -> None:
    """Ground that rises from 100 m in the west by 20 m a kilometre."""
    x = np.arange(132) * 90 - 900
    heights = np.broadcast_to(100 + 0.02 * x, (132, 132)).astype(np.float32)
    from rasterio.transform import from_origin

    write_raster(folder / "data/dem.tif", heights, from_origin(X0 - 900, Y0 + 10_900, 90, 90))


@pytest.mark.parametrize(
    ("heights", "said"),
    [
        ([150, 190, 235, 270, 315], True),  # ground and 30 m more
        ([30, 35, 28, 42, 30], False),
        ([30, 45, 60, 80, 100], False),  # taller masts on higher ground are masts
        ([400, 35, 30, 42, 30], False),
        ([150], False),
        ([150, 35, 235, 270, 30, 40], True),  # one operator's of several
    ],
)
def test_heights_above_the_sea(
    tmp_path: Path, spec: dict[str, Any], heights: list[float], said: bool
) -> None:
    hilly(tmp_path)
    places = [lonlat(X0 + 1000 + 2000 * i, Y0 + 5000) for i in range(len(heights))]
    columns = {"height_m": heights, "lon": [p[0] for p in places], "lat": [p[1] for p in places]}
    _, findings = cells_of(tmp_path, spec, columns)
    assert ("T29" in numbers_of(findings)) == said


def test_a_power_without_a_gain_is_said(tmp_path: Path, spec: dict[str, Any]) -> None:
    columns = {"Công suất phát (W)": ["20", "20", "20"], "antenna_gain_dbi": ["17", "", ""]}
    columns["eirp_dbm"] = ["", "", "58"]
    cells, findings = cells_of(tmp_path, spec, columns)
    assert cells["eirp_assumed"].tolist() == [False, True, False]
    assert only(findings, "T41").where.row == 2


# ------------------------------------------------------------------ places


@pytest.mark.parametrize(
    "text",
    [
        "105-01-45.9 E",
        "E105°01'45.9\"",
        "105.0294166667°E",
        "105.0294166667 E",
        "105,0294166667 E",
        "105°1.765'E",
        "1050145.90E",
        "105°01’45.9” Đ",
        "105°01′45,9″ kinh độ Đông",
        "105 độ 01 phút 45.9 giây",
        "105:01:45.9",
        "105 01 45.9",
        "105d01m45.9s",
        "105d 01m 45.9s E",
        "Lon 105° 01' 45.9''",
        "KĐ 105º01'45.9\"",
        "+105 01 45.9",
    ],
)
def test_degrees_in_every_spelling(text: str) -> None:
    assert degrees(text) == pytest.approx(105 + 1 / 60 + 45.9 / 3600, abs=1e-6)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("22°34'15.4\"B", 22.570944),
        ("223415.40N", 22.570944),
        ("12°30' Nam", 12.5 * -1),
        ("S12 30 00", -12.5),
        ("70-12-00 W", -70.2),
        ("70°12'T", -70.2),
        ("-70 12 00", -70.2),
        ("1.05e2", 105.0),
    ],
)
def test_sides(text: str, expected: float) -> None:
    assert degrees(text) == pytest.approx(expected, abs=1e-6)


@pytest.mark.parametrize("text", ["22°75'10\"", "bắc", "abc", "22°10'75\"", "12 km", "1/2"])
def test_what_is_no_degree(text: str) -> None:
    assert degrees(text) is None


def test_packed_figures() -> None:
    found = unpacked(np.array([1050145.9, -223415.4, 2_500_000, 500_000, 105.5]))
    np.testing.assert_allclose(found, [105.029417, -22.570944, np.nan, 50.0, np.nan], rtol=1e-6)


def test_packed_columns_without_sides(tmp_path: Path, spec: dict[str, Any]) -> None:
    def packed(value: float) -> str:
        minutes = value * 60
        return f"{int(value)}{int(minutes % 60):02d}{(minutes % 1) * 60:05.2f}"

    cells, findings = cells_of(tmp_path, spec, {"lon": [packed(LON)], "lat": [packed(LAT)]})
    assert len(cells) == 1
    assert "packed" in only(findings, "S26").text()


def test_projected_coordinates_are_not_unpacked(tmp_path: Path, spec: dict[str, Any]) -> None:
    x, y = X0 + 5000, Y0 + 5000
    columns = {"lon": None, "lat": None, "x": [f"{x:.1f}"], "y": [f"{y:.1f}"]}
    cells, _ = cells_of(tmp_path, spec, columns, crs="EPSG:32648")
    assert len(cells) == 1


# ------------------------------------------------------------------ OpenCelliD

HEADER = (
    "radio,mcc,net,area,cell,unit,lon,lat,range,samples,changeable,created,updated,averageSignal"
)
STATION = 200_001


def opencellid(rows: list[tuple[str, int, int, float, float, int]]) -> list[str]:
    """Rows of (radio, network, cell, metres east, metres north, changeable) of the middle."""
    lines = []
    for radio, net, cell, dx, dy, changeable in rows:
        lon, lat = lonlat(X0 + 5000 + dx, Y0 + 5000 + dy)
        lines.append(f"{radio},452,{net},6001,{cell},0,{lon},{lat},900,5,{changeable},1,1,0")
    return lines


THREE = [
    ("LTE", 4, STATION * 256 + 1, 500, 0, 1),
    ("LTE", 4, STATION * 256 + 2, -300, 400, 1),
    ("LTE", 4, STATION * 256 + 3, -200, -400, 1),
    ("LTE", 6, STATION * 256 + 1, 500, 0, 1),  # another network's, measured at one place
    ("NBIOT", 4, STATION * 256 + 61, 0, 0, 1),
    ("NR", 4, 30_140_823 * 4096 + 1, 2000, 2000, 0),
    ("UMTS", 4, 12_345_678, 1500, 0, 1),
]


def ocid(folder: Path, spec: dict[str, Any], name: str, data: bytes) -> tuple[Any, Findings]:
    (folder / "data" / name).write_bytes(data)
    spec["towers"] = [{"path": f"data/{name}"}]
    return read(folder, spec)


def as_api(lines: list[str]) -> list[dict[str, Any]]:
    frame = pd.DataFrame([line.split(",") for line in lines], columns=HEADER.split(","))
    frame = frame.rename(columns={"net": "mnc", "area": "lac", "cell": "cellid"})
    wanted = [
        "lat",
        "lon",
        "mcc",
        "mnc",
        "lac",
        "cellid",
        "range",
        "samples",
        "changeable",
        "radio",
    ]
    return [
        {k: (float(v) if "." in v else int(v)) if v[0] not in "LUGN" else v for k, v in row.items()}
        for row in frame[wanted].to_dict("records")
    ]


@pytest.mark.parametrize(
    "shape", ["header", "bare", "narrowband_first", "gzip", "api_json", "api_csv", "json_lines"]
)
def test_cells_of_one_base_station_are_on_one_mast(
    tmp_path: Path, spec: dict[str, Any], shape: str
) -> None:
    lines = opencellid(THREE)
    if shape == "narrowband_first":
        lines.insert(0, lines.pop(4))
    objects = as_api(lines)
    whole = "\n".join([HEADER, *lines]).encode()
    name, data = {
        "header": ("cells.csv", whole),
        "bare": ("cells.csv", "\n".join(lines).encode()),
        "narrowband_first": ("cells.csv", "\n".join(lines).encode()),
        "gzip": ("cells.csv.gz", gzip.compress(whole)),
        "api_json": ("cells.json", json.dumps({"count": 7, "cells": objects}).encode()),
        "api_csv": ("cells.csv", pd.DataFrame(objects).to_csv(index=False).encode()),
        "json_lines": ("cells.jsonl", "\n".join(map(json.dumps, objects)).encode()),
    }[shape]
    inputs, findings = ocid(tmp_path, spec, name, data)
    cells = inputs.cells
    together = cells[cells["site_id"] == f"452-04-eNB{STATION}"]
    assert len(together) == 4
    site = inputs.sites.set_index("site_id").loc[f"452-04-eNB{STATION}"]
    assert (site.x_m, site.y_m) == pytest.approx((X0 + 5000, Y0 + 5000), abs=1)
    assert len(inputs.sites) == 4
    assert f"452-06-eNB{STATION}" in set(inputs.sites["site_id"])
    estimated = cells.set_index("cell_id")["position_estimated"]
    assert estimated.sum() == 6
    assert not estimated[cells.loc[cells["technology"] == "NR", "cell_id"]].any()
    assert only(findings, "T28").params["n"] == 6
    assert str(STATION * 256 + 1) in set(cells["eci"])


def test_estimated_cells_too_far_apart_are_not_on_one_mast(
    tmp_path: Path, spec: dict[str, Any]
) -> None:
    rows = [THREE[0], ("LTE", 4, STATION * 256 + 2, -4000, 4000, 1)]
    data = "\n".join([HEADER, *opencellid(rows)]).encode()
    inputs, findings = ocid(tmp_path, spec, "cells.csv", data)
    assert len(inputs.sites) == 2
    assert "T19" in numbers_of(findings)


def test_two_sites_at_one_place_are_one_and_said_to_be(
    tmp_path: Path, spec: dict[str, Any]
) -> None:
    cells, findings = cells_of(
        tmp_path, spec, {"site_id": ["A", "B", "B", "A"], "freq_mhz": [800, 900, 1800, 2100]}
    )
    assert set(cells["site_id"]) == {"A"}
    said = only(findings, "T42")
    assert (said.subject, said.params["kept"], said.where.row) == ("B", "A", 2)


def test_a_damaged_gzip_is_named(tmp_path: Path, spec: dict[str, Any]) -> None:
    data = gzip.compress("\n".join([HEADER, *opencellid(THREE)]).encode())[:-20]
    (tmp_path / "data/cells.csv.gz").write_bytes(data)
    spec["towers"] = [{"path": "data/cells.csv.gz"}]
    assert only(check(tmp_path, spec), "S02").where.file == "data/cells.csv.gz"


def test_a_long_list_takes_time_in_proportion(tmp_path: Path, spec: dict[str, Any]) -> None:
    """Time a record of a long list is no more than a short one's, whatever is wrong in it."""

    def seconds(n: int) -> float:
        rng = np.random.default_rng(n)
        rows = [
            (
                ("GSM", "UMTS", "LTE", "CDMA")[i % 4],
                4,
                int(rng.integers(300, 4000)) * 256 + i % 9,
                float(rng.uniform(-4000, 4000)),
                float(rng.uniform(-4000, 4000)),
                1,
            )
            for i in range(n)
        ]
        x, y = lonlat(X0 + 5000, Y0 + 5000)
        lines = [
            f"{radio},452,{net},6001,{cell},0,{x + dx / 1e5:.6f},{y + dy / 1e5:.6f},900,5,1,1,1,0"
            for radio, net, cell, dx, dy, _ in rows
        ]
        (tmp_path / "data/cells.csv").write_text("\n".join([HEADER, *lines]), "utf-8")
        spec["towers"] = [{"path": "data/cells.csv"}]
        start = time.process_time()
        _, findings = read(tmp_path, spec)
        assert len(findings) < 60
        return time.process_time() - start

    seconds(200)
    short, long = seconds(2000), seconds(20_000)
    assert long < 25 * short


# ------------------------------------------------------------------ channels, networks, classes


@pytest.mark.parametrize(
    ("technology", "band", "number", "freq_mhz", "rules"),
    [
        ("LTE", "1800", "1300", 1815.0, set()),  # a channel is closer than a band's name
        ("LTE", "B3", "1300", 1815.0, set()),
        ("LTE", "", "1300", 1815.0, set()),
        ("LTE", "1850", "1300", 1850.0, set()),  # a frequency that is stated stays
        ("LTE", "2600", "1300", 2600.0, {"T25"}),
        ("GSM", "1900", "600", 1947.8, set()),  # of two readings the one of the band
        ("GSM", "", "600", 1822.8, set()),
        ("LTE", "900", "65535", 900.0, {"T48"}),
        ("NR", "", "7", 3500.0, {"T48", "T13"}),
        ("LTE L1800", "", "3625", 1800.0, {"T25"}),
    ],
)
def test_channels_and_bands(
    tmp_path: Path,
    spec: dict[str, Any],
    technology: str,
    band: str,
    number: str,
    freq_mhz: float,
    rules: set[str],
) -> None:
    given = {"technology": [technology], "freq_mhz": [band], "earfcn": [number]}
    cells, findings = cells_of(tmp_path, spec, given)
    assert cells["freq_mhz"].tolist() == [freq_mhz]
    assert numbers_of(findings) & {"T05", "T13", "T25", "T48"} == rules


def test_networks_have_their_carriers_names(tmp_path: Path, spec: dict[str, Any]) -> None:
    given = {
        "operator": ["Viettel Telecom", "", "", ""],
        "mcc": ["", "452", "452", "999"],
        "mnc": ["", "4", "01", "99"],
    }
    cells, findings = cells_of(tmp_path, spec, given)
    assert cells["operator"].tolist() == ["Viettel Telecom", "Viettel", "MobiFone", "999-99"]
    assert only(findings, "T49").params["networks"] == "452-01 = MobiFone, 452-04 = Viettel"
    assert "Viettel Telecom (1), Viettel (1)" in only(findings, "T40").params["names"]


def test_what_stands_in_by_class(tmp_path: Path, spec: dict[str, Any]) -> None:
    given = {
        "loai_hinh_tram": ["Nông thôn", "IBS", "Small cell", "loại 3", "trên mái nhà", "IBS"],
        "height_m": ["", "", "8", "", "", ""],
        "eirp_dbm": ["", "", "", "", "", "20"],
    }
    defaults = {"classes": {"urban": {"height_m": 28}}}
    cells, findings = cells_of(tmp_path, spec, given, defaults=defaults)
    assert cells["height_m"].tolist() == [30, 3, 8, 35, 28, 3]
    assert cells["eirp_dbm"].tolist() == [61, 24, 38, 60, 59, 20]
    assert cells["height_assumed"].tolist() == [True, True, False, True, True, True]
    assert {f.subject for f in findings.of("T50")} == {"rural", "indoor", "small", "urban"}
    assert "3 m, 28 m, 30 m, 35 m" in only(findings, "T02").text()
