"""The studio's server: who may ask, what is refused, and what edits do."""

import asyncio
import json
import socket
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import httpx
import pytest

from helpers.altered import place
from helpers.book import book_in
from phusong.studio import guard
from phusong.study.scenario import FOLDER, read_scenario


def edit_of(state, **said):
    return {"base": state["revision"], "scenario": {"name": "thử", **said}}


def mast(name="N-1", at=(5000, 5000), **more):
    longitude, latitude = place(*at)
    return {
        "site_id": name,
        "longitude": longitude,
        "latitude": latitude,
        "operator": "Mạng A",
        "height_m": 40.0,
        "azimuths_deg": [],
        "bands": [{"technology": "LTE", "freq_mhz": 900.0}],
        **more,
    }


def test_the_page_is_one_document_with_a_strict_policy(ask):
    answer = ask("")
    policy = answer.headers["content-security-policy"]
    scripts = next(p for p in policy.split(";") if "script-src" in p)
    assert "'unsafe-inline'" not in scripts
    assert scripts.count("'sha256-") >= 2
    assert "default-src 'none'" in policy
    assert "connect-src 'self'" in policy
    assert answer.headers["referrer-policy"] == "no-referrer"
    assert "http" not in answer.text.split('id="book"')[0].split("<style")[0].split("content=")[1]


def test_only_this_machine_is_listened_to(server):
    port = int(server.address.split(":")[2].split("/")[0])
    others = {info[4][0] for info in socket.getaddrinfo(socket.gethostname(), None, socket.AF_INET)}
    for address in others - {"127.0.0.1"}:
        if address.startswith("127."):
            continue
        with pytest.raises(ConnectionError), socket.create_connection((address, port), timeout=2):
            pass


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({"host": "evil.example"}, 421),
        ({"host": "127.0.0.1:1"}, 421),
        ({"origin": "http://evil.example"}, 403),
        ({"origin": "null"}, 403),
    ],
)
def test_foreign_hosts_and_pages_are_refused(ask, settled, headers, status):
    before = settled()  # ``seen`` of the edit before becomes true whenever that is worked out
    assert ask("state", **headers).status_code == status
    assert ask("edit", edit_of(before, masts=[mast()]), **headers).status_code == status
    assert ask("state").json() == before


def test_a_wrong_token_is_not_here(server, ask, settled):
    root = server.address.rsplit("/", 2)[0]
    for path in ("/", "/state", "/wrong/state", f"/{'x' * 32}/", "/../state", "//state"):
        assert httpx.get(root + path).status_code == 404
    before = settled()
    answer = httpx.post(f"{root}/wrong/edit", json={}, headers={"origin": root})
    assert answer.status_code == 404
    assert ask("state").json() == before


def test_a_post_without_an_origin_is_refused(server):
    assert httpx.post(f"{server.address}undo", json={}).status_code == 403


def test_large_bodies_are_refused(server, ask):
    origin = server.address.rsplit("/", 2)[0]
    large = json.dumps({"base": 1, "scenario": {"name": "x" * 10_000_000}})
    answer = httpx.post(f"{server.address}edit", content=large, headers={"origin": origin})
    assert answer.status_code == 413

    def parts():
        for _ in range(160):
            yield b" " * 65536

    answer = httpx.post(f"{server.address}edit", content=parts(), headers={"origin": origin})
    assert answer.status_code == 413
    assert ask("state").status_code == 200


@pytest.mark.parametrize("silent", [False, True])
def test_a_body_without_end_is_answered_all_the_same(monkeypatch, silent):
    monkeypatch.setattr(guard, "HEARD_OUT_BYTES", 1_000_000)
    monkeypatch.setattr(guard, "HEARD_OUT_S", 0.2 if silent else 60.0)
    heard, said = [], []

    async def receive():
        heard.append(0 if silent else 65536)
        if silent:
            await asyncio.sleep(3600)
        return {"type": "http.request", "body": b" " * 65536, "more_body": True}

    async def send(message):
        said.append(message)

    scope = {"type": "http", "method": "POST", "path": "/x/edit", "headers": []}
    with ThreadPoolExecutor(1) as pool:  # in this one a browser's loop may be running
        pool.submit(asyncio.run, guard.Guard(None, "x", 1)(scope, receive, send)).result()
    assert said[0]["status"] == 421
    assert heard == [0] if silent else 1_000_000 < sum(heard) < 1_100_000


def test_a_body_that_waits_to_be_asked_for_is_not_asked_for():
    said = []

    async def receive():
        raise AssertionError

    async def send(message):
        said.append(message)

    headers = [(b"content-length", b"5000000"), (b"Expect", b"100-continue")]
    scope = {"type": "http", "method": "POST", "path": "/x/edit", "headers": headers}
    with ThreadPoolExecutor(1) as pool:
        pool.submit(asyncio.run, guard.Guard(None, "x", 1)(scope, receive, send)).result()
    assert said[0]["status"] == 421


@pytest.mark.parametrize(
    "body", ["", "[]", "{", "null", '{"base":"x"}', '{"base":1,"scenario":{}}']
)
def test_what_is_no_edit_is_said_in_words(server, body):
    origin = server.address.rsplit("/", 2)[0]
    answer = httpx.post(f"{server.address}edit", content=body, headers={"origin": origin})
    assert answer.status_code == 422
    assert set(answer.json()["error"]) == {"vi", "en"}


def test_an_edit_is_followed_and_told(ask, settled):
    state = settled()
    with ask.__closure__ and httpx.stream(
        "GET", str(ask("state").url).replace("state", "events")
    ) as line:
        told = []

        def listen():
            for text in line.iter_lines():
                if text.startswith("event:"):
                    told.append(text.split()[1])
                if "drawn" in told and told[-1] == "seen":  # not of the edit before
                    return

        thread = threading.Thread(target=listen, daemon=True)
        thread.start()
        revision = ask("edit", edit_of(state, masts=[mast()])).json()["revision"]
        after = settled()
        thread.join(timeout=30)
    assert after["revision"] == revision
    assert "drawn" in told
    assert "progress" in told
    drawn = ask(f"drawn?revision={revision}").json()
    assert [layer["operator"] for layer in drawn["layers"] if layer["parts"]] == ["Mạng A"]
    seen = ask(f"seen?revision={revision}").json()
    assert seen["carriers"][0]["after"]["people"] > seen["carriers"][0]["before"]["people"]
    assert (
        seen["changes"]["people"] == sorted(seen["changes"]["people"], reverse=True)
        or len(set(zip(seen["changes"]["before"], seen["changes"]["after"], strict=True))) > 1
    )
    assert seen["cost"]["capital"] > 0
    assert ask(f"seen?revision={revision - 1}").status_code == 409


def test_an_edit_on_what_has_changed_is_outdated(ask, settled):
    state = settled()
    old = {**edit_of(state), "base": state["revision"] - 1}
    assert ask("edit", old).status_code == 409


def test_undo_and_redo(ask, settled):
    state = settled()
    ask("edit", edit_of(state, masts=[mast("N-7")]))
    assert settled()["undo"]
    back = ask("undo", {}).json()
    assert back["scenario"].get("masts") == state["scenario"].get("masts")
    assert ask("redo", {}).json()["scenario"]["masts"][0]["site_id"] == "N-7"


def test_what_cannot_be_built_is_said_and_undone(ask, settled):
    state = settled()
    ask("edit", edit_of(state, masts=[mast(longitude=1.0, latitude=1.0)]))
    failed = settled()["failed"]
    assert "masts" in failed["en"] or "N-1" in failed["en"]
    assert failed["vi"] != failed["en"]
    ask("undo", {})
    assert settled()["failed"] is None


@pytest.mark.slow
def test_the_last_edit_of_hundreds_counts(ask, settled):
    state = settled()
    revision = state["revision"]
    for n in range(300):  # more than steps are kept, and than words wait for a page
        at = (2000 + 20 * n, 5000)
        answer = ask("edit", {**edit_of(state, masts=[mast(at=at)]), "base": revision})
        revision = answer.json()["revision"]
    after = settled()
    assert after["revision"] == revision
    assert ask(f"seen?revision={revision}").status_code == 200


@pytest.mark.parametrize(
    "name",
    [
        "../x",
        "a/b",
        "..",
        ".hidden",
        "",
        " ",
        "a\\b",
        "a\0b",
        "C:x",
        "con",
        "x" * 300,
        "study.toml/../../x",
    ],
)
def test_names_that_are_none_are_refused(ask, settled, folder, name):
    settled()
    before = sorted(folder.rglob("*"))
    answer = ask("save", {"name": name})
    assert answer.status_code == 422
    assert ask("open", {"name": name}).status_code == 422
    assert sorted(folder.rglob("*")) == before


def test_a_scenario_is_saved_listed_and_opened(ask, settled, folder):
    state = settled()
    ask("edit", edit_of(state, masts=[mast("N-3")]))
    assert ask("save", {"name": "Hai trạm ở Đồng Văn"}).json() == {"name": "Hai trạm ở Đồng Văn"}
    written = read_scenario(Path(folder), "Hai trạm ở Đồng Văn")
    assert written.masts[0].site_id == "N-3"
    ask("edit", {"base": ask("state").json()["revision"], "scenario": {"name": "leer"}})
    opened = ask("open", {"name": "Hai trạm ở Đồng Văn"}).json()
    assert "Hai trạm ở Đồng Văn" in opened["names"]
    assert opened["scenario"]["masts"][0]["site_id"] == "N-3"
    assert {p.parent.name for p in folder.rglob("*.toml")} == {FOLDER}


def test_a_cut_is_as_fiber_cut_says(ask, settled):
    state = settled()
    ask("edit", edit_of(state))
    settled()
    found = ask("cut", {"names": ["A"]}).json()
    assert found["sites"] == ["T1", "T2", "T3", "T5"]
    assert len(found["communes"]) == 2
    lost = ask("silenced", {"names": found["sites"]}).json()
    assert lost["gained"] < 0
    assert ask("cut", {"names": ["nichts"]}).status_code == 422


def test_another_definition(ask, settled):
    settled()
    own = ask("define", {}).json()
    strict = ask("define", {"threshold_offset_db": 15, "place": "indoor"}).json()
    assert len(own["figures"][0]["grade"]) == 16
    assert {figure["place"] for figure in strict["figures"]} == {"indoor"}
    assert strict["thresholds_dbm"]["LTE"] == own["thresholds_dbm"]["LTE"] + 15
    assert ask("define", {"threshold_offset_db": 400}).status_code == 422


def test_lines_of_sight(ask, settled):
    settled()
    longitude, latitude = place(5000, 3000)
    answer = ask("sight", {"longitude": longitude, "latitude": latitude, "height_m": 40}).json()
    assert [row["site"] for row in answer["sites"]] == ["T2", "T1"]
    assert answer["sites"][0]["km"] == pytest.approx(2.53, abs=0.02)
    assert len(answer["sites"][0]["ground_m"]) == 240


def test_a_cable_follows_the_roads(ask):
    drawn = ask("cable", {"points": [place(1200, 1000), place(6000, 5800)]}).json()
    # 200 m to the road, north along it, round its corner, to its end, and 200 m back south.
    assert drawn["km"] == pytest.approx(0.2 + 5.0 + 5.0 + 0.2, abs=0.01)
    assert drawn["along_roads"] == pytest.approx(10.0 / 10.4, abs=0.01)
    straight = ask("cable", {"points": [place(9000, 9000), place(9000, 7000)]}).json()
    assert (straight["km"], straight["along_roads"]) == (pytest.approx(2.0, abs=0.01), 0.0)


def test_a_cable_begins_on_the_cable_it_is_drawn_from(ask):
    drawn = ask("cable", {"points": [place(5000, 2600), place(5000, 4000)]}).json()
    assert drawn["points"][0] == pytest.approx(place(5000, 2500), abs=1e-6)


def test_a_drawn_cable_reaches_a_commune(ask, settled):
    state = settled()
    way = ask("cable", {"points": [place(5000, 2500), place(2500, 7500)]}).json()
    ask("edit", edit_of(state, cables=[{"cable_id": "K-1", "points": way["points"]}]))
    revision = settled()["revision"]
    seen = ask(f"seen?revision={revision}").json()
    assert sum(seen["reach"]["reached"]) == 3
    assert [item["kind"] for item in seen["cost"]["items"]] == ["cable"]


def test_the_offline_page_asks_for_nothing(ask, settled):
    state = settled()
    ask("edit", edit_of(state, masts=[mast("N-5")]))
    settled()
    page = ask("page")
    assert page.status_code == 200, page.text
    assert page.headers["content-disposition"].startswith("attachment")
    assert "connect-src" not in page.text
    book = book_in(page.text)
    assert "studio" not in book
    assert "N-5" in book["sites"]["id"]


def test_nothing_is_written_but_scenarios(folder):
    made = {p.relative_to(folder).parts[0] for p in folder.rglob("*") if p.is_file()}
    assert made <= {"data", "scenarios", ".phusong"}


def test_a_scenario_is_put_beside_what_is_drawn(ask, settled):
    state = settled()
    ask("edit", edit_of(state, masts=[mast("N-9")]))
    revision = settled()["revision"]
    ask("save", {"name": "bên cạnh"})
    today = ask("beside", {"name": ""}).json()
    assert not [layer for layer in today["drawn"]["layers"] if layer["parts"]]
    saved = ask("beside", {"name": "bên cạnh", "definition": {"threshold_offset_db": 3}}).json()
    drawn = ask(f"drawn?revision={revision}").json()
    assert saved["drawn"]["layers"] == drawn["layers"]
    assert saved["defined"] == ask("define", {"threshold_offset_db": 3}).json()
    assert ask("beside", {"name": "../x"}).status_code == 422
    assert ask("beside", {"name": "fehlt"}).status_code == 422


def test_all_figures_of_a_village_under_a_definition(ask, settled):
    settled()
    asked = {"threshold_offset_db": 8, "place": "indoor"}
    quick = {(f["operator"], f["technology"]): f for f in ask("define", asked).json()["figures"]}
    for row in (0, 15):
        for entry in ask("village", {"row": row, "definition": asked}).json()["figures"]:
            there = quick[entry["operator"], entry["technology"]]
            for name in ("grade", "served", "unserved", "chance", "centre"):
                assert entry["columns"][name][0] == there[name][row], name
    assert ask("village", {"row": 16}).status_code == 422


def test_a_later_question_of_a_page_takes_the_place_of_an_earlier_one(ask, settled, server):
    settled()
    origin = server.address.rsplit("/", 2)[0]
    told = {}

    def one(number, page):
        with httpx.Client(base_url=server.address, timeout=60) as client:
            answer = client.post(
                f"silenced?page={page}", json={"names": ["T1", "T2"]}, headers={"origin": origin}
            )
            told[number] = answer.status_code

    # Two of one page, one of another: they wait for each other, and only one is not wanted.
    threads = [threading.Thread(target=one, args=args) for args in ((0, "a"), (1, "b"), (2, "a"))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert told[1] == 200
    assert sorted([told[0], told[2]]) in ([200, 200], [200, 409])
