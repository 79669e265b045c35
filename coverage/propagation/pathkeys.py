"""The keys of a path written as JSON: how else they are spelt, and which are not known."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Final

from phusong.errors import ModelError, Where

if TYPE_CHECKING:
    from collections.abc import Callable

SPELLINGS: Final[dict[str, tuple[str, ...]]] = {
    "freq_mhz": ("frequency_mhz", "f_mhz"),
    "time_percent": ("time_pct", "p_percent", "p"),
    "tx_height_m": ("tx_height_agl_m", "htg_m", "htg"),
    "rx_height_m": ("rx_height_agl_m", "hrg_m", "hrg"),
    "polarisation": ("polarization", "pol"),
    "delta_n": ("dn",),
    "n0": ("n_0",),
    "tx_lat": ("tx_lat_deg", "tx_latitude", "phi_t"),
    "tx_lon": ("tx_lon_deg", "tx_longitude", "lam_t"),
    "rx_lat": ("rx_lat_deg", "rx_latitude", "phi_r"),
    "rx_lon": ("rx_lon_deg", "rx_longitude", "lam_r"),
    "latitude_deg": ("latitude", "lat_deg"),
    "distance_km": (),
    "distance_m": (),
    "distances_km": ("d_km",),
    "distances_m": ("d_m",),
    "height_m": ("heights_m", "h_m"),
    "clutter_m": ("clutter_height_m", "clutter"),
    "zone": ("zones", "zone_code", "radio_climatic_zone", "radio_climatic_code"),
    "location_percent": ("location_pct", "pl"),
    "location_sigma_db": ("sigma_l_db", "sigma_l", "sigmal"),
    "tx_coast_km": ("dct_km", "d_ct_km", "dct"),
    "rx_coast_km": ("dcr_km", "d_cr_km", "dcr"),
    "tx_environment": ("env_tx", "clutter_type_tx", "tx_clutter_type"),
    "rx_environment": ("env_rx", "clutter_type_rx", "rx_clutter_type"),
    "tx_clutter_height_m": ("tx_clutter_m",),
    "rx_clutter_height_m": ("rx_clutter_m",),
    "street_m": ("street_width_m", "w_s"),
}
"""Each key a path is read from, and how else it is spelt; capitals do not matter."""

LABELS: Final = frozenset({"id", "name", "path", "path_id", "line", "note", "comment", "country"})
"""Keys that say which path it is; they shape nothing."""

_CANONICAL = {spelling: key for key, others in SPELLINGS.items() for spelling in (key, *others)}

_POLARISATIONS = {"h": "h", "horizontal": "h", "1": "h", "v": "v", "vertical": "v", "2": "v"}
_ZONES = {
    "1": 1.0,
    "sea": 1.0,
    "b": 1.0,
    "3": 3.0,
    "coastal": 3.0,
    "coastal land": 3.0,
    "a1": 3.0,
    "4": 4.0,
    "inland": 4.0,
    "a2": 4.0,
}
"""Names of the zones, with the letters of ITU-R P.452 Table 3."""


def known_keys(record: object) -> tuple[dict[str, Any], tuple[str, ...]]:
    """Return a path's values under the keys of :data:`SPELLINGS`, and the keys not known.

    A value of null counts as not given. Losses and warnings somebody else computed
    (``..._loss_db``, ``..._warnings``), :data:`LABELS` and keys that begin with an underline are
    left out without a word. Words for the polarisation (``vertical``, ``V``, 2 as in ITU's
    programs) and for zones (``sea``) become what :func:`.linkpath.link_path` takes; a single zone
    or clutter height holds for the whole path.

    Raises
    ------
    ModelError
        When the record is no JSON object, or gives a value twice under two spellings.
    """
    if not isinstance(record, Mapping):
        raise ModelError("The line is no JSON object")
    known: dict[str, Any] = {}
    unknown = []
    for spelling, value in record.items():
        plain = str(spelling).strip().lower()
        key = _CANONICAL.get(plain)
        if key is None:
            computed = plain.endswith(("loss_db", "warnings")) or plain.startswith("_")
            if not computed and plain not in LABELS:
                unknown.append(str(spelling))
        elif value is None:
            continue
        elif key in known:
            raise ModelError(
                "{key} is given twice, once as {spelling}",
                params={"key": key, "spelling": spelling},
                where=Where(key=key),
            )
        else:
            known[key] = value
    for key, read in _WORDS.items():
        if key in known:
            known[key] = read(known[key])
    heights = known.get("height_m")
    for key in ("zone", "clutter_m"):
        if key in known and isinstance(heights, list) and not isinstance(known[key], list):
            known[key] = [known[key]] * len(heights)
    return known, tuple(unknown)


def _polarisation(value: object) -> object:
    """Return ``h`` or ``v`` for a word or number that means it; anything else as it came."""
    return _POLARISATIONS.get(str(value).strip().lower(), value)


def _zone(value: object) -> object:
    """Return zone codes for names of zones; anything else as it came."""
    if isinstance(value, list):
        return [_zone(entry) for entry in value]
    return _ZONES.get(value.strip().lower(), value) if isinstance(value, str) else value


_WORDS: Final[dict[str, Callable[[object], object]]] = {
    "polarisation": _polarisation,
    "zone": _zone,
}
