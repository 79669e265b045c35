"""What is published: links that resolve on any web server, and nothing that is kept back."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from dataclasses import replace
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import urljoin
from urllib.request import urlopen

import frictionless
import geopandas as gpd
import pytest

from phusong.errors import StudyError
from phusong.exports import CsvForm
from phusong.exports.publish import publish_run
from phusong.i18n import set_language
from phusong.results.finished import FinishedRun, open_run


class Quiet(SimpleHTTPRequestHandler):
    def log_message(self, *_: object) -> None:
        """Say nothing."""


@pytest.fixture
def run(tiny_run: Path) -> FinishedRun:
    return open_run(tiny_run)


@pytest.fixture
def served(tmp_path: Path) -> Iterator[tuple[Path, str]]:
    """An empty folder, and where it is served."""
    folder = tmp_path / "public"
    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(Quiet, directory=str(folder)))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield folder, f"http://127.0.0.1:{server.server_port}/"
    server.shutdown()
    server.server_close()


def withholding(run: FinishedRun, **held: list[str]) -> FinishedRun:
    publish = run.study.publish.model_copy(update={"withhold": held})
    return replace(run, study=run.study.model_copy(update={"publish": publish}))


def fetch(url: str) -> Any:
    with urlopen(url, timeout=10) as answer:
        return json.loads(answer.read().decode("utf-8"))


@pytest.mark.parametrize("absolute", [False, True])
def test_every_link_leads_to_what_it_says(
    absolute: bool, run: FinishedRun, served: tuple[Path, str]
) -> None:
    folder, root = served
    publish_run(run, folder, CsvForm(), overwrite=False, url=root if absolute else "")
    waiting, seen, rels = [urljoin(root, "index.json")], set(), set()
    while waiting:
        url = waiting.pop()
        if url in seen:
            continue
        seen.add(url)
        document = fetch(url)
        holders = [document, *document.get("collections", [])]
        for link in (each for holder in holders for each in holder.get("links", [])):
            assert link["href"].startswith("http") == absolute
            target = urljoin(url, link["href"])
            rels.add(link["rel"])
            if link["rel"] == "self" and document in holders[:1] and "collections" not in document:
                assert target == url
            if link["type"] == "text/html":
                with urlopen(target, timeout=10) as page:
                    assert "<!doctype html>" in page.read().decode("utf-8")
            else:
                waiting.append(target)
    assert rels >= {"self", "service-desc", "conformance", "data", "items", "collection"}
    api = fetch(urljoin(root, "api.json"))
    for path in api["paths"]:
        assert urljoin(root, path) in seen


def test_items_are_geojson_with_identity_and_no_idle_digits(
    run: FinishedRun, tmp_path: Path
) -> None:
    publish_run(run, tmp_path / "p", CsvForm(), overwrite=False)
    path = tmp_path / "p/collections/villages/items.json"
    items = json.loads(path.read_text("utf-8"))
    assert items["numberMatched"] == items["numberReturned"] == len(items["features"]) == 4
    assert len({feature["id"] for feature in items["features"]}) == 4
    assert "crs" not in items
    corner = items["features"][0]["geometry"]["coordinates"][0][0]
    assert corner == [round(value, 6) for value in corner]
    assert 104 < corner[0] < 106
    assert gpd.read_file(path)["name"].tolist()[0] == "Lũng Cú"
    conformance = json.loads((tmp_path / "p/conformance.json").read_text("utf-8"))
    assert conformance == {"conformsTo": []}


def test_published_package_is_valid_in_the_language_asked_for(
    run: FinishedRun, tmp_path: Path
) -> None:
    set_language("vi")
    publish_run(run, tmp_path / "p", CsvForm(";", ","), overwrite=False)
    frictionless.system.trusted = True
    report = frictionless.Package(str(tmp_path / "p/datapackage.json")).validate()
    assert report.valid, report.flatten(["title", "message"])
    package = json.loads((tmp_path / "p/datapackage.json").read_text("utf-8"))
    resources = {resource["path"]: resource for resource in package["resources"]}
    assert "collections/villages/items.json" in resources
    fields = {f["name"]: f for f in resources["villages.csv"]["schema"]["fields"]}
    assert fields["people"]["title"] == "Dân số thôn"
    assert fields["people"]["unit"] == "người"
    page = (tmp_path / "p/index.html").read_text("utf-8")
    assert "Xã, mỗi xã một dòng" in page


def test_withheld_columns_are_nowhere(run: FinishedRun, tmp_path: Path) -> None:
    held = ["best_cell_id", "nearest_site_id", "level_centre_dbm_of", "grade_of:Sóng Xanh"]
    publish_run(
        withholding(run, villages=held, commune_centres=["pop_id"], communes=["pop_id"]),
        tmp_path / "p",
        CsvForm(),
        overwrite=False,
    )
    cells = set(run.tables["villages"]["best_cell_id"].dropna())
    assert cells
    for path in (tmp_path / "p").rglob("*"):
        if path.is_file():
            text = path.read_text("utf-8-sig")
            for word in (*held, "pop_id", *(f'"{cell}"' for cell in cells)):
                assert word not in text, f"{word} in {path}"
    assert "served_share_of" in (tmp_path / "p/villages.csv").read_text("utf-8-sig")


def test_a_slip_in_what_is_withheld_stops(run: FinishedRun, tmp_path: Path) -> None:
    with pytest.raises(StudyError, match="best_cell_id"):
        slip = withholding(run, villages=["best_cel_id"])
        publish_run(slip, tmp_path / "p", CsvForm(), overwrite=False)
    with pytest.raises(StudyError, match="the nearest is `villages`"):
        slip = withholding(run, vilages=["best_cell_id"])
        publish_run(slip, tmp_path / "p", CsvForm(), overwrite=False)
    assert not (tmp_path / "p").exists()
