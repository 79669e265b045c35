"""Planning in the study: how new masts may hang on the network, and what that asks of them."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from phusong.study.settings.base import NotNegative, Section


class Microwave(Section):
    """Hops between masts. Every figure is an assumption of the study.

    The climate's defaults are those of Ha Giang (22.8° N 105.0° E): ITU-R P.837-7 gives
    83.6 mm/h, P.453-14 a gradient of -191 N/km, the height data of P.530-17 450 m.
    """

    freq_ghz: Annotated[float, Field(ge=4, le=86)] = 15.0
    polarisation: Literal["h", "v"] = "v"
    max_km: Annotated[float, Field(gt=0, le=100)] = 30.0
    """Longer hops are not looked at."""
    max_hops: Annotated[int, Field(ge=0, le=10)] = 3
    """Most hops in a chain from fibre; 0: no microwave at all."""
    availability_percent: Annotated[float, Field(ge=90, le=99.999)] = 99.95
    """Of a year, each hop by itself; rain and multipath together."""
    tx_power_dbm: float = 20.0
    antenna_gain_dbi: Annotated[float, Field(ge=0, le=60)] = 36.8
    """At either end; a dish of 0.6 m has 36.8 dBi at 15 GHz with an efficiency of 55 %."""
    rx_threshold_dbm: Annotated[float, Field(ge=-120, le=0)] = -68.0
    """Level that the modulation needs (about 128-QAM in 28 MHz at 1e-6)."""
    losses_db: NotNegative = 2.0
    """Branching and feeders at both ends together."""
    gas_db_per_km: NotNegative = 0.07
    """Oxygen and vapour (ITU-R P.676-12 at 15 GHz, 950 hPa, 17 °C, 20 g/m³: 0.066)."""
    rain_mm_h: NotNegative = 85.0
    """Exceeded for 0.01 % of an average year, over one minute."""
    gradient_n_per_km: Annotated[float, Field(ge=-2000, le=100)] = -191.0
    """Refractivity gradient in the lowest 65 m not exceeded for 1 % of a year."""
    roughness_m: NotNegative = 450.0
    """Standard deviation of ground heights within 110 km x 110 km."""
    clearance: Annotated[float, Field(ge=0, le=2)] = 0.6
    """Of the first Fresnel zone's radius, kept free all along (ITU-R P.530-17 §2.2.2)."""
    k_factor: Annotated[float, Field(gt=0, le=10)] = 4.0 / 3.0
    """Effective earth's radius over the true one."""
    obstacles_m: NotNegative = 15.0
    """Trees and houses on the ground along the way."""
    near_m: NotNegative = 100.0
    """Nearer to a mast than this they are taken as cleared."""
    below_top_m: NotNegative = 3.0
    """The dish hangs this far under the top of the mast."""
