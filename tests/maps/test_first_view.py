"""The first view of a page: the whole area, as large as it goes, with no land under the legend."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from phusong.maps import build_map, build_swipe_map
from phusong.results.compare import compare_runs
from worlds import province
from worlds.years import finished, later_world

pytestmark = pytest.mark.browser

MEASURE = """() => {
  const { map, book } = phusong;
  const rings = book.communes.rings.flat().map((line) => {
    let x = 0, y = 0;
    const points = [];
    for (let i = 0; i < line.length; i += 2) {
      x += line[i];
      y += line[i + 1];
      const place = L.point(book.frame.west + x, book.frame.north - y);
      points.push(map.latLngToContainerPoint(L.Projection.SphericalMercator.unproject(place)));
    }
    return points;
  });
  const inside = (x, y) => rings.some((points) => points.reduce((odd, a, i) => {
    const b = points[(i + 1) % points.length];
    return (a.y > y) !== (b.y > y) && x < a.x + ((y - a.y) / (b.y - a.y)) * (b.x - a.x) ? !odd : odd;
  }, false));
  const all = rings.flat();
  const size = map.getSize();
  const frame = document.getElementById("map").getBoundingClientRect();
  const box = document.getElementById("legend").getBoundingClientRect();
  const legend = { width: box.right - frame.left, height: frame.bottom - box.top };
  let covered = 0;
  for (let x = 12; x < legend.width; x += 6) {
    for (let y = size.y - legend.height + 3; y < size.y - 10; y += 6) covered += inside(x, y);
  }
  const xs = all.map((p) => p.x), ys = all.map((p) => p.y);
  return {
    west: Math.min(...xs), east: Math.max(...xs), north: Math.min(...ys), south: Math.max(...ys),
    width: size.x, height: size.y, legend, covered,
  };
}"""
SIZES = [(1600, 950), (1280, 720), (800, 1200), (1920, 1080), (390, 844)]


@pytest.fixture(scope="module")
def pages(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    folder = tmp_path_factory.mktemp("first")
    world = province.make_world(
        folder / "world", communes=8, villages=60, sites=14, cells_of_grid=240, cell_m=80.0
    )
    before = finished(world, folder / "before", "2025-01-01T00:00:00+00:00")
    after = finished(later_world(world), folder / "after", "2026-01-01T00:00:00+00:00")
    found = compare_runs(before, after)
    return {
        "map": build_map(world, folder / "map.html"),
        "swipe": build_swipe_map(before, after, found, folder / "swipe.html"),
    }


@pytest.mark.parametrize("page", ["map", "swipe"])
@pytest.mark.parametrize(("width", "height"), SIZES)
def test_the_area_fills_the_frame(
    page: str,
    width: int,
    height: int,
    pages: dict[str, Path],
    visit: Callable[..., Any],
    artefacts: Path,
) -> None:
    here = visit(pages[page], width=width, height=height)
    seen = here.page.evaluate(MEASURE)
    here.page.screenshot(path=artefacts / f"first-{page}-{width}.png")
    assert seen["west"] >= 0
    assert seen["north"] >= 0
    assert seen["east"] <= seen["width"]
    assert seen["south"] <= seen["height"]
    assert seen["covered"] == 0
    wide, high = seen["east"] - seen["west"], seen["south"] - seen["north"]
    legend = seen["legend"]
    shares = (
        wide / seen["width"],
        high / seen["height"],
        wide / (seen["width"] - legend["width"]),
        high / (seen["height"] - legend["height"]),
    )
    assert max(shares) >= 0.9, seen


def test_the_address_gives_the_first_view_again(
    pages: dict[str, Path], visit: Callable[..., Any]
) -> None:
    first = visit(pages["map"])
    first.rest()
    address = first.page.evaluate("location.hash")
    again = visit(pages["map"], address=address)
    one, two = (page.page.evaluate(MEASURE) for page in (first, again))
    for side in ("west", "east", "north", "south"):
        assert one[side] == pytest.approx(two[side], abs=2.5)
