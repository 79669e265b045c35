"""A small server that speaks S3 as far as a path-loss store asks: get, put, list, delete."""

from __future__ import annotations

import hashlib
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, unquote, urlsplit
from xml.sax.saxutils import escape

BUCKET = "losses"


class Objects:
    """What a server holds: objects by path within the bucket, and what was asked of it."""

    def __init__(self) -> None:
        self.held: dict[str, bytes] = {}
        self.asked: list[tuple[str, str, str]] = []
        """Method, path, range."""
        self.refuses = 0
        """HTTP status of every answer; 0: it serves."""
        self.url = ""


@contextmanager
def serving() -> Iterator[Objects]:
    """Serve on a free port of this machine."""
    objects = Objects()

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def log_message(self, *_: object) -> None:
            """Say nothing."""

        def _name(self) -> str:
            path = unquote(urlsplit(self.path).path)
            return path.removeprefix(f"/{BUCKET}").lstrip("/")

        def _answer(self, status: int, body: bytes = b"", **headers: str) -> None:
            self.send_response(status)
            for key, value in headers.items():
                self.send_header(key.replace("_", "-"), value)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            if self.command != "HEAD":
                self.wfile.write(body)

        def _serves(self) -> bool:
            length = int(self.headers.get("Content-Length", 0))
            self.body = self.rfile.read(length)
            asked = self.command, self._name(), self.headers.get("Range", "")
            objects.asked.append(asked)
            if objects.refuses:
                self._answer(objects.refuses, b"<Error><Code>Refused</Code></Error>")
            return not objects.refuses

        def do_PUT(self) -> None:
            if self._serves():
                objects.held[self._name()] = self.body
                self._answer(200, ETag=_tag(self.body))

        def do_DELETE(self) -> None:
            if self._serves():
                objects.held.pop(self._name(), None)
                self._answer(204)

        def do_POST(self) -> None:
            """Delete many: the body names them."""
            if not self._serves():
                return
            names = [part.split(b"</Key>")[0].decode() for part in self.body.split(b"<Key>")[1:]]
            for name in names:
                objects.held.pop(name, None)
            gone = "".join(f"<Deleted><Key>{escape(n)}</Key></Deleted>" for n in names)
            self._answer(200, f"<DeleteResult>{gone}</DeleteResult>".encode())

        def do_GET(self) -> None:
            if not self._serves():
                return
            asked = parse_qs(urlsplit(self.path).query)
            if "list-type" in asked:
                self._answer(200, _listing(objects.held, asked.get("prefix", [""])[0]))
                return
            whole = objects.held.get(self._name())
            if whole is None:
                self._answer(404, b"<Error><Code>NoSuchKey</Code></Error>")
                return
            first, last = 0, len(whole) - 1
            if wanted := self.headers.get("Range"):
                first, last = (int(n) for n in wanted.removeprefix("bytes=").split("-"))
                last = min(last, len(whole) - 1)
                if first > last:
                    self._answer(416)
                    return
            about = {"ETag": _tag(whole), "Last_Modified": "Sat, 28 Nov 2026 00:00:00 GMT"}
            if wanted:
                about["Content_Range"] = f"bytes {first}-{last}/{len(whole)}"
            self._answer(206 if wanted else 200, whole[first : last + 1], **about)

        do_HEAD = do_GET

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    objects.url = f"http://127.0.0.1:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield objects
    finally:
        server.shutdown()
        server.server_close()


def environment(objects: Objects) -> dict[str, str]:
    """Return the environment that leads a client of S3 to a server."""
    return {
        "AWS_ENDPOINT": objects.url,
        "AWS_ACCESS_KEY_ID": "nobody",
        "AWS_SECRET_ACCESS_KEY": "nothing",
        "AWS_REGION": "here",
    }


def _tag(data: bytes) -> str:
    return f'"{hashlib.sha256(data).hexdigest()[:32]}"'


def _listing(held: dict[str, bytes], prefix: str) -> bytes:
    rows = "".join(
        f"<Contents><Key>{escape(name)}</Key><LastModified>2026-11-28T00:00:00.000Z</LastModified>"
        f"<ETag>{_tag(data)}</ETag><Size>{len(data)}</Size></Contents>"
        for name, data in sorted(held.items())
        if name.startswith(prefix)
    )
    return f"<ListBucketResult><IsTruncated>false</IsTruncated>{rows}</ListBucketResult>".encode()
