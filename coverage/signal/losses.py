"""Path losses of every mast, computed once and kept in the store."""

from __future__ import annotations

import platform
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import asdict, dataclass, field, replace
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray
from pyproj import CRS, Transformer

from phusong.coverage.propagation import (
    PathLoss,
    PropagationSettings,
    Surface,
    Transmitter,
    propagate,
)
from phusong.coverage.propagation.registry import model_named
from phusong.coverage.signal.clutter import clutter_height_m, end_classes, ends_of, stands_along
from phusong.coverage.signal.fingerprint import ContentDigest, engine_fingerprint
from phusong.coverage.signal.plan import Mast
from phusong.coverage.signal.seazones import SeaZones
from phusong.coverage.signal.store import PathLossStore, entry_key
from phusong.crew import Crew
from phusong.errors import CrewError, ModelError, Where
from phusong.grid import CellSet, Grid, Window
from phusong.progress import Progress
from phusong.sources.inputs import Inputs, Raster
from phusong.study import Study

LOSS_STEP_DB: Final = 0.05
ELEVATION_STEP_DEG: Final = 0.01


@dataclass(frozen=True)
class Ground:
    """What of the inputs shapes propagation: all that a worker needs to know of them."""

    crs: CRS
    grid: Grid
    terrain: Raster
    landcover: Raster | None

    def elsewhere(self) -> Ground:
        """Return the same with paths that hold in any working folder."""
        land = self.landcover
        return replace(
            self,
            terrain=self.terrain.elsewhere(),
            landcover=None if land is None else land.elsewhere(),
        )


@dataclass(frozen=True)
class MastKeys:
    """Where the store keeps a mast: one entry a band, one for the elevation angles.

    `whole`: the entries hold every cell within the radius, not only those asked for.
    """

    bands: tuple[str, ...]
    elevation: str
    whole: bool


@dataclass
class LossReport:
    """What was done: counts, and what could not be computed, by mast and frequency."""

    computed: int = 0
    from_store: int = 0
    pixels: int = 0
    """Pixels times bands computed in this run."""
    seconds: float = 0.0
    problems: dict[tuple[str, float, float], str] = field(default_factory=dict)
    """(site, height, frequency) -> reason."""

    def add(self, other: LossReport) -> None:
        """Take in what was done elsewhere."""
        self.computed += other.computed
        self.from_store += other.from_store
        self.pixels += other.pixels
        self.seconds += other.seconds
        self.problems |= other.problems


class Losses:
    """Computes what the store lacks, and hands out windows of what it holds.

    Parameters
    ----------
    inputs, study
        The terrain, and what shapes propagation.
    store
        Where losses are kept.
    crew
        Who computes what the store lacks; None: this process.
    asked
        Cells whose losses are asked for; None: all. A mast that the store has in full is read
        from there; of others nothing else is computed, nor kept. Computed in this process only.
    """

    def __init__(
        self,
        inputs: Inputs | Ground,
        study: Study,
        store: PathLossStore,
        crew: Crew | None = None,
        asked: CellSet | None = None,
    ) -> None:
        radio = study.radio
        self._ground = Ground(inputs.crs, inputs.grid, inputs.terrain, inputs.landcover)
        self._study = study
        self._store = store
        if crew is not None and asked is not None:
            raise ValueError("losses of some cells are not spread over workers")
        self._crew = crew
        self._asked = asked
        self._terrain = ContentDigest(inputs.terrain)
        model = model_named(radio.model)
        self._clutter = radio.clutter
        self._along = stands_along(study) and "clutter" in model.needs
        ends = None if model.knows_clutter else ends_of(study)
        self._land = (
            ContentDigest(inputs.landcover)
            if inputs.landcover is not None and (self._along or ends is not None)
            else None
        )
        self._zones = (
            SeaZones(inputs.terrain, study.terrain.void_fill_max_m)
            if study.terrain.sea_level_voids and "zones" in model.needs
            else None
        )
        west, south, east, north = inputs.grid.bounds
        _, latitude = Transformer.from_crs(inputs.crs, 4326, always_xy=True).transform(
            (west + east) / 2, (south + north) / 2
        )
        self.settings = PropagationSettings(
            model=radio.model,
            rx_height_m=radio.rx_height_m,
            radius_m=radio.radius_km * 1000.0,
            effective_earth_radius_km=radio.effective_earth_radius_km,
            polarisation=radio.polarisation,
            time_percent=radio.time_percent,
            delta_n=radio.delta_n,
            n0=radio.n0,
            # A tenth of a degree: moving a boundary slightly must not recompute the province.
            latitude_deg=round(float(latitude), 1),
            ends=ends,
        )
        self._keys: dict[tuple[float, float, float, tuple[float, ...]], MastKeys] = {}

    def __reduce__(self) -> tuple[Any, ...]:
        """Go to a worker: what is known by now is left behind, and files keep their place."""
        study = self._study.model_copy(update={"folder": self._study.folder.resolve()})
        return _at_work, (engine_fingerprint(), self._ground.elsewhere(), study, self._store)

    def window(self, mast: Mast) -> Window:
        """Return the cells of the grid within the radius of a mast, and one cell round them."""
        grid = self._ground.grid
        reach = self.settings.radius_m + 2 * grid.cell_m
        return grid.window_of(
            (mast.x_m - reach, mast.y_m - reach, mast.x_m + reach, mast.y_m + reach)
        )

    def keys(self, mast: Mast) -> MastKeys:
        """Return the store's keys of a mast: hashes of all that shapes each entry."""
        place = (mast.x_m, mast.y_m, mast.height_m, mast.freqs_mhz)
        found = self._keys.get(place)
        if found is not None:
            return found
        window, grid = self.window(mast), self._ground.grid
        shaped_by: dict[str, Any] = {
            "engine": engine_fingerprint(),
            "settings": asdict(self.settings),
            "grid": [grid.x0_m, grid.y0_m, grid.cell_m],
            "terrain": self._terrain.of(window),
            "landcover": self._land.of(window) if self._land else None,
            "clutter": self._told() if self._land else None,
            "mast": [mast.x_m, mast.y_m, mast.height_m],
        }
        zones = self._zones.digest(window) if self._zones else None
        if zones is not None:  # no key of its own, so that a sea elsewhere changes nothing here
            shaped_by["zones"] = zones
        found = _keys(shaped_by, mast, whole=True)
        if self._asked is not None and not self._has_all(found):
            found = _keys({**shaped_by, "asked": self._asked.digest(window)}, mast, whole=False)
        self._keys[place] = found
        return found

    def _has_all(self, keys: MastKeys) -> bool:
        return all(self._store.has(key) for key in (*keys.bands, keys.elevation))

    def _told(self) -> list[Any]:
        """Return how land cover becomes clutter, for the keys."""
        heights = sorted(self._clutter.heights_m.items())
        return heights if self._along else [heights, sorted(self._clutter.environments.items())]

    def ensure(self, masts: Sequence[Mast], progress: Progress) -> LossReport:
        """Compute every entry the store lacks; what a model refuses becomes a problem.

        Raises
        ------
        CrewError
            When workers cannot be had, or what they computed does not reach the store.
        """
        report = LossReport()
        progress.start("propagation", len(masts), "Path loss of the masts")
        lacking = [mast for mast in masts if self._crew and not self.kept(mast)]
        if self._crew is not None and lacking:
            for done in self._crew.each(self.alone, lacking):
                report.add(done)
                progress.advance("propagation")
            self._see_all(lacking, report)
        elsewhere = set(map(id, lacking))
        self._one_after_another([m for m in masts if id(m) not in elsewhere], report, progress)
        return report

    def _one_after_another(
        self, masts: Sequence[Mast], report: LossReport, progress: Progress
    ) -> None:
        """Compute masts here: while one is swept, another is packed, and the next's ground read.

        A sweep uses all threads but for its beginning and end; packing and reading use one each.
        """
        with ThreadPoolExecutor(1, "store") as packer, ThreadPoolExecutor(1, "ground") as reader:
            before: tuple[MastKeys, Future[int]] | None = None
            grounds = _ahead(reader, self._lacking_ground, masts)
            for mast, surface in zip(masts, grounds, strict=True):
                started = time.perf_counter()
                if before is not None and before[0].elevation == self.keys(mast).elevation:
                    before[1].result()  # at the same place, maybe in some of the same bands
                found = self._find(mast, report, surface=surface)
                if before is not None:
                    report.pixels += before[1].result()
                before = (self.keys(mast), packer.submit(self._keep_all, mast, found))
                if found:
                    report.seconds += time.perf_counter() - started
                progress.advance("propagation")
            if before is not None:
                started = time.perf_counter()
                report.pixels += before[1].result()
                report.seconds += time.perf_counter() - started

    def alone(self, mast: Mast) -> LossReport:
        """Compute one mast, as a worker does."""
        report = LossReport()
        self.compute(mast, report)
        return report

    def pixels(self, mast: Mast) -> int:
        """Return how many pixels times bands a mast takes at most: its disc, within the grid."""
        window = self.window(mast).intersect(self._ground.grid.window)
        disc = np.pi * (self.settings.radius_m / self._ground.grid.cell_m) ** 2
        return int(min(disc, window.rows * window.cols) * len(mast.freqs_mhz))

    def kept(self, mast: Mast) -> bool:
        """Whether the store has every entry of a mast."""
        return self._has_all(self.keys(mast))

    def _see_all(self, masts: Sequence[Mast], report: LossReport) -> None:
        """Refuse losses that workers have put where this process does not find them."""
        lost = [
            mast
            for mast in masts
            if not all(
                (mast.site_id, mast.height_m, freq) in report.problems or self._store.has(key)
                for freq, key in zip(mast.freqs_mhz, self.keys(mast).bands, strict=True)
            )
        ]
        if lost:
            raise CrewError(
                "{count} masts were computed by workers, but are not in the store",
                Where(file=str(self._store.place)),
                "workers must see the study's folder, and may write to it, under the same path",
                {"count": len(lost)},
            )

    def compute(self, mast: Mast, report: LossReport, *, again: bool = False) -> None:
        """Compute the bands of one mast that the store lacks (``again``: every band)."""
        started = time.perf_counter()
        found = self._find(mast, report, again=again)
        report.pixels += self._keep_all(mast, found)
        if found:
            report.seconds += time.perf_counter() - started

    def _lacking_ground(self, mast: Mast) -> Surface | None:
        """Return the ground round a mast that the store lacks; None where it has it."""
        return None if self.kept(mast) else self._surface(mast)

    def _find(
        self,
        mast: Mast,
        report: LossReport,
        *,
        again: bool = False,
        surface: Surface | None = None,
    ) -> list[PathLoss]:
        """Return what the store lacks of a mast (``again``: all of it), and count it.

        ``surface`` is the ground round it; None: it is read if it is needed.
        """
        keys = self.keys(mast)
        wanted = [
            f
            for f, key in zip(mast.freqs_mhz, keys.bands, strict=True)
            if again or not self._store.has(key)
        ]
        if not wanted and self._store.has(keys.elevation):
            report.from_store += 1
            return []
        surface = surface or self._surface(mast)
        losses = self._propagate(mast, surface, wanted or list(mast.freqs_mhz[:1]), report)
        report.computed += bool(losses)
        return losses

    def _keep_all(self, mast: Mast, losses: Sequence[PathLoss]) -> int:
        """Write what a model gave to the store; return its pixels times bands."""
        keys = self.keys(mast)
        by_band = dict(zip(mast.freqs_mhz, keys.bands, strict=True))
        for loss in losses:
            self._keep(mast, loss, by_band, keys.elevation)
        return sum(int(np.count_nonzero(~np.isnan(loss.loss_db))) for loss in losses)

    def _propagate(
        self, mast: Mast, surface: Surface, freqs_mhz: list[float], report: LossReport
    ) -> list[PathLoss]:
        """Run the model on all bands at once, or one by one where it refuses some."""
        transmitter = Transmitter(mast.x_m, mast.y_m, mast.height_m)
        try:
            return [propagate(surface, transmitter, freqs_mhz, self.settings)]
        except ModelError as problem:
            if len(freqs_mhz) == 1:
                place = (mast.site_id, mast.height_m, freqs_mhz[0])
                report.problems[place] = str(problem).splitlines()[0]
                return []
        return [
            loss for freq in freqs_mhz for loss in self._propagate(mast, surface, [freq], report)
        ]

    def _surface(self, mast: Mast) -> Surface:
        """Read the ground (and what grows on it) round a mast."""
        window = self.window(mast)
        west, _, _, north = self._ground.grid.bounds_of(window)
        clutter = end = None
        if self._land is not None and self._ground.landcover is not None:
            classes = self._ground.landcover.read(window)
            if self._along:
                clutter = clutter_height_m(classes, self._clutter)
            else:
                end = end_classes(classes, self._clutter)
        heights = self._ground.terrain.read(window)
        zones = self._zones.read(window) if self._zones else None
        asked = None
        if self._asked is not None and not self.keys(mast).whole:
            asked = self._asked.mask(window)
        return Surface(
            heights, west, north, self._ground.grid.cell_m, clutter, zones, end, asked=asked
        )

    def _keep(
        self, mast: Mast, loss: PathLoss, by_band: dict[float, str], elevation_key: str
    ) -> None:
        """Write what a model gave to the store."""
        outer = self.window(mast)
        rows, cols = loss.elevation_deg.shape
        window = Window(outer.row0 + loss.row0, outer.col0 + loss.col0, rows, cols)
        about = {"site_id": mast.site_id, "height_m": mast.height_m, "model": self.settings.model}
        for freq, values in zip(loss.freqs_mhz, loss.loss_db, strict=True):
            self._store.write(
                by_band[freq], window, values, LOSS_STEP_DB, {**about, "freq_mhz": freq}
            )
        self._store.write(elevation_key, window, loss.elevation_deg, ELEVATION_STEP_DEG, about)

    def read(
        self, mast: Mast, window: Window, problems: dict[tuple[str, float, float], str]
    ) -> tuple[NDArray[np.int16], NDArray[np.int16]] | None:
        """Return loss steps (bands, rows, cols) and elevation steps over a window.

        Bands the model refused are ``NODATA`` throughout; None when it refused all.

        Raises
        ------
        EntryError
            When the store lacks an entry or holds a damaged one.
        """
        keys = self.keys(mast)
        refused = [(mast.site_id, mast.height_m, f) in problems for f in mast.freqs_mhz]
        if all(refused):
            return None
        bands = np.full((len(keys.bands), *window.shape), np.iinfo(np.int16).min, dtype=np.int16)
        for i, key in enumerate(keys.bands):
            if not refused[i]:
                bands[i], _ = self._store.read_ticks(key, window)
        elevation, _ = self._store.read_ticks(keys.elevation, window)
        return bands, elevation

    def all_keys(self, masts: Sequence[Mast]) -> set[str]:
        """Return the keys of every entry these masts need (to keep when pruning)."""
        return {
            key for mast in masts for key in (*self.keys(mast).bands, self.keys(mast).elevation)
        }


def _ahead(
    pool: ThreadPoolExecutor, work: Callable[[Mast], Surface | None], masts: Sequence[Mast]
) -> Iterator[Surface | None]:
    """Give what ``work`` makes of each mast, begun while the one before is in use."""
    coming = pool.submit(work, masts[0]) if masts else None
    for following in (*masts[1:], None):
        if coming is not None:
            surface = coming.result()
            coming = None if following is None else pool.submit(work, following)
            yield surface


def _keys(shaped_by: dict[str, Any], mast: Mast, *, whole: bool) -> MastKeys:
    """Return the store's keys of a mast that all this shapes."""
    return MastKeys(
        tuple(entry_key({**shaped_by, "freq_mhz": f}) for f in mast.freqs_mhz),
        entry_key({**shaped_by, "elevation_deg": ELEVATION_STEP_DEG}),
        whole,
    )


def _at_work(engine: str, ground: Ground, study: Study, store: PathLossStore) -> Losses:
    """Return losses in a worker, whose propagation has to be that of who asks."""
    if engine != engine_fingerprint():
        raise CrewError(
            "the phusong of worker {machine} computes propagation otherwise than this one",
            mend="install the same version everywhere",
            params={"machine": platform.node()},
        )
    return Losses(ground, study, store)
