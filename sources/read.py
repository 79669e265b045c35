"""Reading everything a study names: all of it is looked at before anything is refused."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import PurePath
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from pyproj import CRS

from phusong.checks import Findings, Severity
from phusong.errors import InputError, Where
from phusong.grid import Grid
from phusong.memory import give_back
from phusong.progress import NoProgress, Progress
from phusong.sources.alterations.carried_out import with_scenario
from phusong.sources.boundaries.centres import commune_centres, village_centres
from phusong.sources.boundaries.communes import read_communes
from phusong.sources.boundaries.villages import read_villages
from phusong.sources.cables.backhaul import no_backhaul
from phusong.sources.cables.doubles import single_cables, single_pops
from phusong.sources.cables.lines import (
    CABLE_COLUMNS,
    ROAD_COLUMNS,
    empty,
    read_cables,
    read_roads,
    report_heights,
)
from phusong.sources.cables.linklists import read_hanging
from phusong.sources.cables.pops import POP_COLUMNS, read_pops, report_lonely_pops, unique_ids
from phusong.sources.crs import STUDY_FILE, Area, exchanged_against, study_crs, to_study
from phusong.sources.datum import report_way
from phusong.sources.digest import digests, sha256
from phusong.sources.gdal import refuse_unknown_drivers
from phusong.sources.inputs import Inputs, Raster
from phusong.sources.left_out import Tally, report_share
from phusong.sources.namesakes.located import located_villages
from phusong.sources.rasters.landcover import read_landcover
from phusong.sources.rasters.people import read_people, report_people
from phusong.sources.rasters.rasterfile import RasterFile, bounds_in, near, open_raster
from phusong.sources.rasters.studygrid import around, footprint, study_grid
from phusong.sources.rasters.terrain import Terrain, prepare_terrain
from phusong.sources.rasters.terrain_checks import ground_at, report_bare, report_terrain
from phusong.sources.tables import headers
from phusong.sources.tables.coordinates.points import middles
from phusong.sources.tables.headers import Role
from phusong.sources.tables.layers import Records, place_of, read_layer
from phusong.sources.tables.ogr import Box
from phusong.sources.towers.cells import read_cells
from phusong.sources.towers.heights import report_above_sea
from phusong.sources.towers.operators import report_alike
from phusong.sources.towers.planners.folders import with_tables
from phusong.sources.towers.planners.joined import read_export
from phusong.sources.towers.sites import group_sites, leave_out, too_far
from phusong.sources.vn2000 import report_other_zone
from phusong.sources.water import no_rivers, read_rivers
from phusong.study import Layer, Study, TowersSource, VillagesSource

REACH_M = 50_000.0
"""Records farther than this outside the communes' bounds do not belong to the study."""
_WGS84 = CRS.from_epsg(4326)


@dataclass
class _Read:
    """What has been read so far; None where a finding left nothing."""

    communes: gpd.GeoDataFrame | None = None
    area: Area | None = None
    villages: gpd.GeoDataFrame | None = None
    centres: gpd.GeoDataFrame | None = None
    sites: gpd.GeoDataFrame | None = None
    cells: pd.DataFrame | None = None
    cables: gpd.GeoDataFrame | None = None
    pops: gpd.GeoDataFrame | None = None
    roads: gpd.GeoDataFrame | None = None
    rivers: gpd.GeoDataFrame | None = None
    backhaul: pd.DataFrame = field(default_factory=no_backhaul)
    dem: list[RasterFile] = field(default_factory=list)
    grid: Grid | None = None
    terrain: Terrain | None = None
    people: Raster | None = None
    landcover: Raster | None = None


def read_inputs(study: Study, findings: Findings, progress: Progress | None = None) -> Inputs:
    """Read and check every file of a study.

    Parameters
    ----------
    study
        The study; prepared rasters are kept in its work folder.
    findings
        Takes everything that is wrong, of all files, before a run is stopped.
    progress
        Told about the steps.

    Returns
    -------
    Inputs
        Frames in one projected metric CRS and rasters on one grid, the study's scenario carried
        out.

    Raises
    ------
    ChecksFailed
        When a finding is of severity error.
    InputError
        When an error was lowered by the study, and without the thing there is no going on.
    StudyError
        When the study's scenario cannot be carried out.
    """
    reading = _Reading(study, findings, progress or NoProgress())
    reading.everything()
    findings.stop_on_errors()
    inputs = reading.inputs()
    del reading
    give_back()
    return inputs if study.scenario is None else with_scenario(inputs, study.scenario)


def check_inputs(study: Study, progress: Progress | None = None) -> Findings:
    """Look at everything a study names, errors or not, and return what was found."""
    findings = Findings(study.checks.severity)
    _Reading(study, findings, progress or NoProgress()).everything()
    return findings


class _Reading:
    """One pass over a study's files."""

    def __init__(self, study: Study, findings: Findings, progress: Progress) -> None:
        self.study = study
        self.findings = findings
        self.progress = progress
        self.got = _Read()
        self.tally = Tally()

    def everything(self) -> None:
        """Read in the order in which things depend on each other."""
        steps: list[Callable[[], None]] = [
            self._open_dem,
            self._communes,
            self._villages,
            self._centres,
            self._towers,
            self._fiber,
            self._backhaul,
            self._roads,
            self._rivers,
            self._terrain,
            self._people,
            self._landcover,
        ]
        refuse_unknown_drivers(self.study.gdal)
        self.progress.start("sources", len(steps), "Reading the files")
        for step in steps:
            self._told(step)
            self.progress.advance("sources")
        self.tally.report(self.study, self.findings)

    def _told(self, step: Callable[[], None]) -> None:
        """Take a step; a file that fails while it is read is a finding as good as any."""
        try:
            step()
        except InputError as error:
            self.findings.refuse(error, PurePath(error.where.file).name)

    def inputs(self) -> Inputs:
        """Return what was read, once no error is left.

        Raises
        ------
        InputError
            When something that cannot be done without is missing.
        """
        got = self.got
        for noun, part in (
            ("communes", got.communes),
            ("villages", got.villages),
            ("cells", got.cells),
            ("terrain", got.terrain),
        ):
            if part is None or (isinstance(part, pd.DataFrame) and part.empty):
                raise InputError(
                    "no {noun} could be read, and there is no going on without",
                    Where(file=STUDY_FILE),
                    "mend the findings that the study lowers from error",
                    {"noun": noun},
                )
        assert got.cells is not None
        assert got.area is not None
        assert got.grid is not None
        assert got.terrain is not None
        crs = got.area.crs
        return Inputs(
            crs=crs,
            grid=got.grid,
            communes=got.communes,
            villages=got.villages,
            commune_centres=got.centres,
            sites=got.sites,
            cells=got.cells,
            cables=got.cables if got.cables is not None else empty(CABLE_COLUMNS, crs),
            pops=got.pops if got.pops is not None else empty(POP_COLUMNS, crs),
            roads=got.roads if got.roads is not None else empty(ROAD_COLUMNS, crs),
            terrain=got.terrain.heights,
            filled=got.terrain.filled,
            landcover=got.landcover,
            people=got.people,
            sources=digests(self.study),
            backhaul=got.backhaul,
            rivers=got.rivers,
        )

    def _ask(
        self, layer: Layer, role: Role, bbox: Box | None = None, empty_rule: str = "S06"
    ) -> Records | None:
        """Read a layer and keep in mind how many records it was asked for."""
        records = read_layer(
            self.study,
            layer,
            role,
            self.findings,
            bbox,
            empty_rule=empty_rule,
            place=self._place(),
        )
        if records is not None and role is not headers.RIVERS:
            self.tally.asked(records.where, records.total)
        return records

    def _place(self) -> Any:
        """Return the communes in degrees, before they are read the DEM's box; None without."""
        if self.got.area is not None:
            return self.got.area.in_degrees
        if not self.got.dem:
            return None
        return shapely.box(*self._dem_box())

    def _dem_box(self) -> tuple[float, float, float, float]:
        """Return (west, south, east, north) of the DEM in degrees."""
        boxes = np.array([bounds_in(file, _WGS84) for file in self.got.dem])
        boxes[boxes[:, 0] >= 180, ::2] -= 360
        west, south = boxes[:, :2].min(axis=0).tolist()
        east, north = boxes[:, 2:].max(axis=0).tolist()
        return west, south, east, north

    def _layer(self, layer: Layer, role: Role, of: int = 1) -> Records | None:
        """Read a layer and bring it into the study's CRS, where that is known.

        One of several layers (``of``) may be empty; T01 and its like speak if all are.
        """
        rule = "S06" if of == 1 else "S25"
        records = self._ask(layer, role, empty_rule=rule)
        if records is None or self.got.area is None:
            return None
        area = self.got.area
        bounds = shapely.bounds(records.frame.geometry.to_numpy())
        report_other_zone(
            records.frame.crs, *middles(bounds), area.in_degrees, records.where, self.findings
        )
        moved = to_study(records, area.crs, self.findings, area, REACH_M)
        return None if moved.frame.empty else moved

    def _open_dem(self) -> None:
        terrain = self.study.terrain
        for path in terrain.dem:
            where = Where(file=self.study.named(path).as_posix())
            file = open_raster(
                self.study.resolve(path),
                where,
                terrain.crs,
                self.findings,
                "heights",
                terrain.unit,
                self.study,
            )
            if file is not None:
                self.got.dem.append(file)

    def _communes(self) -> None:
        layer = self.study.boundaries.communes
        records = self._ask(layer, headers.COMMUNES)
        crs = study_crs(self.study, records, self.findings)
        if records is None:
            return
        if self.got.dem and exchanged_against(records, self._dem_box(), self.findings):
            return
        # Without a CRS the coordinates are no degrees; any zone will do to say so.
        moved = to_study(records, crs or CRS.from_epsg(32648), self.findings)
        if crs is None or moved.frame.empty:
            return
        communes = read_communes(moved, self.findings)
        if communes is not None:
            self.got.communes = communes
            self.got.area = Area(crs, communes.geometry.union_all())

    def _villages(self) -> None:
        boundaries = self.study.boundaries
        of = len(boundaries.villages)
        layers = [
            self._layer(layer, headers.VILLAGES, of)
            if layer.matches is None
            else self._by_name(layer)
            for layer in boundaries.villages
        ]
        found = [layer for layer in layers if layer is not None]
        if not found or self.got.communes is None or self.got.area is None:
            return
        villages = read_villages(
            found,
            self.got.communes,
            self.got.area,
            self._radius_m,
            boundaries.lone_village_radius_m,
            self.findings,
        )
        self.got.villages = villages if len(villages) else None

    def _by_name(self, layer: VillagesSource) -> Records | None:
        """Read a list of names, at the places that a person has confirmed."""
        got = self.got
        if got.communes is None or got.area is None:
            return None
        read = located_villages(self.study, layer, got.communes, got.area, REACH_M, self.findings)
        if read is None:
            return None
        records, where, total = read
        self.tally.asked(where, total)
        return None if records is None or records.frame.empty else records

    def _centres(self) -> None:
        boundaries = self.study.boundaries
        layers = [
            self._layer(layer, headers.COMMUNE_CENTRES, len(boundaries.commune_centres))
            for layer in boundaries.commune_centres
        ]
        found = [layer for layer in layers if layer is not None]
        if self.got.communes is not None:
            self.got.centres = commune_centres(found, self.got.communes, self.findings)
        if boundaries.village_centres is None:
            return
        records = self._layer(boundaries.village_centres, headers.VILLAGE_CENTRES)
        if records is not None and self.got.villages is not None:
            self.got.villages = village_centres(records, self.got.villages, self.findings)

    @property
    def _radius_m(self) -> float:
        return self.study.radio.radius_km * 1000

    def _towers(self) -> None:
        read = []
        for source in self.study.towers:
            try:
                records = self._tower_list(source)
            except InputError as error:
                self.findings.refuse(error, PurePath(error.where.file).name)
                continue
            if records is not None:
                read.append(read_cells(records, source, self.findings, self.study.folder))
        self.tally.stayed(read)
        area = self.got.area
        if area is None:
            return
        cells = pd.concat(read, ignore_index=True) if read else None
        if cells is None or cells.empty:
            self._no_cells()
            return
        report_alike(cells, self.findings)
        sites, cells = group_sites(cells, area, self.findings)
        distance = too_far(sites, area, self._radius_m)
        self.got.sites, self.got.cells = leave_out(
            sites,
            cells,
            ~np.isnan(distance),
            "T11",
            "{site} stands {figure} km from the nearest commune",
            "{n} sites stand {low}–{high} km from the nearest commune; records {rows}",
            distance / 1000,
            self.findings,
        )
        if self.got.cells.empty:
            self._no_cells()

    def _tower_list(self, source: TowersSource) -> Records | None:
        """Read a tower list, or the tables of an export as one."""
        source = with_tables(self.study, source)
        if not source.tables:
            return self._layer(source, headers.TOWERS, len(self.study.towers))
        read = read_export(self.study, source, self.findings)
        if read is None:
            return None
        records, total = read
        self.tally.asked(records.where, total)
        area = self.got.area
        moved = None if area is None else to_study(records, area.crs, self.findings, area, REACH_M)
        return None if moved is None or moved.frame.empty else moved

    def _no_cells(self) -> None:
        """Say that no cell is left (T01), unless every towers' file has its own reason already."""
        lists = [t for s in self.study.towers for t in s.tables.values() or [s]]
        files = [place_of(layer, self.study).file for layer in lists]
        unread = {
            f.where.file
            for f in self.findings
            if f.severity is Severity.ERROR
            and f.rule.number.startswith("S")
            and f.where.row is None
        }
        if not unread.issuperset(files):
            self.findings.add("T01", Where(file=", ".join(files)))

    def _fiber(self) -> None:
        fiber = self.study.fiber
        if fiber is None:
            return
        cables, pops = [], []
        for layer in fiber.cables:
            raw = self._ask(layer, headers.CABLES, empty_rule="F01")
            if raw is None or self.got.area is None:
                continue
            report_heights(raw, self.findings)
            area = self.got.area
            moved = to_study(raw, area.crs, self.findings, area, REACH_M)
            if len(moved.frame):
                cables.append(read_cables(moved, fiber.in_service, self.findings))
        for layer in fiber.pops:
            records = self._layer(layer, headers.POPS)
            if records is not None:
                pops.append(read_pops(records, self.findings))
        self.tally.stayed(cables)
        if cables:
            drawn = pd.concat(cables, ignore_index=True)
            layer_of = np.repeat(np.arange(len(cables)), [len(c) for c in cables])
            self.got.cables = single_cables(drawn, layer_of, fiber.snap_tolerance_m, self.findings)
        if pops:
            named = pd.concat(pops, ignore_index=True)
            named = single_pops(named, fiber.pop_snap_m, self.findings)
            self.got.pops = unique_ids(named, self.findings)
        if self.got.cables is not None and self.got.pops is not None:
            report_lonely_pops(self.got.pops, self.got.cables, fiber.pop_snap_m, self.findings)

    def _backhaul(self) -> None:
        layers = self.study.fiber.backhaul if self.study.fiber is not None else []
        if layers:
            pops = [] if self.got.pops is None else self.got.pops["pop_id"].tolist()
            self.got.backhaul = read_hanging(self.study, layers, pops, self.findings)

    def _roads(self) -> None:
        area = self.got.area
        found = [
            read_roads(moved, area, self._radius_m, self.findings, layer.kind)
            for layer in self.study.roads
            if (moved := self._around(layer, headers.ROADS)) is not None and area is not None
        ]
        if found:
            self.got.roads = pd.concat(found, ignore_index=True)

    def _rivers(self) -> None:
        if not self.study.rivers:
            return
        found = [
            read_rivers(moved, self.findings)
            for layer in self.study.rivers
            if (moved := self._around(layer, headers.RIVERS)) is not None
        ]
        if self.got.area is not None:
            none = no_rivers(self.got.area.crs)
            self.got.rivers = pd.concat(found, ignore_index=True) if found else none

    def _around(self, layer: Layer, role: Role) -> Records | None:
        """Read of a layer what lies near the communes; None where nothing does."""
        area = self.got.area
        bbox = None
        if area is not None:
            west, south, east, north = area.bounds
            bbox = (west - REACH_M, south - REACH_M, east + REACH_M, north + REACH_M, area.crs)
        records = self._ask(layer, role, bbox)
        if records is None or area is None:
            return None
        moved = to_study(records, area.crs, self.findings, area, REACH_M)
        return moved if len(moved.frame) else None

    def _terrain(self) -> None:
        got, terrain = self.got, self.study.terrain
        if got.area is None or got.communes is None or not got.dem:
            return
        if len(got.dem) < len(terrain.dem):
            return
        for file in got.dem:
            report_way(file.crs, got.area.crs, got.area.lonlat, file.where, self.findings)
        hashes = [sha256(file.path) for file in got.dem]
        got.dem = near(got.dem, got.area.crs, around(got.area, self.study))
        ground = footprint(got.dem, got.area.crs)
        if not terrain.sea_level_voids:
            report_bare(ground, got.area, got.communes, got.dem[0].where, self.findings)
        frames = (got.villages, got.sites)
        places = [frame.total_bounds for frame in frames if frame is not None and len(frame)]
        got.grid = study_grid(
            got.dem,
            got.area,
            places,
            self.study.radio.cell_m,
            beyond_dem=terrain.sea_level_voids,
        )
        if got.grid is None or got.villages is None:
            return
        folder = self.study.work_folder / "prepared"
        got.terrain = prepare_terrain(
            got.dem, hashes, ground, got.grid, terrain, folder, self.progress
        )
        if terrain.sea_level_voids:
            report_bare(
                ground,
                got.area,
                got.communes,
                got.dem[0].where,
                self.findings,
                got.terrain.heights,
            )
        report_terrain(
            got.terrain, terrain, got.area, got.villages, got.dem[0].where, self.findings
        )
        if got.sites is not None and got.cells is not None and len(got.sites):
            ground = ground_at(
                got.terrain.heights, got.sites["x_m"].to_numpy(), got.sites["y_m"].to_numpy()
            )
            report_above_sea(got.sites, got.cells, ground, self.findings)
            bare = np.isnan(ground)
            lost, total = int(bare.sum()), len(bare)
            report_share(self.study, got.dem[0].where, lost, total, self.findings, ["T21"])
            got.sites, got.cells = leave_out(
                got.sites,
                got.cells,
                bare,
                "T21",
                "{site} stands where the DEM has no height",
                "{n} sites stand where the DEM has no height; records {rows}",
                np.zeros(len(bare)),
                self.findings,
            )
            if got.cells.empty:
                self._no_cells()

    def _people(self) -> None:
        """Bring people onto the grid."""
        got, study = self.got, self.study
        got.people = read_people(study, got.grid, got.area, self.findings, self.progress)
        if study.people is not None and got.people is not None and got.villages is not None:
            where = Where(file=study.named(study.people.raster).as_posix())
            report_people(got.people, got.villages, where, self.findings)

    def _landcover(self) -> None:
        """Bring land cover onto the grid."""
        got = self.got
        got.landcover = read_landcover(self.study, got.grid, got.area, self.findings, self.progress)
