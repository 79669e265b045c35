"""Broken and hostile files of every kind that is read, made from whole ones by a seed."""

from __future__ import annotations

import random
import re
import shutil
import tempfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyogrio
import rasterio.shutil

from helpers.hostilemore import PACKED, READERS, further_files, packed
from helpers.province import CRS, X0, Y0, build, lonlat, study, villages
from phusong.checks import Findings
from phusong.coverage.calibration.measurements import read_measurements
from phusong.errors import PhusongError
from phusong.sources import Inputs, check_inputs, read_inputs
from phusong.sources.towers.antennas.antennafiles import read_pattern
from phusong.study.file import read_study

Files = Mapping[str, bytes]
"""Name beside the others -> content; the first is the one that is named."""

_FORMATS = {
    "geojson": ("GeoJSON", ".geojson"),
    "gpkg": ("GPKG", ".gpkg"),
    "shp": ("ESRI Shapefile", ".shp"),
    "kml": ("KML", ".kml"),
    "gml": ("GML", ".gml"),
    "tab": ("MapInfo File", ".tab"),
    "fgb": ("FlatGeobuf", ".fgb"),
}
_TABLES = {"csv": ".csv", "xlsx": ".xlsx", "ods": ".ods"}
_RASTERS = {"tif": ("GTiff", ".tif"), "vrt": ("VRT", ".vrt"), "asc": ("AAIGrid", ".asc")}
KINDS = (
    *(*_FORMATS, *_TABLES, *_RASTERS, "log", "gpx", "msi", "ant", "toml"),
    *(*PACKED, "ofds", *READERS),
)

_TOML = """[study]
name = "Tỉnh thử"
[boundaries.communes]
path = "data/communes.gpkg"
[[boundaries.villages]]
path = "data/villages.gpkg"
[[towers]]
path = "data/cells.csv"
[terrain]
dem = ["data/dem.tif"]
"""


def whole_files(folder: Path) -> dict[str, Files]:
    """Write one sound file of each kind, from the little province, and return their bytes."""
    frame = villages()
    out: dict[str, Files] = {}
    for kind, (driver, suffix) in _FORMATS.items():
        crs = frame.to_crs(4326) if kind in {"kml", "geojson"} else frame
        crs.to_file(folder / f"in_{kind}{suffix}", driver=driver, engine="pyogrio")
        out[kind] = _family(folder, f"in_{kind}", suffix)
    points = frame.geometry.centroid.to_crs(4326)
    table = pd.DataFrame(frame.drop(columns="geometry")).assign(kinh_do=points.x, vi_do=points.y)
    table.to_csv(folder / "in_csv.csv", index=False)
    table.to_excel(folder / "in_xlsx.xlsx", index=False)
    pyogrio.write_dataframe(table, folder / "in_ods.ods", driver="ODS")
    for kind, suffix in _TABLES.items():
        out[kind] = _family(folder, f"in_{kind}", suffix)
    for kind, (driver, suffix) in _RASTERS.items():
        shutil.copy(folder / "data" / "dem.tif", folder / "tile.tif")
        rasterio.shutil.copy(folder / "tile.tif", folder / f"in_{kind}{suffix}", driver=driver)
        out[kind] = _family(folder, f"in_{kind}", suffix)
    out["vrt"] = {**out["vrt"], "tile.tif": (folder / "tile.tif").read_bytes()}
    lon, lat = lonlat(X0 + 2600, Y0 + 2600)
    rows = [f"{lon + i / 9000:.6f},{lat:.6f},LTE,{-80 - i},2026-11-0{i + 1}" for i in range(9)]
    header = "longitude,latitude,technology,rsrp,time"
    out["log"] = {"log.csv": "\n".join([header, *rows]).encode()}
    track = "".join(
        f'<wpt lat="{lat}" lon="{lon + i / 9000}"><name>{-80 - i} dBm</name></wpt>'
        for i in range(9)
    )
    gpx = f'<?xml version="1.0"?><gpx version="1.1" creator="a">{track}</gpx>'
    out["gpx"] = {"gpx.gpx": gpx.encode()}
    cut = "\n".join(f"{i} {min(i, 360 - i) / 9:.1f}" for i in range(360))
    out["msi"] = {
        "msi.msi": f"NAME a\nGAIN 17 dBi\nHORIZONTAL 360\n{cut}\nVERTICAL 360\n{cut}\n".encode()
    }
    out["ant"] = {"ant.ant": "\n".join(f"{-(i % 360) / 20}" for i in range(720)).encode()}
    out["toml"] = {"study.toml": _TOML.encode()}
    for kind, plain in PACKED.items():
        out[kind] = packed(kind, out[Path(plain).suffix[1:]])
    return out | further_files(folder)


def _family(folder: Path, stem: str, suffix: str) -> Files:
    """Return a file and those that belong to it."""
    first = f"{stem}{suffix}"
    names = [first, *(p.name for p in sorted(folder.glob(f"{stem}.*")) if p.name != first)]
    return {name: (folder / name).read_bytes() for name in names}


# ------------------------------------------------------------------ what is done to them

_NUMBER = re.compile(rb"-?\d+\.?\d*(?:[eE][-+]?\d+)?")
_ODD = (
    b"NaN", b"inf", b"-1e308", b"1e309", b"0", b"-0", b"1e300", b"99999999999999999999", b"1,5",
    b"", b"--", b"\xff\xfe", b"\x00", b"\xed\xa0\x80", b"'; DROP TABLE x", b"9" * 5000, b"[" * 9000,
)  # fmt: skip


def _cut(data: bytes, rng: random.Random) -> bytes:
    return data[: rng.randrange(len(data) + 1)]


def _empty(data: bytes, rng: random.Random) -> bytes:
    return rng.choice([b"", b" ", b"\n", b"\x00" * len(data), b"{}", b"<a/>", b"PK\x03\x04"])


def _flip(data: bytes, rng: random.Random) -> bytes:
    out = bytearray(data)
    for _ in range(rng.choice([1, 3, 30, 300])):
        if out:
            out[rng.randrange(len(out))] ^= 1 << rng.randrange(8)
    return bytes(out)


def _flip_head(data: bytes, rng: random.Random) -> bytes:
    return _flip(data[:200], rng) + data[200:]


def _odd_number(data: bytes, rng: random.Random) -> bytes:
    """Put something else where a few numbers stand."""
    found = list(_NUMBER.finditer(data))
    for match in sorted(rng.sample(found, min(len(found), 3)), key=lambda m: -m.start()):
        data = data[: match.start()] + rng.choice(_ODD) + data[match.end() :]
    return data


def _odd_double(data: bytes, rng: random.Random) -> bytes:
    """Write doubles that are no figures somewhere."""
    out = bytearray(data)
    for _ in range(3):
        at = rng.randrange(max(1, len(out) - 8))
        value = rng.choice([np.nan, np.inf, -1e308, 1e300, 0.0])
        out[at : at + 8] = np.array(value, "<f8").tobytes()
    return bytes(out)


def _recoded(data: bytes, rng: random.Random) -> bytes:
    text = data.decode("utf-8", "replace")
    name = rng.choice(["utf-16", "utf-16-le", "utf-32", "cp1258", "utf-7"])
    coded = text.encode(name, "replace")
    return coded[: len(coded) - rng.choice([0, 1, 3])]


def _again(data: bytes, rng: random.Random) -> bytes:
    """Repeat a stretch: doubled keys, features, records, headers."""
    a, b = sorted(rng.randrange(len(data) + 1) for _ in range(2))
    return data[:b] + data[a:b] * rng.choice([1, 5]) + data[b:]


def _noise(data: bytes, rng: random.Random) -> bytes:
    a = rng.randrange(len(data) + 1)
    return data[:a] + rng.randbytes(rng.choice([1, 50, 5000])) + data[a:]


WAYS: dict[str, Callable[[bytes, random.Random], bytes]] = {
    "cut": _cut,
    "empty": _empty,
    "flip": _flip,
    "flip_head": _flip_head,
    "odd_number": _odd_number,
    "odd_double": _odd_double,
    "recoded": _recoded,
    "again": _again,
    "noise": _noise,
}


@dataclass(frozen=True)
class Case:
    """One file and its parts, broken."""

    kind: str
    way: str
    number: int
    files: Files

    @property
    def name(self) -> str:
        """What it is called in a report; the number makes it anew."""
        return f"{self.kind}/{self.way}/{self.number}"


def case_of(whole: Mapping[str, Files], number: int) -> Case:
    """Return the case of a number: always the same."""
    rng = random.Random(number)
    kind = KINDS[number % len(KINDS)]
    files = dict(whole[kind])
    way = rng.choice([*WAYS, "missing", "renamed"])
    first, *others = files
    if way == "missing" and others:
        del files[rng.choice(others)]
    elif way == "renamed":
        suffix = rng.choice([".csv", ".tif", ".gpkg", ".shp", ".xlsx", ".gml", ".vrt", ""])
        files = {Path(first).stem + suffix: files.pop(first), **files}
    elif way != "missing":
        name = rng.choice(list(files)) if others else first
        files[name] = WAYS[way](files[name], rng)
    return Case(kind, way, number, files)


# ------------------------------------------------------------------ reading them


class Ground:
    """The little province in a folder of its own, into which broken files are put in turn."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.spec = build(folder)
        self.whole = whole_files(folder)
        self.inputs: Inputs = read_inputs(study(folder, self.spec), Findings())

    def attempt(self, case: Case) -> str:
        """Read one case; return what became of it: ``read``, or the first rule or error.

        Raises whatever is no message for people, and AssertionError where something was written
        beside the file.
        """
        place = Path(tempfile.mkdtemp(dir=self.folder))
        try:
            for name, data in case.files.items():
                (place / name).parent.mkdir(exist_ok=True)
                (place / name).write_bytes(data)
            before = listing(place)
            outcome = self._read(case, place / next(iter(case.files)))
            assert listing(place) == before, "something was written beside the file"
            return outcome
        finally:
            shutil.rmtree(place)

    def _read(self, case: Case, path: Path) -> str:
        try:
            if case.kind in {"msi", "ant"}:
                read_pattern(path)
            elif case.kind in READERS:
                READERS[case.kind](path)
            elif case.kind == "toml":
                read_study(path)
            elif case.kind in {"log", "gpx"}:
                read_measurements(path, self.inputs, study(self.folder, self.spec))
            else:
                return self._checked(case, path)
        except PhusongError as error:
            return type(error).__name__ if str(error) else "a message without words"
        return "read"

    def _checked(self, case: Case, path: Path) -> str:
        named = path.relative_to(self.folder).as_posix()
        spec = {**self.spec, "boundaries": dict(self.spec["boundaries"])}
        if case.kind in _RASTERS:
            spec["terrain"] = {"dem": [named]}
        elif case.kind == "ofds":
            spec["fiber"] = {"cables": [{"path": named}], "pops": [{"path": named}]}
        else:
            layer: dict[str, Any] = {"path": named}
            if case.kind in {"shp", "tab", "zip"}:
                layer["crs"] = CRS
            spec["boundaries"]["villages"] = [layer]
        findings = check_inputs(study(self.folder, spec))
        assert all(f.text() for f in findings)
        errors = [f.rule.number for f in findings if f.severity == "error"]
        return errors[0] if errors else "read"


def listing(folder: Path) -> dict[str, tuple[int, int]]:
    """Return every file and folder with its size and time of change."""
    found = [folder, *sorted(folder.rglob("*"))]
    return {str(p): (p.stat().st_size, p.stat().st_mtime_ns) for p in found}
