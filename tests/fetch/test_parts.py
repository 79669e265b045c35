"""Files come whole or not at all, whatever the machine at the other end does."""

from __future__ import annotations

import hashlib
import random
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from helpers.sourcehost import Host, always, cut, page, sends_to, source_host, status
from phusong.errors import FetchError
from phusong.fetch.catalogue import Source, source
from phusong.fetch.parts import BLOCK, Parts
from phusong.fetch.web import Web

BODY = b"\x1f\x8b" + random.Random(1).randbytes(5 * BLOCK + 777)
PATH = "/file.gz"


@pytest.fixture
def host() -> Iterator[Host]:
    with source_host() as one:
        one.files[PATH] = BODY
        yield one


@pytest.fixture
def web() -> Web:
    return Web(pause=lambda _: None)


def own(host: Host, **more: Any) -> Source:
    plain = {
        "name": "towers",
        "title": "T",
        "base": host.base,
        "path": "file.gz",
        "kind": "gzip",
        "most_bytes": 10 * 2**20,
        "redirects": frozenset({"other.example"}),
        "version": "1",
        "licence": "",
        "licence_url": "",
        "attribution": "",
    }
    return Source(**{**plain, **more})


def whole(host: Host, web: Web, folder: Path, target: Path, **more: Any) -> None:
    rules = own(host, **{k: v for k, v in more.items() if k in {"most_bytes", "kind"}})
    with Parts(web, rules, host.base + PATH, folder) as parts:
        parts.whole(target, md5=more.get("md5"))


def test_a_file_comes_whole(host: Host, web: Web, tmp_path: Path) -> None:
    md5 = hashlib.md5(BODY).hexdigest()
    whole(host, web, tmp_path / "parts", tmp_path / "file.gz", md5=md5)
    assert (tmp_path / "file.gz").read_bytes() == BODY
    assert list((tmp_path / "parts").iterdir()) == []


def test_cut_connections_cost_no_byte_that_is_here(host: Host, web: Web, tmp_path: Path) -> None:
    host.faults[PATH] = [cut(16), cut(BLOCK + 5), cut(2 * BLOCK)]
    whole(host, web, tmp_path / "parts", tmp_path / "file.gz")
    assert (tmp_path / "file.gz").read_bytes() == BODY
    assert host.sent < len(BODY) + BLOCK + 100
    assert [r.partition("-")[0] for _, r in host.asked] == [
        "bytes=0",
        "bytes=0",
        f"bytes={BLOCK}",
        f"bytes={3 * BLOCK}",
    ]


def test_a_stopped_fetch_goes_on_where_it_was(host: Host, web: Web, tmp_path: Path) -> None:
    host.faults[PATH] = [cut(16), *[cut(3 * BLOCK + 9)], *[cut(0)] * 4]
    with pytest.raises(FetchError, match="cut"):
        whole(host, web, tmp_path / "parts", tmp_path / "file.gz")
    assert not (tmp_path / "file.gz").exists()
    host.sent = 0
    whole(host, web, tmp_path / "parts", tmp_path / "file.gz")
    assert (tmp_path / "file.gz").read_bytes() == BODY
    assert host.sent <= len(BODY) - 3 * BLOCK + 16


def test_another_file_at_the_source_begins_anew(host: Host, web: Web, tmp_path: Path) -> None:
    host.faults[PATH] = [cut(16), cut(3 * BLOCK), *[cut(0)] * 4]
    with pytest.raises(FetchError):
        whole(host, web, tmp_path / "parts", tmp_path / "file.gz")
    other = BODY[:2] + bytes(reversed(BODY[2:]))
    host.files[PATH] = other
    whole(host, web, tmp_path / "parts", tmp_path / "file.gz")
    assert (tmp_path / "file.gz").read_bytes() == other


def test_a_file_that_changes_on_the_way_is_no_file(host: Host, web: Web, tmp_path: Path) -> None:
    other = BODY[:2] + bytes(reversed(BODY[2:]))
    host.faults[PATH] = [cut(16), always(lambda answer: answer.good(body=other))]
    with pytest.raises(FetchError, match="changed at its source"):
        whole(host, web, tmp_path / "parts", tmp_path / "file.gz")
    assert not (tmp_path / "file.gz").exists()
    assert list((tmp_path / "parts").iterdir()) == []


def test_a_wrong_sum_keeps_nothing(host: Host, web: Web, tmp_path: Path) -> None:
    with pytest.raises(FetchError, match="MD5"):
        whole(host, web, tmp_path / "parts", tmp_path / "file.gz", md5="0" * 32)
    assert not (tmp_path / "file.gz").exists()
    assert list((tmp_path / "parts").iterdir()) == []


def test_a_page_in_place_of_a_file(host: Host, web: Web, tmp_path: Path) -> None:
    host.faults[PATH] = [always(page)]
    with pytest.raises(FetchError, match="Log in to the hotel"):
        whole(host, web, tmp_path / "parts", tmp_path / "file.gz")
    assert not (tmp_path / "file.gz").exists()


def test_machines_without_parts_send_all(host: Host, web: Web, tmp_path: Path) -> None:
    host.ranges = False
    host.faults[PATH] = [cut(16), cut(BLOCK)]
    whole(host, web, tmp_path / "parts", tmp_path / "file.gz")
    assert (tmp_path / "file.gz").read_bytes() == BODY


def test_more_than_announced(host: Host, web: Web, tmp_path: Path) -> None:
    """Behind the announced length is another answer's place: what stands there is not read."""

    def talkative(answer: Any) -> None:
        answer.send_response(200)
        answer.send_header("Transfer-Encoding", "chunked")
        answer.end_headers()
        for _ in range(64):
            piece = b"\x1f\x8b" * 2**17
            answer.wfile.write(f"{len(piece):x}\r\n".encode() + piece + b"\r\n")
        answer.wfile.write(b"0\r\n\r\n")

    host.faults[PATH] = [always(talkative)]
    with pytest.raises(FetchError, match="more than 4 MB"):
        whole(host, web, tmp_path / "parts", tmp_path / "file.gz", most_bytes=4 * 2**20)
    assert not (tmp_path / "file.gz").exists()
    assert sum(p.stat().st_size for p in (tmp_path / "parts").iterdir()) <= 5 * 2**20


def test_larger_than_any_of_the_source(host: Host, web: Web, tmp_path: Path) -> None:
    with pytest.raises(FetchError, match="more than 1 MB"):
        whole(host, web, tmp_path / "parts", tmp_path / "file.gz", most_bytes=2**20)


@pytest.mark.parametrize(
    "place",
    [
        "file:///etc/passwd",
        "ftp://other.example/file.gz",
        "http://other.example/file.gz",
        "http://169.254.169.254/latest/meta-data",
        "http://127.0.0.1:1/file.gz",
        "https://user:word@other.example/file.gz",
        "https://other.example:8443/file.gz",
        "https://other.example.evil.example/file.gz",
        "//evil.example/file.gz",
    ],
)
def test_no_redirect_to_places_unknown(host: Host, web: Web, tmp_path: Path, place: str) -> None:
    host.faults[PATH] = [always(sends_to(place))]
    with pytest.raises(FetchError, match="no place this source is known to have"):
        whole(host, web, tmp_path / "parts", tmp_path / "file.gz")


def test_redirects_to_known_places_are_followed_and_end(
    host: Host, web: Web, tmp_path: Path
) -> None:
    assert own(host).allows("https://other.example/file.gz")
    host.files["/there.gz"] = BODY
    host.faults[PATH] = [always(sends_to("/there.gz"))]
    whole(host, web, tmp_path / "parts", tmp_path / "file.gz")
    assert (tmp_path / "file.gz").read_bytes() == BODY
    host.faults[PATH] = [always(sends_to(PATH))]
    with pytest.raises(FetchError, match="without end"):
        whole(host, web, tmp_path / "parts", tmp_path / "again.gz")


def test_a_machine_that_is_busy_is_asked_again(host: Host, tmp_path: Path) -> None:
    pauses: list[float] = []
    host.faults[PATH] = [status(503), status(429, Retry_After="7"), status(500)]
    whole(host, Web(pause=pauses.append), tmp_path / "parts", tmp_path / "file.gz")
    assert pauses == [1.0, 7.0, 4.0]
    host.faults[PATH] = [always(status(503))]
    with pytest.raises(FetchError, match="does not answer now"):
        whole(host, Web(pause=pauses.append), tmp_path / "parts", tmp_path / "again.gz")


def test_what_is_not_there_is_not_asked_for_again(host: Host, web: Web, tmp_path: Path) -> None:
    del host.files[PATH]
    with pytest.raises(FetchError, match="404"):
        whole(host, web, tmp_path / "parts", tmp_path / "file.gz")
    assert len(host.asked) == 1


def test_what_was_compressed_on_its_way_is_refused(host: Host, web: Web, tmp_path: Path) -> None:
    def packed(answer: Any) -> None:
        answer.plain(200, b"\x1f\x8b", "application/gzip", Content_Encoding="gzip")

    host.faults[PATH] = [always(packed)]
    with pytest.raises(FetchError, match="compressed on its way"):
        whole(host, web, tmp_path / "parts", tmp_path / "file.gz")


def test_no_network(web: Web, tmp_path: Path) -> None:
    rules = source("dem", {"dem": "http://nowhere.invalid"})
    with pytest.raises(FetchError, match="no network here, or no machine of that name"):
        Parts(web, rules, rules.url(tile="x"), tmp_path)
    gone = source("dem", {"dem": "http://127.0.0.1:1"})
    with pytest.raises(FetchError, match="takes no connection"):
        Parts(web, gone, gone.url(tile="x"), tmp_path)


def test_a_slow_machine_is_given_up(
    host: Host, web: Web, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import time

    from phusong.fetch import web as module

    monkeypatch.setattr(module, "TRICKLE_S", 0.2)
    monkeypatch.setattr(module, "BLOCK", 1)

    def trickling(answer: Any) -> None:
        answer.send_response(200)
        answer.send_header("Content-Length", "100000")
        answer.end_headers()
        for _ in range(100):
            answer.wfile.write(b"\x1f")
            answer.wfile.flush()
            time.sleep(0.02)

    host.faults[PATH] = [always(trickling)]
    with pytest.raises(FetchError, match="too slowly"):
        whole(host, web, tmp_path / "parts", tmp_path / "file.gz")


def test_secrets_stand_in_no_message(host: Host, web: Web, tmp_path: Path) -> None:
    url = host.base + PATH
    host.faults[PATH] = [always(sends_to("https://evil.example/?token=word"))]
    with pytest.raises(FetchError) as caught:
        Parts(web, own(host), url, tmp_path, secret={"token": "pk.SECRET"})
    assert host.asked[0][0].endswith("?token=pk.SECRET")
    assert "SECRET" not in str(caught.value)
    assert "word" not in str(caught.value)
    gone = own(host, base="http://127.0.0.1:1")
    with pytest.raises(FetchError) as caught:
        Parts(web, gone, "http://127.0.0.1:1/x", tmp_path, secret={"token": "pk.SECRET"})
    assert "SECRET" not in str(caught.value)
    assert caught.value.__suppress_context__


def test_a_proxy_of_the_environment_is_asked(
    host: Host, web: Web, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("http_proxy", host.base)
    monkeypatch.delenv("no_proxy", raising=False)
    monkeypatch.delenv("NO_PROXY", raising=False)
    rules = own(host, base="http://far.example")
    with Parts(web, rules, "http://far.example" + PATH, tmp_path / "parts") as parts:
        parts.whole(tmp_path / "file.gz")
    assert (tmp_path / "file.gz").read_bytes() == BODY
    assert host.asked[0][0] == "http://far.example" + PATH
