"""SINR and throughput of LTE and NR: the second pass over the tiles.

The interference at a place is the power of all other cells of the same carrier frequency,
operator and technology, times the load. Powers are those of one resource element, as is the
reported level, so noise is that of one subcarrier.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from rasterio.enums import Resampling

from phusong.coverage.quality.throughput import noise_dbm, throughput_mbps
from phusong.coverage.results import ANY, Signal
from phusong.coverage.signal.antenna import beam_attenuation_db
from phusong.coverage.signal.combine import NO_LEVEL, TICK_DB
from phusong.coverage.signal.correction import Correction
from phusong.coverage.signal.layerfiles import TILE, Kind, LayerReader, LayerWriter, Levels
from phusong.coverage.signal.linkbudget import SUBCARRIERS_PER_BLOCK, carrier_blocks
from phusong.coverage.signal.losses import ELEVATION_STEP_DEG, LOSS_STEP_DB, Losses, LossReport
from phusong.coverage.signal.plan import Plan, plan_run
from phusong.coverage.signal.store import PathLossStore
from phusong.coverage.signal.tiles import Tiles
from phusong.grid import Grid, Window
from phusong.jit import njit
from phusong.progress import NoProgress, Progress
from phusong.sources.inputs import Inputs
from phusong.study import Study, Technology

MEASURED: Final[tuple[Technology, ...]] = ("LTE", "NR")
"""Technologies with a modem model here."""
NO_SINR: Final = -32768
NO_THROUGHPUT: Final = 65535
_KINDS: Final = (
    Kind("sinr", "int16", NO_SINR, TICK_DB, "dB", Resampling.average),
    Kind("throughput", "uint16", NO_THROUGHPUT, 0.1, "Mbit/s", Resampling.average),
)


@dataclass(frozen=True)
class QualityLayer:
    """Two cloud-optimised GeoTIFFs on the study grid.

    Attributes
    ----------
    operator, technology
        As of the signal layer it belongs to, plain or combined.
    sinr
        Of the best server: int16 in steps of 0.1 dB, nodata -32768.
    throughput
        Of one user alone on the server's carrier: uint16 in steps of 0.1 Mbit/s, nodata 65535.
    """

    operator: str
    technology: str
    sinr: Path
    throughput: Path


@dataclass(frozen=True)
class Quality:
    """SINR and throughput of the signal's layers whose servers are all LTE or NR."""

    grid: Grid
    layers: tuple[QualityLayer, ...]


@dataclass(frozen=True)
class Carriers:
    """What a cell's modem sees.

    Attributes
    ----------
    group_of_cell
        (cells,) co-channel group: operator, technology and frequency; -1 without a modem model.
    operator_of_group, technology_of_group
        (groups,) names.
    noise_dbm, bandwidth_mhz
        (cells,) noise of one resource element, and bandwidth occupied; NaN without a model.
    """

    group_of_cell: NDArray[np.int64]
    operator_of_group: tuple[str, ...]
    technology_of_group: tuple[str, ...]
    noise_dbm: NDArray[np.float64]
    bandwidth_mhz: NDArray[np.float64]

    @classmethod
    def of(cls, cells: pd.DataFrame, study: Study) -> Carriers:
        """Return the carriers of a signal's cells."""
        usable = cells["technology"].isin(MEASURED) & (cells["problem"] == "")
        keys: dict[tuple[str, str, float], int] = {}
        group = np.full(len(cells), -1, dtype=np.int64)
        noise = np.full(len(cells), np.nan)
        width = np.full(len(cells), np.nan)
        rows: Any = cells[usable]
        for i, cell in rows.iterrows():
            technology: Technology = cell["technology"]
            budget = study.radio.technologies[technology]
            blocks = carrier_blocks(technology, budget, cell["bandwidth_mhz"], cell["freq_mhz"])
            key = (cell["operator"], technology, cell["freq_mhz"])
            group[i] = keys.setdefault(key, len(keys))
            spacing_hz = blocks.spacing_khz * 1e3
            noise[i] = noise_dbm(spacing_hz, study.radio.quality.noise_figure_db)
            width[i] = blocks.count * SUBCARRIERS_PER_BLOCK * spacing_hz / 1e6
        operators = tuple(operator for operator, _, _ in keys)
        return cls(group, operators, tuple(technology for _, technology, _ in keys), noise, width)


@njit(cache=True, nogil=True)
def add_power(
    loss: Any,
    loss_step_db: float,
    elevation: Any,
    elevation_step_deg: float,
    east_m: float,
    north_m: float,
    cell_m: float,
    beams: Any,
    horizontal_db: Any,
    vertical_db: Any,
    beam_of: Any,
    band_of: Any,
    group_of: Any,
    reference_dbm: Any,
    power: Any,
    strongest: Any,
) -> None:
    """Add the power of one mast's cells to that of their co-channel groups.

    Arguments as of :func:`phusong.coverage.signal.combine.add_mast`; ``power`` (the sum) and
    ``strongest`` are (groups, rows, cols) in mW, changed in place; ``group_of`` is -1 for a
    cell that is left out.
    """
    rows, cols = elevation.shape
    gain = np.empty(beams.shape[0])
    for r in range(rows):
        dy = north_m - r * cell_m
        for c in range(cols):
            if elevation[r, c] == NO_LEVEL:
                continue
            dx = east_m + c * cell_m
            distance = max(1e-3, math.sqrt(dx * dx + dy * dy))
            elevation_deg = elevation[r, c] * elevation_step_deg
            rise = math.radians(elevation_deg)
            rise_cos, rise_sin = math.cos(rise), math.sin(rise)
            gain[:] = -1.0
            for k in range(beam_of.size):
                steps = loss[band_of[k], r, c]
                if steps == NO_LEVEL or group_of[k] < 0:
                    continue
                beam = beam_of[k]
                if gain[beam] < 0.0:
                    gain[beam] = beam_attenuation_db(
                        beams,
                        beam,
                        horizontal_db,
                        vertical_db,
                        dx / distance,
                        dy / distance,
                        elevation_deg,
                        rise_cos,
                        rise_sin,
                    )
                level = reference_dbm[k] - steps * loss_step_db - gain[beam]
                received = 10.0 ** (0.1 * level)
                power[group_of[k], r, c] += received
                strongest[group_of[k], r, c] = max(strongest[group_of[k], r, c], received)


def sinr_db(
    ticks: NDArray[np.int16] | NDArray[np.int32],
    server: NDArray[np.int32],
    others_mw: NDArray[np.float32],
    carriers: Carriers,
    load: float,
) -> NDArray[np.float64]:
    """Return the SINR of the best server; NaN where there is none or it has no modem model.

    Parameters
    ----------
    ticks, server
        (rows, cols) of a layer.
    others_mw
        (groups, rows, cols) power of all cells of a group but its strongest, which is the
        server wherever the group has it.
    carriers
        Of the cells.
    load
        Share of the time and band other cells transmit in.
    """
    who = np.maximum(server - 1, 0)
    group = carriers.group_of_cell[who]
    known = (server > 0) & (group >= 0)
    row, col = np.ogrid[: server.shape[0], : server.shape[1]]
    others = others_mw[np.maximum(group, 0), row, col].astype(np.float64)
    level = np.where(known, ticks * TICK_DB, 0.0)
    noise = 10.0 ** (carriers.noise_dbm[who] / 10.0)
    return np.where(known, level - 10.0 * np.log10(noise + load * others), np.nan)


class _Powers:
    """Sums the power of every co-channel group on a tile."""

    def __init__(self, tiles: Tiles, carriers: Carriers, correction: Correction) -> None:
        self._tiles = tiles
        self._correction = correction
        self._carriers = carriers
        self._reference = tiles.plan.cells["reference_dbm"].to_numpy(dtype=np.float64)

    def add_up(self, window: Window) -> NDArray[np.float32]:
        """Return (groups, rows, cols) mW of all cells of a group but the strongest."""
        groups = self._carriers.technology_of_group
        power = np.zeros((max(len(groups), 1), *window.shape), dtype=np.float32)
        strongest = np.zeros_like(power)
        beams = self._tiles.plan.beams
        for lit in self._tiles.lit(window):
            cells = lit.reach.mast.cells
            add_power(
                lit.loss,
                LOSS_STEP_DB,
                lit.elevation,
                ELEVATION_STEP_DEG,
                lit.east_m,
                lit.north_m,
                self._tiles.grid.cell_m,
                lit.reach.beams,
                beams.horizontal_db,
                beams.vertical_db,
                lit.reach.beam_of,
                lit.reach.band_of,
                self._carriers.group_of_cell[cells],
                self._reference[cells],
                power[(slice(None), *lit.inside)],
                strongest[(slice(None), *lit.inside)],
            )
        others = power - strongest
        for group, technology in enumerate(groups):
            operator = self._carriers.operator_of_group[group]
            extra, _ = self._correction.over(operator, technology, window)
            if extra is not None:
                others[group] *= 10.0 ** (0.1 * extra)
        return others


def _layers_with_modem(signal: Signal, study: Study) -> list[int]:
    """Positions of the signal's layers whose servers all have a modem model."""
    verdict = set(study.verdict.technologies)
    return [
        i
        for i, layer in enumerate(signal.layers)
        if layer.technology in MEASURED or (layer.technology == ANY and verdict <= set(MEASURED))
    ]


def compute_quality(
    inputs: Inputs,
    study: Study,
    signal: Signal,
    out_folder: Path,
    store: PathLossStore,
    progress: Progress | None = None,
) -> Quality:
    """Compute SINR and throughput where the signal's best servers are LTE or NR.

    Parameters
    ----------
    inputs, study, out_folder, store, progress
        As for :func:`phusong.coverage.signal.signal.compute_signal`, whose path losses it reads.
        Writes ``coverage_<operator>_<technology>_{sinr,throughput}.tif``.
    signal
        Best servers and their levels.

    Raises
    ------
    StudyError
        When offsets by land cover are asked for and there is none.
    OutputError
        When a raster cannot be written.
    """
    told = progress or NoProgress()
    plan: Plan = plan_run(inputs, study)
    losses = Losses(inputs, study, store)
    report = LossReport()
    for mast in plan.masts:
        losses.compute(mast, report)
    carriers = Carriers.of(signal.cells, study)
    correction = Correction(inputs, study)
    tiles = Tiles(plan, losses, report, inputs.grid, correction)
    powers = _Powers(tiles, carriers, correction)
    wanted = _layers_with_modem(signal, study)
    names = [(signal.layers[i].operator, signal.layers[i].technology) for i in wanted]
    windows = inputs.grid.tiles(TILE)
    told.start("quality", len(windows), "Interference and throughput")
    with (
        LayerReader([signal.layers[i] for i in wanted]) as reader,
        LayerWriter(out_folder, inputs.grid, names, _KINDS) as writer,
    ):
        for window, others_mw in tiles.in_order(powers.add_up, windows):
            for i in range(len(wanted)):
                levels = reader.read(i, window)
                writer.write(i, window, _steps(levels, others_mw, carriers, study))
            told.advance("quality")
    layers = [QualityLayer(*n, *paths) for n, paths in zip(names, writer.paths, strict=True)]
    return Quality(signal.grid, tuple(layers))


def _steps(
    levels: Levels,
    others_mw: NDArray[np.float32],
    carriers: Carriers,
    study: Study,
) -> tuple[NDArray[np.int16], NDArray[np.uint16]]:
    """SINR and throughput in the steps they are written in."""
    server = levels.server
    sinr = sinr_db(levels.ticks, server, others_mw, carriers, study.radio.quality.load)
    known = np.isfinite(sinr)
    sinr_steps = np.where(known, np.rint(np.nan_to_num(sinr) / TICK_DB), NO_SINR)
    width = carriers.bandwidth_mhz[np.maximum(server - 1, 0)]
    rate = throughput_mbps(np.nan_to_num(sinr_steps * TICK_DB), width, study.radio.quality)
    rate_steps = np.where(known, np.minimum(np.rint(rate / 0.1), NO_THROUGHPUT - 1), NO_THROUGHPUT)
    return sinr_steps.astype(np.int16), rate_steps.astype(np.uint16)
