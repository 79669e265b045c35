"""Each model over one path, behind one signature; :mod:`.registry` names and imports them."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, cast

import numpy as np

from phusong.coverage.propagation.distance import hata, tr38901
from phusong.coverage.propagation.itm.path import itm_path
from phusong.coverage.propagation.p526.path import free_space_db as p525_db
from phusong.coverage.propagation.p526.path import p526_path
from phusong.coverage.propagation.p1812.path import p1812_path
from phusong.coverage.propagation.registry import Loss
from phusong.errors import ModelError

if TYPE_CHECKING:
    from phusong.coverage.propagation.linkpath import LinkPath

EARTH_KM = 6371.0


def earth_radius_km(delta_n: float) -> float:
    """Median effective earth radius for a refractivity lapse rate (P.452, P.1812 §3.7)."""
    if not 0.0 <= delta_n < 157.0:
        raise ModelError(
            "delta_n is {value}; the effective earth radius needs 0 to 157 N-units/km",
            params={"value": delta_n},
        )
    return EARTH_KM * 157.0 / (157.0 - delta_n)


def p526(path: LinkPath) -> Loss:
    """Free space and delta-Bullington, with clutter at the points between."""
    result = p526_path(
        path.distance_m,
        path.height_m,
        tx_height_m=path.tx_height_m,
        rx_height_m=path.rx_height_m,
        freq_mhz=path.freq_mhz,
        clutter_m=path.clutter_m,
        effective_earth_radius_km=earth_radius_km(path.delta_n),
        polarisation=path.polarisation,
    )
    return Loss(float(result.loss_db))


def p1812(path: LinkPath) -> Loss:
    """P.1812 in full; at the median location where the path names no other."""
    result = p1812_path(
        path.distance_m,
        path.height_m,
        tx_height_m=path.tx_height_m,
        rx_height_m=path.rx_height_m,
        freq_mhz=path.freq_mhz,
        latitude_deg=path.latitude_deg,
        clutter_m=path.clutter_m,
        zone=path.zone,
        time_percent=path.time_percent,
        polarisation=path.polarisation,
        delta_n=path.delta_n,
        n0=path.n0,
        location_percent=path.location_percent,
        location_sigma_db=path.location_sigma_db,
        tx_coast_km=path.tx_coast_km,
        rx_coast_km=path.rx_coast_km,
    )
    return Loss(float(result.loss_db))


def itm(path: LinkPath) -> Loss:
    """Longley-Rice at its usual ground, air and medians (:class:`.itm.path.ItmSettings`)."""
    points = path.height_m.size
    even = path.length_m / (points - 1)
    height = path.height_m
    if not np.allclose(np.diff(path.distance_m), even, rtol=1e-6, atol=1e-6):
        # ITM takes heights at equal steps; as many points as came keep the profile's detail.
        height = np.interp(np.linspace(0.0, path.length_m, points), path.distance_m, path.height_m)
    result = itm_path(
        height,
        even,
        path.tx_height_m,
        path.rx_height_m,
        path.freq_mhz,
        polarisation=path.polarisation,
    )
    return Loss(float(result.loss_db), int(result.warnings))


def free_space(path: LinkPath) -> Loss:
    """Free space along the straight line between the antennas."""
    rise = path.height_m[-1] + path.rx_height_m - path.height_m[0] - path.tx_height_m
    return Loss(p525_db(path.freq_mhz, math.hypot(path.length_m, float(rise))))


def okumura_hata(path: LinkPath) -> Loss:
    """Okumura-Hata for open land."""
    return _hata(hata.okumura_hata_db, path, "open")


def cost231_hata(path: LinkPath) -> Loss:
    """COST-231 Hata for medium cities and suburban centres."""
    return _hata(hata.cost231_hata_db, path, "urban")


def extended_hata(path: LinkPath) -> Loss:
    """Return extended Hata for open land."""
    return _hata(hata.extended_hata_db, path, "open")


def _hata(function: object, path: LinkPath, environment: hata.Environment) -> Loss:
    loss = function(  # type: ignore[operator]
        path.freq_mhz, path.length_m / 1000.0, path.tx_height_m, path.rx_height_m, environment
    )
    return Loss(float(loss))


def tr38901_rma(path: LinkPath) -> Loss:
    """3GPP RMa, mean over line of sight and not."""
    return _tr38901("rma", path)


def tr38901_uma(path: LinkPath) -> Loss:
    """3GPP UMa, mean over line of sight and not."""
    return _tr38901("uma", path)


def tr38901_umi(path: LinkPath) -> Loss:
    """3GPP UMi street canyon, mean over line of sight and not."""
    return _tr38901("umi", path)


def _tr38901(scenario: str, path: LinkPath) -> Loss:
    result = tr38901.tr38901_loss(
        cast("tr38901.Scenario", scenario),
        path.freq_mhz,
        path.length_m,
        path.tx_height_m,
        path.rx_height_m,
    )
    return Loss(float(result.mean_db))
