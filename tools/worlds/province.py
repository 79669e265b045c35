"""A made-up province with results, for the tests and the benchmark of the map.

Terrain, borders and cables are drawn by a seed; coverage figures are made up from distance and
height, not computed: only the map is under test here.
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from pyproj import CRS
from scipy import ndimage
from shapely.geometry import LineString, Point, box

from phusong.checks import Findings, rules
from phusong.errors import Where
from phusong.fiber.assess import assess_fiber
from phusong.grid import Grid
from phusong.indicators.figures import compute_indicators
from phusong.results.model import Results
from phusong.sources.inputs import Inputs, Raster
from phusong.study import Study
from worlds.rasters import make_coverage, make_signal, write_raster

CRS_M = CRS.from_epsg(32648)
X0, Y0 = 450_000.0, 2_560_000.0
FIRST = ("Đồng", "Bản", "Nà", "Pắc", "Khuổi", "Lũng", "Thượng", "Hạ", "Tân", "Sơn", "Phú", "Vĩnh")
SECOND = (
    "Văn",
    "Lạc",
    "Hương",
    "Pồ",
    "Cáy",
    "Sình",
    "Bình",
    "Thịnh",
    "Yên",
    "Đường",
    "Mèo",
    "Giàng",
)


def make_world(
    folder: Path,
    *,
    communes: int = 12,
    villages: int = 120,
    sites: int = 40,
    operators: tuple[str, ...] = ("Viettel", "VNPT"),
    cells_of_grid: int = 600,
    cell_m: float = 60.0,
    seed: int = 7,
    crs: CRS = CRS_M,
    corner: tuple[float, float] = (X0, Y0),
    names: dict[int, str] | None = None,
    study_name: str = "Tỉnh mẫu Hà Sơn (synthetic)",
) -> Results:
    """Make a province of ``cells_of_grid`` cells a side.

    Parameters
    ----------
    names
        Village row -> name, to plant hostile ones.
    """
    rng = np.random.default_rng(seed)
    folder.mkdir(parents=True, exist_ok=True)
    grid = Grid(
        crs, corner[0], corner[1] + cells_of_grid * cell_m, cell_m, cells_of_grid, cells_of_grid
    )
    heights = _relief(rng, cells_of_grid)
    terrain = Raster(
        write_raster(folder / "dem.tif", heights, grid, "float32", nodata=-9999), grid, "0"
    )
    area = box(*grid.bounds).buffer(-8 * cell_m)
    commune_frame, village_frame = _borders(rng, area, grid, heights, communes, villages)
    for row, name in (names or {}).items():
        village_frame.loc[row, "name"] = name
    site_frame, cell_frame = _masts(rng, grid, sites, operators, village_frame)
    cables, pops, centres = _fibre(rng, commune_frame)
    roads = gpd.GeoDataFrame(
        {
            "road_id": [f"r{i}" for i in range(len(cables))],
            "kind": "secondary",
            "surface": "paved",
            "row": range(len(cables)),
        },
        geometry=cables.geometry.to_numpy(),
        crs=crs,
    )
    inputs = Inputs(
        crs=crs,
        grid=grid,
        communes=commune_frame,
        villages=village_frame,
        commune_centres=centres,
        sites=site_frame,
        cells=cell_frame,
        cables=cables,
        pops=pops,
        roads=roads,
        terrain=terrain,
        filled=None,
        landcover=None,
        people=None,
        sources={},
        rivers=_rivers(grid),
    )
    study = _study(study_name)
    findings = _findings(inputs)
    signal = make_signal(rng, folder, grid, heights, cell_frame, site_frame, operators)
    coverage = make_coverage(rng, inputs, signal, operators)
    people = coverage.villages.groupby("commune_code")["people"].sum()
    fiber = assess_fiber(inputs, study, findings, people)
    indicators = compute_indicators(study, coverage, fiber, len(commune_frame))
    return Results(study, inputs, findings, signal, coverage, fiber, indicators)


def without(world: Results, *parts: str) -> Results:
    """Return the world with some results missing."""
    return replace(world, **dict.fromkeys(parts))


def _study(name: str) -> Study:
    return Study.model_validate(
        {
            "study": {
                "name": name,
                "period": "2026-Q4",
                "publisher": "Sở Khoa học và Công nghệ",
                "assumptions": ["Every number here is synthetic."],
                "synthetic": True,
            },
            "boundaries": {"communes": {"path": "c.gpkg"}, "villages": [{"path": "v.gpkg"}]},
            "towers": [{"path": "t.csv"}],
            "terrain": {"dem": ["d.tif"]},
            "fiber": {"cables": [{"path": "f.gpkg"}], "in_service": ["khai thác"]},
        }
    )


def _relief(rng: np.random.Generator, size: int) -> np.ndarray:
    """Ridged noise over four scales: sharp crests, wide valleys."""
    heights = np.zeros((size, size))
    for octave, gain in ((size / 4, 1.0), (size / 9, 0.5), (size / 20, 0.25), (size / 50, 0.1)):
        noise = ndimage.gaussian_filter(rng.standard_normal((size, size)), octave / 2.5)
        heights += gain * (1 - np.abs(noise) / (2 * noise.std()))
    heights = (heights - heights.min()) / (heights.max() - heights.min())
    return (120 + 1400 * heights**1.6).astype(np.float32)


def _name(rng: np.random.Generator) -> str:
    return f"{rng.choice(FIRST)} {rng.choice(SECOND)}"


def _partition(rng: np.random.Generator, area: Any, count: int) -> list[Any]:
    """Cut an area into polygons with wavy shared borders."""
    west, south, east, north = area.bounds
    points = []
    while len(points) < count:
        point = Point(rng.uniform(west, east), rng.uniform(south, north))
        if area.contains(point):
            points.append(point)
    if count == 1:
        return [area]
    parts = shapely.voronoi_polygons(shapely.MultiPoint(points), extend_to=area).geoms
    cut = [part.intersection(area) for part in parts]
    return [part for part in cut if part.area > 0]


def _wavy(shapes: np.ndarray, reach_m: float) -> np.ndarray:
    """Bend every border the same way on both sides, as rivers and ridges do."""
    dense = shapely.segmentize(shapely.set_precision(shapes, 1.0), reach_m * 1.5)

    def bend(xy: np.ndarray) -> np.ndarray:
        x, y = xy[:, 0], xy[:, 1]
        wave = 2 * np.pi / (reach_m * 9)
        return np.column_stack(
            (
                x + reach_m * (0.6 * np.sin(y * wave) + 0.15 * np.sin(y * wave * 2.7 + 1)),
                y + reach_m * (0.6 * np.sin(x * wave + 2) + 0.15 * np.sin(x * wave * 3.1)),
            )
        )

    return shapely.transform(dense, bend)


def _borders(
    rng: np.random.Generator,
    area: Any,
    grid: Grid,
    heights: np.ndarray,
    communes: int,
    villages: int,
) -> tuple[gpd.GeoDataFrame, gpd.GeoDataFrame]:
    commune_shapes = _partition(rng, area, communes)
    share = np.array([shape.area for shape in commune_shapes])
    counts = np.maximum(1, np.round(villages * share / share.sum()).astype(int))
    village_shapes, owner = [], []
    for row, (shape, count) in enumerate(zip(commune_shapes, counts, strict=True)):
        parts = _partition(rng, shape, int(count))
        village_shapes += parts
        owner += [row] * len(parts)
    step = grid.cell_m * 5
    village_geometry = _wavy(np.array(village_shapes, dtype=object), step)
    commune_geometry = np.array(
        [
            shapely.union_all(village_geometry[np.array(owner) == row], grid_size=1.0)
            for row in range(len(commune_shapes))
        ],
        dtype=object,
    )
    codes = [f"{10_000 + row}" for row in range(len(commune_shapes))]
    names = [f"Xã {_name(rng)}" for _ in commune_shapes]
    names[0] = "Xã Đồng Văn"
    commune_frame = gpd.GeoDataFrame(
        {"code": codes, "name": names, "row": range(1, len(codes) + 1)},
        geometry=commune_geometry,
        crs=grid.crs,
    )
    centres = [_lowest(shape, grid, heights) for shape in village_geometry]
    people = np.round(rng.lognormal(5.6, 0.6, len(village_geometry)))
    village_frame = gpd.GeoDataFrame(
        {
            "code": [f"{codes[o]}{row:04d}" for row, o in enumerate(owner)],
            "name": [f"Thôn {_name(rng)} {row}" for row in range(len(owner))],
            "commune_code": [codes[o] for o in owner],
            "population": people,
            "kind": "polygon",
            "centre_x_m": [c[0] for c in centres],
            "centre_y_m": [c[1] for c in centres],
            "centre_source": "file",
            "flags": "",
            "row": range(1, len(owner) + 1),
        },
        geometry=village_geometry,
        crs=grid.crs,
    )
    village_frame.loc[0, "name"] = "Thôn Đồng Văn Thượng"
    return commune_frame, village_frame


def _lowest(shape: Any, grid: Grid, heights: np.ndarray) -> tuple[float, float]:
    """Settle in the valley: the lowest of some points inside."""
    inside = shape.representative_point()
    spots = [(inside.x, inside.y)]
    reach = np.sqrt(shape.area) / 4
    for angle in np.linspace(0, 2 * np.pi, 9)[:-1]:
        spot = Point(inside.x + reach * np.cos(angle), inside.y + reach * np.sin(angle))
        if shape.contains(spot):
            spots.append((spot.x, spot.y))
    row, col = grid.cell_of(np.array([s[0] for s in spots]), np.array([s[1] for s in spots]))
    row, col = np.clip(row, 0, grid.rows - 1), np.clip(col, 0, grid.cols - 1)
    return spots[int(np.argmin(heights[row, col]))]


def _masts(
    rng: np.random.Generator,
    grid: Grid,
    count: int,
    operators: tuple[str, ...],
    villages: gpd.GeoDataFrame,
) -> tuple[gpd.GeoDataFrame, pd.DataFrame]:
    near = villages.iloc[rng.choice(len(villages), size=min(count, len(villages)), replace=False)]
    x = near["centre_x_m"].to_numpy() + rng.normal(0, 300, len(near))
    y = near["centre_y_m"].to_numpy() + rng.normal(0, 300, len(near))
    ids = [f"HS{row:04d}" for row in range(len(near))]
    sites = gpd.GeoDataFrame(
        {"site_id": ids, "x_m": x, "y_m": y, "in_area": True, "position_error_m": np.nan},
        geometry=gpd.points_from_xy(x, y),
        crs=grid.crs,
    )
    rows = []
    for row, site in enumerate(ids):
        operator = operators[row % len(operators)]
        for sector in range(3):
            rows.append(
                {
                    "cell_id": f"{site}-{sector + 1}",
                    "site_id": site,
                    "operator": operator,
                    "technology": "NR" if (row % 5 == 0 and sector == 0) else "LTE",
                    "freq_mhz": 1800.0,
                    "bandwidth_mhz": np.nan,
                    "height_m": 35.0 + row % 15,
                    "azimuth_deg": float((row * 37 + sector * 120) % 360),
                    "mechanical_tilt_deg": 2.0,
                    "electrical_tilt_deg": 3.0,
                    "eirp_dbm": 60.0,
                    "horizontal_beamwidth_deg": np.nan,
                    "vertical_beamwidth_deg": np.nan,
                    "antenna_file": None,
                    "in_service": row % 17 != 3,
                    "height_assumed": row % 4 == 0,
                    "eirp_assumed": row % 6 == 0,
                    "technology_assumed": False,
                    "freq_assumed": False,
                    "operator_assumed": False,
                    "position_estimated": False,
                    "file": "towers.csv",
                    "row": len(rows) + 1,
                }
            )
    return sites, pd.DataFrame(rows)


def _fibre(
    rng: np.random.Generator, communes: gpd.GeoDataFrame
) -> tuple[gpd.GeoDataFrame, gpd.GeoDataFrame, gpd.GeoDataFrame]:
    points = [shape.representative_point() for shape in communes.geometry]
    xy = np.array([(p.x, p.y) for p in points])
    lines, status = [], []
    joined = [0]
    for row in range(1, len(points)):
        nearest = joined[int(np.argmin(np.hypot(*(xy[joined] - xy[row]).T)))]
        joined.append(row)
        if row % 6 == 5:
            continue
        bends = np.linspace(0, 1, 14)[:, None]
        path = xy[nearest] + bends * (xy[row] - xy[nearest])
        path[1:-1] += rng.normal(0, 250, (12, 2))
        if row % 7 == 3:
            path[0] += 40.0
        lines.append(LineString(path))
        status.append("quy hoạch" if row % 11 == 4 else "khai thác")
    cables = gpd.GeoDataFrame(
        {
            "cable_id": [f"C{i}" for i in range(len(lines))],
            "owner": "VNPT",
            "status": status,
            "kind": "ADSS",
            "cores": 24.0,
            "group": None,
            "in_service": [s == "khai thác" for s in status],
            "file": "f.gpkg",
            "row": range(1, len(lines) + 1),
        },
        geometry=lines,
        crs=communes.crs,
    )
    pops = gpd.GeoDataFrame(
        {"pop_id": ["POP1"], "name": ["PoP Hà Sơn"], "file": ["p.csv"], "row": [1]},
        geometry=[points[0]],
        crs=communes.crs,
    )
    centres = gpd.GeoDataFrame(
        {
            "commune_code": communes["code"],
            "name": "Trung tâm " + communes["name"],
            "source": "file",
            "row": range(1, len(communes) + 1),
        },
        geometry=points,
        crs=communes.crs,
    )
    return cables, pops, centres


def _rivers(grid: Grid) -> gpd.GeoDataFrame:
    """A river that winds across the province into a lake."""
    west, south, east, north = grid.bounds
    along = np.linspace(0, 1, 400)
    x = west + (east - west) * along
    y = south + (north - south) * (0.35 + 0.3 * along + 0.04 * np.sin(along * 40))
    lake = Point(x[250], y[250]).buffer((east - west) / 40)
    return gpd.GeoDataFrame(
        {"name": ["Sông <b>Gâm</b>", "Hồ Nà Hang"]},
        geometry=[LineString(np.column_stack((x, y))), lake],
        crs=grid.crs,
    )


def _findings(inputs: Inputs) -> Findings:
    """Real rules of the table, at made-up places."""
    findings = Findings()
    by_severity = {"error": [], "warning": [], "info": []}
    for number, rule in rules().items():
        by_severity[str(rule.severity)].append(number)
    for row, number in enumerate((by_severity["warning"] + by_severity["info"])[:6]):
        village = inputs.villages.iloc[row]
        findings.add(
            number,
            Where("villages.gpkg", "thon", row + 1),
            village["code"],
            x_m=float(village["centre_x_m"]) + 500,
            y_m=float(village["centre_y_m"]) + 300,
        )
    return findings
