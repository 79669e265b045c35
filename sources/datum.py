"""Datums: whether coordinates can be moved from one to another, and how exactly.

PROJ moves coordinates between datums it knows nothing of as if they were one (a *ballpark*
transformation). In Viet Nam that is some 200 m between VN-2000 and WGS 84, and 400 m for the
datums before: no figure shows it. So the way taken is looked at first.
"""

from __future__ import annotations

import re
import warnings
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from pyproj import CRS, Transformer
from pyproj.aoi import AreaOfInterest
from pyproj.crs import BoundCRS
from pyproj.crs.coordinate_operation import ToWGS84Transformation
from pyproj.database import query_crs_info
from pyproj.enums import PJType
from pyproj.exceptions import CRSError, ProjError
from pyproj.transformer import TransformerGroup

from phusong.checks import Findings
from phusong.errors import Where

COARSE_M = 10.0
"""A way less exact than this is told: ends of cables meet within 5 m, cells are 10 m and more."""

Box = tuple[float, float, float, float]
"""(west, south, east, north) in degrees."""

_LOST = re.compile(
    r"unknown|unnamed|undefined|not[ _]?specified|user[ _-]?defined|custom|^d?_?$", re.IGNORECASE
)
_TOWGS84 = re.compile(r"towgs84[=_]([-\d._,]+)", re.IGNORECASE)
_BREAKS = re.compile(r"[\W_]+")
_VN_NAME = re.compile(r"vn[-_ ]?2000|vi[eệ]t[ _]?nam[-_ ]?2000", re.IGNORECASE)
_MODERN = re.compile(
    r"World Geodetic System 1984|WGS[ _]?84|International Terrestrial|ITRF|IGS\d|IGb\d|"
    r"European Terrestrial Reference|ETRS|China 2000|CGCS2000|North American Datum 1983|NAD83|"
    r"Geocentric Datum|Geodetic Datum of Malaysia 2000|Japanese Geodetic Datum|JGD|SIRGAS|"
    r"Hartebeesthoek94|Reseau Geodesique Francais|RGF93|New Zealand Geodetic Datum 2000|"
    r"Sistema de Referencia Geocentrico|POSGAR 2007|Red Geodesica",
    re.IGNORECASE,
)
"""Datums that lie on one another within some two metres, whether EPSG lists a way here or not."""
_VN_MERIDIANS = frozenset(102.0 + quarter / 4 for quarter in range(33))
_VIET_NAM = (102.0, 8.0, 110.0, 24.0)
_LISTED = 4


@dataclass(frozen=True)
class Way:
    """How coordinates come from one CRS to another.

    Attributes
    ----------
    transformer
        Takes and gives (x, y); None where there is none at all.
    accuracy_m
        None where nobody states it: the way is no more than a guess.
    missing
        Name of a grid that a better way needs and this machine lacks; empty: none.
    """

    transformer: Transformer | None
    accuracy_m: float | None
    missing: str = ""


def way_between(source: CRS, target: CRS, place: Box | None) -> Way:
    """Find the way that is best at a place.

    Parameters
    ----------
    place
        Where the coordinates lie; None: anywhere.
    """
    return _way(source.to_wkt(), target.to_wkt(), place)


@lru_cache(maxsize=64)
def _way(source_wkt: str, target_wkt: str, place: Box | None) -> Way:
    source, target = CRS.from_wkt(source_wkt), CRS.from_wkt(target_wkt)
    try:
        plain = Transformer.from_crs(source, target, always_xy=True)
    except (ProjError, CRSError):
        return Way(None, None)
    if is_lost(source) or is_lost(target):  # PROJ takes some names of these for any datum
        return Way(plain, None)
    if _one_datum(source, target):  # whatever PROJ lists beside, nothing is inexact
        return Way(plain, 0.0)
    return _best(source, target, place, plain)


def _best(source: CRS, target: CRS, place: Box | None, plain: Transformer) -> Way:
    """Return the first way in PROJ's order that is no guess; ``plain`` where there is none."""
    around = None if place is None else AreaOfInterest(*place)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of grids that are not there: S32 and S33 say it
        found = TransformerGroup(
            source,
            target,
            always_xy=True,
            area_of_interest=around,  # type: ignore[arg-type] # the stub names its own copy
        )
    ways = [t for t in found.transformers if "ballpark" not in t.description.lower()]
    grids = [g.short_name for o in found.unavailable_operations for g in o.grids if not g.available]
    missing = "" if found.best_available or not grids else grids[0]
    if not ways:
        return Way(plain, 2.0 if _modern(source) and _modern(target) else None, missing)
    best = ways[0]
    if source.is_bound and best.accuracy < 0:  # its own parameters, stated in the file
        return Way(best, 1.0, missing)
    return Way(best, best.accuracy if best.accuracy >= 0 else None, missing)


def report_way(
    source: CRS, target: CRS, place: Box | None, where: Where, findings: Findings
) -> Way:
    """Return the way between two CRSs, after saying that none is known (S32) or it is coarse (S33).

    A finding of S32 names CRSs with the same figures on a known datum.
    """
    way = way_between(source, target, place)
    params: dict[str, Any] = {
        "crs": source.name,
        "datum": datum_name(source) or "-",
        "target": target.name,
        "grid": way.missing,
    }
    if way.accuracy_m is not None and way.accuracy_m <= COARSE_M:
        return way
    if way.accuracy_m is not None:
        detail = (
            "{crs} comes to {target} within {accuracy:.0f} m; the file {grid}, which would be"
            " better, is not on this machine"
            if way.missing
            else "{crs} comes to {target} within {accuracy:.0f} m"
        )
        findings.add("S33", where, source.name, detail, accuracy=way.accuracy_m, **params)
        return way
    twins = _listed(candidates(source, place))
    if way.missing:
        detail = (
            "the way from {crs} to {target} needs the file {grid}, which is not on this machine"
        )
    elif not is_lost(source):
        detail = "no way from {crs} (datum {datum}) to {target} is known here"
    elif twins:
        detail = "the datum of {crs} reads {datum}; the same grid on a known datum: {twins}"
    else:
        detail = "the datum of {crs} reads {datum}"
    findings.add("S32", where, source.name, detail, twins=twins, **params)
    return way


def settled(crs: CRS, where: Where, findings: Findings) -> CRS:
    """Return a file's own CRS with the datum that its name gives away (S35).

    Programs that cannot write a datum's parameters write them into its name. A grid that only
    VN-2000 has, or its name, over the datum WGS 84 is S34.
    """
    if crs.geodetic_crs is None:
        return crs
    if is_lost(crs):
        parameters = _parameters(f"{datum_name(crs)} {crs.geodetic_crs.name} {crs.name}")
        if parameters is None:
            return _of_its_name(crs, where, findings)
        findings.add(
            "S35",
            where,
            crs.name,
            "towgs84 = {parameters}",
            parameters=", ".join(f"{p:g}" for p in parameters),
        )
        crs = BoundCRS(crs, "EPSG:4326", ToWGS84Transformation(crs.geodetic_crs, *parameters))
    plain = crs.source_crs if crs.is_bound and crs.source_crs is not None else crs
    named = _VN_NAME.search(f"{plain.name} {plain.geodetic_crs.name if plain.geodetic_crs else ''}")
    if _on_wgs84(crs) and (named or _has_vn_grid(plain)):
        twins = [c for c in candidates(plain, _VIET_NAM) if "VN-2000" in c.name]
        findings.add(
            "S34",
            where,
            crs.name,
            "{crs} has the datum WGS 84; the same grid: {twins}"
            if twins
            else "{crs} has the datum WGS 84",
            crs=crs.name,
            twins=_listed(twins),
        )
    return crs


def _of_its_name(crs: CRS, where: Where, findings: Findings) -> CRS:
    """Return EPSG's CRS of the same name and figures (S35), else the CRS as it is."""
    kind = PJType.PROJECTED_CRS if crs.is_projected else PJType.GEOGRAPHIC_2D_CRS
    for row in query_crs_info("EPSG", pj_types=kind):
        if _BREAKS.sub("", row.name).casefold() != _BREAKS.sub("", crs.name).casefold():
            continue
        other = CRS.from_epsg(int(row.code))
        if _figures(other) == _figures(crs) and other.ellipsoid == crs.ellipsoid:
            findings.add(
                "S35",
                where,
                crs.name,
                "taken for {crs} ({name})",
                crs=other.to_string(),
                name=other.name,
            )
            return other
    return crs


def _on_wgs84(crs: CRS) -> bool:
    if not crs.is_bound:
        return datum_name(crs).startswith("World Geodetic System 1984")
    operation = crs.coordinate_operation
    return operation is not None and not any(operation.towgs84 or [1.0])


def _listed(found: list[CRS]) -> str:
    return ", ".join(f"{c.to_string()} ({c.name})" for c in found)


def datum_name(crs: CRS) -> str:
    """Return the name of a CRS's datum, empty where it has none."""
    geodetic = crs.geodetic_crs
    datum = geodetic.datum if geodetic is not None else crs.datum
    return "" if datum is None else str(datum.name)


def is_lost(crs: CRS) -> bool:
    """Say whether a datum's name is no datum's."""
    return not crs.is_bound and bool(_LOST.search(datum_name(crs)))


def candidates(crs: CRS, place: Box | None) -> list[CRS]:
    """Return EPSG's CRSs of a place with the same figures, on datums that are known."""
    around = None if place is None else AreaOfInterest(*place)
    kind = PJType.PROJECTED_CRS if crs.is_projected else PJType.GEOGRAPHIC_2D_CRS
    own = _figures(crs)
    rows = query_crs_info("EPSG", pj_types=kind, area_of_interest=around)
    out = []
    for row in rows:
        other = CRS.from_epsg(int(row.code))
        epoch = other.name.startswith("WGS 84 (")  # one with WGS 84 here
        if _figures(other) == own and other.ellipsoid == crs.ellipsoid and not epoch:
            out.append(other)
    out.sort(key=lambda c: ("VN-2000" not in c.name, not _modern(c)))
    return out[:_LISTED]


def _one_datum(source: CRS, target: CRS) -> bool:
    own, other = source.geodetic_crs, target.geodetic_crs
    if own is None or other is None or source.is_bound or target.is_bound:
        return False
    return bool(own.datum == other.datum and own.prime_meridian == other.prime_meridian)


def _modern(crs: CRS) -> bool:
    return not crs.is_bound and bool(_MODERN.search(datum_name(crs))) and not is_lost(crs)


def _figures(crs: CRS) -> object:
    """Return what a projection computes with; None of degrees."""
    operation = crs.coordinate_operation
    if operation is None or not crs.is_projected:
        return None
    return operation.method_name, frozenset(
        (p.name, round(float(p.value) * (p.unit_conversion_factor or 1.0), 9))
        for p in operation.params
    )


def _has_vn_grid(crs: CRS) -> bool:
    """Say whether a projection is VN-2000's own: 3-degree zones at 0.9999, 500 km false easting."""
    operation = crs.coordinate_operation
    if operation is None or operation.method_name != "Transverse Mercator":
        return False
    value = {p.name: float(p.value) for p in operation.params}
    return (
        abs(value.get("Scale factor at natural origin", 1.0) - 0.9999) < 1e-9
        and value.get("False easting") == 500_000.0
        and value.get("False northing") == 0.0
        and value.get("Longitude of natural origin") in _VN_MERIDIANS
    )


def _parameters(text: str) -> tuple[float, ...] | None:
    """Return the three or seven parameters in a datum's name, where it can be read one way only.

    A .prj writes both the comma and the point as ``_``.
    """
    found = _TOWGS84.search(text)
    if found is None:
        return None
    plain = found[1].strip("_,.")
    if "." in plain:
        numbers = re.findall(r"-?\d+(?:\.\d+)?", plain)
        return tuple(float(n) for n in numbers) if len(numbers) in {3, 7} else None
    parts = [p for p in re.split(r"[_,]", plain) if p]
    readings = [r for count in (3, 7) for r in _readings(parts, count)]
    return readings[0] if len(readings) == 1 else None


def _readings(parts: list[str], count: int) -> list[tuple[float, ...]]:
    """Return the ways to read parts as ``count`` numbers, each a whole one or with a fraction."""
    if count == 0:
        return [] if parts else [()]
    if not parts:
        return []
    out = [(float(parts[0]), *rest) for rest in _readings(parts[1:], count - 1)]
    if len(parts) > 1 and not parts[1].startswith("-"):
        number = float(f"{parts[0]}.{parts[1]}")
        out += [(number, *rest) for rest in _readings(parts[2:], count - 1)]
    return out
