"""Asking other machines: under rules on where they may send us, how long they take, what comes.

``requests`` does the talking (proxies of the environment, certificates, connections kept open).
Redirects are followed here, so that each is looked at first; nothing that comes is decompressed;
and no message ever holds what stands behind the ``?`` of an address, where tokens are.
"""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, Final
from urllib.parse import urljoin, urlsplit

import requests
from requests.adapters import HTTPAdapter

from phusong.errors import FetchError, Where
from phusong.fetch.catalogue import Source
from phusong.version import __version__

CONNECT_S: Final = 20.0
READ_S: Final = 60.0
"""Longest silence in an answer."""
TRICKLE_S: Final = 60.0
TRICKLE_BYTES: Final = 2**14
"""An answer that brings less than this in that time is given up, and asked for again."""
TRIES: Final = 5
PAUSE_S: Final = 1.0
"""Before the second try; each further pause is twice as long."""
LONGEST_PAUSE_S: Final = 60.0
HOPS: Final = 5
BLOCK: Final = 2**16
_AGAIN: Final = frozenset({408, 429, 500, 502, 503, 504})
_MOVED: Final = frozenset({301, 302, 303, 307, 308})
_TITLE: Final = re.compile(rb"<title[^>]*>\s*([^<]{1,120})", re.IGNORECASE)

_FIRST: Final[Mapping[str, tuple[bytes, ...]]] = {
    "tiff": (b"II*\0", b"MM\0*", b"II+\0", b"MM\0+"),
    "gzip": (b"\x1f\x8b",),
    "json": (b"{", b"["),
    "osm": (b"<?xml", b"<osm"),
}
"""First bytes of what a body must be; a .pbf begins with the length of its header."""


class _Passing(Exception):  # noqa: N818 - never leaves this module
    """What may go better at the next try; the argument is a template, then how long to wait."""


@dataclass(frozen=True)
class Span:
    """What a machine says of the part of a file that it sends."""

    start: int
    total: int | None
    """Bytes of the whole file; None where it does not say."""
    mark: str
    """What changes with the file: its ETag, else its date, else nothing."""
    modified: str
    partial: bool
    """Whether only the part asked for comes."""


class _Session(requests.Session):
    """Looks after no redirect: requests would read the whole body of each, however long."""

    def get_redirect_target(self, resp: requests.Response) -> None:
        """Say that there is none."""


@dataclass
class Web:
    """One conversation with the sources of public data.

    Attributes
    ----------
    pause
        How a pause is made; tests make none.
    """

    pause: Callable[[float], None] = time.sleep
    _session: requests.Session = field(default_factory=_Session)

    def __post_init__(self) -> None:
        self._session.headers.update(
            {"User-Agent": f"phusong/{__version__}", "Accept-Encoding": "identity"}
        )
        self._session.auth = _no_password
        adapter = HTTPAdapter(pool_connections=8, pool_maxsize=8, max_retries=0)
        for scheme in ("https://", "http://"):
            self._session.mount(scheme, adapter)

    def close(self) -> None:
        """Close all connections."""
        self._session.close()

    def size(self, source: Source, url: str, secret: Mapping[str, str] | None = None) -> Span:
        """Return what a machine says of a file, of which a few bytes are asked for.

        Raises
        ------
        FetchError
            When it has none, or does not answer.
        """
        found: list[Span] = []

        def take(span: Span, _: Iterator[bytes]) -> None:
            found.append(span)

        self.stream(source, url, take, start=0, stop=16, secret=secret)
        return found[0]

    def whole(
        self,
        source: Source,
        url: str,
        *,
        kind: str | None = None,
        most: int | None = None,
        secret: Mapping[str, str] | None = None,
        question: str | None = None,
    ) -> bytes:
        """Return a small file as a whole.

        Raises
        ------
        FetchError
            When it cannot be had, is not of its kind, or has more than ``most`` bytes.
        """
        limit = most or source.most_bytes
        kept: list[bytes] = []

        def take(_: Span, blocks: Iterator[bytes]) -> None:
            kept.clear()
            have = 0
            for block in blocks:
                have += len(block)
                refuse_more(have, limit, url)
                kept.append(block)

        self.stream(source, url, take, secret=secret, question=question)
        body = b"".join(kept)
        refuse_other_kind(body[:4096], kind or source.kind, url)
        return body

    def stream(
        self,
        source: Source,
        url: str,
        take: Callable[[Span, Iterator[bytes]], None],
        *,
        start: int | Callable[[], int] | None = None,
        stop: int | None = None,
        mark: str = "",
        secret: Mapping[str, str] | None = None,
        question: str | None = None,
    ) -> None:
        """Hand the bytes of a file to ``take`` as they come, again from ``start`` after a fault.

        Parameters
        ----------
        source
            Whose rules hold.
        url
            Without secrets.
        take
            Called for every try with what the machine says, and the bytes.
        start, stop
            First byte and the one behind the last; a function of no argument is asked at each try.
            None: the whole file from its beginning.
        mark
            Of the file of which a part is had already: another file is sent as a whole.
        secret
            What is put behind the ``?``, and into no message.
        question
            Sent as the body of a POST.

        Raises
        ------
        FetchError
            When it cannot be had.
        """
        pause = PAUSE_S
        for attempt in range(TRIES):
            first = start() if callable(start) else start
            headers = {} if first is None else {"Range": _range(first, stop)}
            if mark and first:
                headers["If-Range"] = mark
            try:
                with self._answer(source, url, headers, secret, question) as answer:
                    span = _span(answer, first, url)
                    take(span, _blocks(answer))
                    return
            except _Passing as passing:
                what, wait = passing.args
                if attempt + 1 == TRIES:
                    raise FetchError(
                        what,
                        Where(file=shown(url)),
                        "look whether this machine has a network (and HTTPS_PROXY, where there is "
                        "a proxy), or name a mirror: [fetch] hosts in study.toml; what came is "
                        "kept, and the same command goes on from there",
                    ) from None
                self.pause(min(max(pause, wait), LONGEST_PAUSE_S))
                pause *= 2

    @contextmanager
    def _answer(
        self,
        source: Source,
        url: str,
        headers: dict[str, str],
        secret: Mapping[str, str] | None,
        question: str | None,
    ) -> Iterator[requests.Response]:
        """Give the answer that is no redirect."""
        place, asked = url, secret
        for _ in range(HOPS):
            try:
                answer = self._session.request(
                    "GET" if question is None else "POST",
                    place,
                    params=asked,
                    data=None if question is None else {"data": question},
                    headers=headers,
                    stream=True,
                    allow_redirects=False,
                    timeout=(CONNECT_S, READ_S if question is None else 4 * READ_S),
                )
            except requests.RequestException as error:
                raise _reason(error) from None
            with answer:
                if answer.status_code not in _MOVED:
                    _refuse_status(answer, url)
                    yield answer
                    return
                to = urljoin(place, answer.headers.get("Location", ""))
            if not source.allows(to):
                raise FetchError(
                    "{host} sends to {to}, which is no place this source is known to have",
                    Where(file=shown(url)),
                    "where it is right, name that place as the source's: [fetch] hosts in "
                    "study.toml",
                    {"host": urlsplit(place).hostname, "to": shown(to)[:200]},
                )
            place, asked = to, None
        raise FetchError(
            "{host} sends from one place to the next without end",
            Where(file=shown(url)),
            "try again later, or name a mirror: [fetch] hosts in study.toml",
            {"host": urlsplit(url).hostname},
        )


def shown(url: str) -> str:
    """Return an address as messages and records may show it: without user, question, anchor."""
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}{parts.path}"


def refuse_more(have: int, limit: int, url: str) -> None:
    """Raise FetchError when more came than may."""
    if have > limit:
        raise FetchError(
            "more than {limit} MB come, which no file of this source has",
            Where(file=shown(url)),
            "try again later, or name a mirror: [fetch] hosts in study.toml",
            {"limit": -(-limit // 2**20)},
        )


def refuse_other_kind(head: bytes, kind: str, url: str) -> None:
    """Raise FetchError when a body does not begin as its kind does: a page instead of a file."""
    if kind == "text":
        right = b"<html" not in head.lower() and b"\0" not in head
    elif kind == "pbf":
        right = b"OSMHeader" in head[:64]
    else:
        bare = head.lstrip(b"\xef\xbb\xbf \t\r\n") if kind in {"json", "osm"} else head
        right = bare.startswith(_FIRST[kind])
    if right:
        return
    title = _TITLE.search(head)
    said = title.group(1).decode("utf-8", "replace").strip() if title else ""
    raise FetchError(
        "what came is no {kind} but something else ({said})",
        Where(file=shown(url)),
        "a proxy or portal may have answered in its place: open the address in a browser, or name "
        "a mirror: [fetch] hosts in study.toml",
        {"kind": kind, "said": said or head[:80].decode("ascii", "replace")},
    )


def _no_password(request: Any) -> Any:
    """Keep requests from looking for passwords in a .netrc: no source asks for one."""
    return request


def _range(first: int, stop: int | None) -> str:
    return f"bytes={first}-{'' if stop is None else stop - 1}"


def _refuse_status(answer: requests.Response, url: str) -> None:
    status = answer.status_code
    if status in _AGAIN:
        wait = answer.headers.get("Retry-After", "")
        raise _Passing(
            "the machine does not answer now, after several tries",
            float(wait) if wait.isdecimal() else 0.0,
        )
    if status not in {200, 206}:
        raise FetchError(
            "there is no such file there, or it may not be had (HTTP status {status})",
            Where(file=shown(url)),
            "look whether the source has moved (docs/first-hour.md), and name its new place: "
            "[fetch] hosts in study.toml",
            {"status": status},
        )
    if answer.headers.get("Content-Encoding", "identity").lower() != "identity":
        raise FetchError(
            "it comes compressed on its way, which was not asked for",
            Where(file=shown(url)),
            "a proxy may have changed it: name a mirror: [fetch] hosts in study.toml",
        )


def _span(answer: requests.Response, first: int | None, url: str) -> Span:
    """Return what an answer says of itself."""
    mark = answer.headers.get("ETag", "")
    modified = answer.headers.get("Last-Modified", "")
    mark = modified if mark.startswith("W/") or not mark else mark
    length = answer.headers.get("Content-Length", "")
    if answer.status_code == 200:
        return Span(0, int(length) if length.isdecimal() else None, mark, modified, partial=False)
    said = re.fullmatch(r"bytes (\d+)-(\d+)/(\d+|\*)", answer.headers.get("Content-Range", ""))
    if said is None or first is None or int(said[1]) != first:
        raise FetchError(
            "another part of the file came than was asked for",
            Where(file=shown(url)),
            "try again later, or name a mirror: [fetch] hosts in study.toml",
        )
    total = None if said[3] == "*" else int(said[3])
    return Span(first, total, mark, modified, partial=True)


def _blocks(answer: requests.Response) -> Iterator[bytes]:
    """Yield the bytes of an answer as they come.

    Raises
    ------
    _Passing
        When it is cut, stops, or trickles.
    """
    length = answer.headers.get("Content-Length", "")
    left = int(length) if length.isdecimal() else None
    since, got = time.monotonic(), 0
    try:
        for block in answer.raw.stream(BLOCK, decode_content=False):
            yield block
            got += len(block)
            left = None if left is None else left - len(block)
            if time.monotonic() - since > TRICKLE_S:
                _refuse_trickle(got)
                since, got = time.monotonic(), 0
    except (requests.RequestException, OSError) as error:
        raise _reason(error) from None
    except Exception as error:
        if type(error).__module__.startswith(("urllib3", "http")):
            raise _reason(error) from None
        raise
    if left:
        raise _Passing("the connection was cut, after several tries", 0.0)


def _refuse_trickle(got: int) -> None:
    if got < TRICKLE_BYTES:
        raise _Passing("it comes too slowly", 0.0)


def _reason(error: Exception) -> _Passing:
    """Return what to say of a fault of the network; the library's words may hold a token."""
    if isinstance(error, requests.exceptions.SSLError):
        what = "its certificate is not to be trusted"
    elif isinstance(error, requests.exceptions.ProxyError):
        what = "the proxy does not let it through"
    elif isinstance(error, requests.exceptions.ConnectTimeout):
        what = "the machine does not answer now, after several tries"
    elif isinstance(error, requests.exceptions.ConnectionError) and "resolve" in str(error):
        what = "there is no network here, or no machine of that name"
    elif isinstance(error, requests.exceptions.ConnectionError) and "refused" in str(error):
        what = "the machine takes no connection"
    else:
        what = "the connection was cut, after several tries"
    return _Passing(what, 0.0)
