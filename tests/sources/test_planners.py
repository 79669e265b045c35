"""Exports of planning programs: tables apart, joined into the cells any list gives."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import openpyxl
import pytest
from pydantic import ValidationError

from helpers.province import X0, Y0, check, lonlat, numbers_of, only, read, study
from phusong.sources.towers.planners.exported import kinds_of, technology_by, tool_of

# Headings as Atoll writes them, decimal commas and tabs as its users export them.
SITES = "Name\tX\tY\tAltitude (m)\tPylon Height (m)\tSupport Type\tMCC\tMNC"
TRANSMITTERS = (
    "Site\tTransmitter\tActive\tDX (m)\tDY (m)\tAntenna\tHeight (m)\tAzimuth (°)\t"
    "Mechanical Downtilt (°)\tMain Calculation Radius (m)\tTransmission Loss (dB)\t"
    "Additional Electrical Downtilt (°)"
)
CELLS = (
    "Name\tTransmitter\tMax Power (dBm)\tFrequency Band\tCarrier\tPhysical Cell ID\tActive\t"
    "LTE Equipment"
)


def atoll(folder: Path) -> None:
    files = {
        "sites.txt": [
            SITES,
            f"HG01\t{X0 + 2500:.0f}\t{Y0 + 2500:.0f}\t[210]\t45\tPylon\t452\t4",
            f"HG02\t{X0 + 7500:.0f}\t{Y0 + 2600:.0f},5\t[230]\t45\tPylon\t452\t4",
        ],
        "transmitters.txt": [
            TRANSMITTERS,
            "HG01\tHG01_1\tTRUE\t0\t0\t742 215V01\t42,5\t0\t2\t4000\t1,5\t0",
            "HG01\tHG01_2\tTRUE\t0\t0\t742 215V01\t42,5\t120\t3\t4000\t1,5\t4",
            "HG02\tHG02_1\tFALSE\t0\t0\tomni\t30\t\t0\t4000\t0\t0",
            "HG99\tHG99_1\tTRUE\t0\t0\tomni\t30\t\t0\t4000\t0\t0",
        ],
        "cells.txt": [
            CELLS,
            "HG01_1(0)\tHG01_1\t43\tBand 3\tBand 3 - 20MHz (0)\t11\tTRUE\tDefault",
            "HG01_2(0)\tHG01_2\t43\tBand 3\tBand 3 - 20MHz (0)\t12\tTRUE\tDefault",
            "HG01_2(1)\tHG01_2\t46\tBand 8\tBand 8 - 10MHz (0)\t13\tFALSE\tDefault",
            "HG02_1(0)\tHG02_1\t43\tBand 3\tBand 3 - 20MHz (0)\t14\tTRUE\tDefault",
            "HG77_1(0)\tHG77_1\t43\tBand 3\tBand 3 - 20MHz (0)\t15\tTRUE\tDefault",
        ],
    }
    (folder / "data/atoll").mkdir(parents=True, exist_ok=True)
    for name, lines in files.items():
        (folder / "data/atoll" / name).write_text("\n".join(lines), encoding="utf-8")


PATTERN = "NAME 742 215V01\nFREQUENCY 1800\nGAIN 15.85 dBd\nTILT ELECTRICAL\nELECTRICAL_TILT 6\n"


def pattern() -> str:
    cut = "\n".join(f"{a} 0.0" for a in range(360))
    return f"{PATTERN}HORIZONTAL 360\n{cut}\nVERTICAL 360\n{cut}\n"


@pytest.fixture
def exported(tmp_path: Path, spec: dict[str, Any]) -> dict[str, Any]:
    atoll(tmp_path)
    spec["towers"] = [
        {
            **{k: f"data/atoll/{k}.txt" for k in ("sites", "transmitters", "cells")},
            "crs": "EPSG:32648",
        }
    ]
    spec["checks"] = {"left_out_max": 1.0}
    return spec


def test_atoll_is_joined(tmp_path: Path, exported: dict[str, Any]) -> None:
    (tmp_path / "data/antennas").mkdir()
    (tmp_path / "data/antennas/742_215v01.msi").write_text(pattern(), encoding="ascii")
    exported["towers"][0]["patterns"] = "data/antennas"
    inputs, findings = read(tmp_path, exported)
    cells = inputs.cells.set_index("cell_id")
    assert cells.index.tolist() == ["HG01_1(0)", "HG01_2(0)", "HG01_2(1)", "HG02_1(0)"]
    assert cells["site_id"].tolist() == ["HG01", "HG01", "HG01", "HG02"]
    assert set(cells["technology"]) == {"LTE"}
    assert cells["freq_mhz"].tolist() == [1842.5, 1842.5, 942.5, 1842.5]
    assert cells["bandwidth_mhz"].tolist() == [20, 20, 10, 20]
    np.testing.assert_array_equal(cells["azimuth_deg"], [0, 120, 120, np.nan])
    assert cells["height_m"].tolist() == [42.5, 42.5, 42.5, 30]
    assert cells["mechanical_tilt_deg"].tolist() == [2, 3, 3, 0]
    # An additional tilt of none leaves the pattern its own; another counts.
    np.testing.assert_array_equal(cells["electrical_tilt_deg"], [np.nan, 4, 4, np.nan])
    # 43 dBm + (15.85 + 2.15) dBi - 1.5 dB; the omni has no pattern, so the study's 60 dBm.
    assert cells["eirp_dbm"].tolist() == pytest.approx([59.5, 59.5, 62.5, 60])
    assert cells["eirp_assumed"].tolist() == [False, False, False, True]
    assert cells["in_service"].tolist() == [True, True, False, False]
    assert cells["pci"].tolist() == [11, 12, 13, 14]
    assert cells["antenna_file"].iloc[0] == "data/antennas/742_215v01.msi"
    place = inputs.sites.set_index("site_id").loc["HG02"]
    assert (place.x_m, place.y_m) == pytest.approx((X0 + 7500, Y0 + 2600.5))
    lost = {(f.where.file, f.where.row, f.params["name"]) for f in findings.of("T46")}
    assert lost == {
        ("data/atoll/transmitters.txt", 4, "HG99"),
        ("data/atoll/cells.txt", 5, "HG77_1"),
    }
    assert only(findings, "T45").params["tool"] == "Atoll"
    assert only(findings, "T47").params["name"] == "omni"
    assert {"data/atoll/sites.txt", "data/atoll/cells.txt"} <= set(inputs.sources)


def test_a_folder_of_tables(tmp_path: Path, exported: dict[str, Any]) -> None:
    exported["towers"] = [{"path": "data/atoll", "crs": "EPSG:32648"}]
    inputs, _ = read(tmp_path, exported)
    assert len(inputs.cells) == 4
    (tmp_path / "data/atoll/cells (2).txt").write_text("x", encoding="utf-8")
    finding = only(check(tmp_path, exported), "S02")
    assert finding.params == {"n": 2, "kind": "cells"}


def test_database_field_names_and_transmitters_alone(
    tmp_path: Path, exported: dict[str, Any]
) -> None:
    (lon, lat), folder = lonlat(X0 + 2500, Y0 + 2500), tmp_path / "data/atoll"
    (folder / "sites.txt").write_text(f"NAME;LONGITUDE;LATITUDE\nA;{lon};{lat}", encoding="utf-8")
    (folder / "transmitters.txt").write_text(
        "TX_ID;SITE_NAME;AZIMUT;TILT;HEIGHT;FBAND;EIRP;BCCH\nA_1;A;240;5;38;GSM 900;56;62",
        encoding="utf-8",
    )
    del exported["towers"][0]["cells"], exported["towers"][0]["crs"]
    cells = read(tmp_path, exported)[0].cells
    (row,) = cells.to_dict("records")
    assert (row["cell_id"], row["technology"], row["azimuth_deg"]) == ("A_1", "GSM", 240)
    assert (row["mechanical_tilt_deg"], row["height_m"], row["eirp_dbm"]) == (5, 38, 56)
    assert row["freq_mhz"] == 900


def test_planet_workbook_in_feet(tmp_path: Path, exported: dict[str, Any]) -> None:
    lon, lat = lonlat(X0 + 2500, Y0 + 2500)
    book = openpyxl.Workbook()
    sheets = {
        "Sites": [["Site ID", "Longitude", "Latitude"], ["A", lon, lat]],
        "Antennas": [
            [
                *("Site ID", "Antenna ID", "Longitude", "Latitude", "Antenna File"),
                *("Height (ft)", "Azimuth", "Mechanical Tilt"),
            ],
            ["A", "1", lon, lat, "X.pafx", 100, 0, 2],
            ["A", "2", lon, lat, "X.pafx", 100, 120, 3],
        ],
        "Sectors": [
            ["Site ID", "Sector ID", "Technology", "Band Name", "Downlink ARFCN", "PA Power (dBm)"],
            ["A", "1", "LTE_FDD", "", 1300, 46],
            ["A", "2", "NR_TDD", "n78", "", 49],
        ],
    }
    for name, lines in sheets.items():
        sheet = book.create_sheet(name)
        for line in lines:
            sheet.append(line)
    book.save(tmp_path / "data/planet.xlsx")
    exported["towers"] = [
        {
            "sites": {"path": "data/planet.xlsx", "layer": "Sites"},
            "transmitters": {"path": "data/planet.xlsx", "layer": "Antennas"},
            "cells": {"path": "data/planet.xlsx", "layer": "Sectors"},
        }
    ]
    inputs, findings = read(tmp_path, exported)
    cells = inputs.cells
    assert cells["technology"].tolist() == ["LTE", "NR"]
    assert cells["freq_mhz"].tolist() == [1815.0, 3550.0]  # EARFCN 1300; the middle of n78
    assert cells["height_m"].tolist() == pytest.approx([30.48, 30.48])
    assert cells["azimuth_deg"].tolist() == [0, 120]
    assert only(findings, "T45").params["tool"] == "Planet"


def test_planets_list_of_cells_needs_no_join(tmp_path: Path, exported: dict[str, Any]) -> None:
    lon, lat = lonlat(X0 + 2500, Y0 + 2500)
    (tmp_path / "data/cells.csv").write_text(
        "MCC,MNC,Cell Name,Technology,Cell ID,Site ID,Band Name,Downlink ARFCN,Longitude,Latitude,"
        "Height (m),Azimuth,Mechanical Tilt,Antenna File,Electrical Tilt,PA Power (dBm),"
        "Physical Cell ID,Downlink Cable Loss (dB)\n"
        f"452,04,A_1,LTE_FDD,1,A,,1300,{lon},{lat},40,120,2,,6,46,11,0.5\n",
        encoding="utf-8",
    )
    exported["towers"] = [{"path": "data/cells.csv"}]
    (row,) = read(tmp_path, exported)[0].cells.to_dict("records")
    assert (row["site_id"], row["technology"], row["freq_mhz"]) == ("A", "LTE", 1815.0)
    assert (row["height_m"], row["azimuth_deg"], row["electrical_tilt_deg"]) == (40, 120, 6)
    assert row["pci"] == 11


def test_a_list_of_sites_of_pathloss(tmp_path: Path, exported: dict[str, Any]) -> None:
    lon, lat = lonlat(X0 + 2500, Y0 + 2500)
    (tmp_path / "data/sites.csv").write_text(
        "Site name,Call sign,Latitude,Longitude,Elevation (m),Tower height (ft)\n"
        f"Núi Đôi,CHW613,{lat},{lon},925.61,150\n",
        encoding="utf-8",
    )
    template = {"technology": "LTE", "freq_mhz": 800}
    exported["towers"] = [{"path": "data/sites.csv", "defaults": {"cells": [template]}}]
    (row,) = read(tmp_path, exported)[0].cells.to_dict("records")
    assert (row["site_id"], row["technology_assumed"]) == ("Núi Đôi", True)
    assert row["height_m"] == pytest.approx(45.72)


@pytest.mark.parametrize(
    ("headers", "technology"),
    [
        (["SSB NR-ARFCN", "Physical Cell ID"], "NR"),
        (["Primary Scrambling Code"], "UMTS"),
        (["PHY_CELL_ID"], "LTE"),
        (["BSIC", "BCCH"], "GSM"),
        (["Name"], None),
    ],
)
def test_technology_by_columns(headers: list[str], technology: str | None) -> None:
    assert technology_by(headers) == technology


def test_tables_are_known_by_their_headers() -> None:
    assert kinds_of(["Site", "Transmitter", "Azimuth (°)", "Name"])[0] == "transmitters"
    assert tool_of({"sites": ["Name", "X"], "transmitters": ["a"]}) is None


def test_paths_that_contradict_each_other(spec: dict[str, Any]) -> None:
    for towers in ({"path": "a", "sites": "b", "transmitters": "c"}, {"sites": "b"}, {}):
        spec["towers"] = [towers]
        with pytest.raises(ValidationError):
            study(Path(), spec)


@pytest.mark.parametrize("name", ["sites", "transmitters", "cells"])
@pytest.mark.parametrize("fault", ["cut", "empty", "renamed", "utf16", "binary", "gone", "header"])
def test_broken_tables_are_findings(
    tmp_path: Path, exported: dict[str, Any], name: str, fault: str
) -> None:
    path = tmp_path / f"data/atoll/{name}.txt"
    whole = path.read_bytes()
    broken = {
        "cut": whole[: len(whole) * 2 // 3],
        "empty": b"",
        "renamed": whole.replace(b"Transmitter", b"Sender").replace(b"Name", b"Nom"),
        "utf16": whole.decode().encode("utf-16"),
        "binary": bytes(range(256)) * 20,
        "header": whole.splitlines()[0],
    }
    path.unlink() if fault == "gone" else path.write_bytes(broken[fault])
    findings = check(tmp_path, exported)
    assert numbers_of(findings) & {"S01", "S02", "S06", "S07", "S14", "S15", "T01", "T46", "S13"}
    for finding in findings:
        assert finding.text()
