"""A machine on this one that answers as the sources of public data do, or as badly as asked."""

from __future__ import annotations

import hashlib
import io
import re
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import urlsplit

import numpy as np
import rasterio
from rasterio.io import MemoryFile
from rasterio.transform import from_origin

Fault = Callable[["Answer"], None]


class Answer(BaseHTTPRequestHandler):
    """One request; ``server.files`` has the bodies, ``server.faults`` what goes wrong next."""

    server: Host
    protocol_version = "HTTP/1.1"

    def log_message(self, *_: Any) -> None:
        pass

    def do_POST(self) -> None:
        size = int(self.headers.get("Content-Length", 0))
        self.server.questions.append(self.rfile.read(size).decode())
        self.do_GET()

    def do_GET(self) -> None:
        path = urlsplit(self.path).path
        self.server.asked.append((self.path, self.headers.get("Range", "")))
        faults = self.server.faults.get(path, [])
        if faults:
            fault = faults[0]
            if not getattr(fault, "stays", False):
                faults.pop(0)
            fault(self)
            return
        self.good()

    def good(self, cut: int | None = None, body: bytes | None = None) -> None:
        """Answer as S3 does, with ranges and an ETag; ``cut``: only so many bytes, then hang up."""
        path = urlsplit(self.path).path
        body = self.server.files.get(path) if body is None else body
        if body is None:
            self.plain(404, b"<html><title>404</title></html>", "text/html")
            return
        asked = re.fullmatch(r"bytes=(\d+)-(\d*)", self.headers.get("Range", ""))
        start, stop, status = 0, len(body), 200
        if asked and self.server.ranges:
            start = int(asked[1])
            stop = min(len(body), int(asked[2]) + 1) if asked[2] else len(body)
            status = 206
        piece = body[start:stop]
        self.send_response(status)
        self.send_header("Content-Length", str(len(piece)))
        self.send_header("ETag", f'"{hashlib.md5(body).hexdigest()}"')
        self.send_header("Last-Modified", "Wed, 01 Oct 2025 00:00:00 GMT")
        if status == 206:
            self.send_header("Content-Range", f"bytes {start}-{stop - 1}/{len(body)}")
        self.end_headers()
        self.server.sent += len(piece[:cut])
        self.wfile.write(piece[:cut])
        if cut is not None:
            self.wfile.flush()
            self.close_connection = True

    def plain(self, status: int, body: bytes, kind: str, **headers: str) -> None:
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        for name, value in headers.items():
            self.send_header(name.replace("_", "-"), value)
        self.end_headers()
        self.wfile.write(body)


class Host(ThreadingHTTPServer):
    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Answer)
        self.files: dict[str, bytes] = {}
        self.faults: dict[str, list[Fault]] = {}
        self.asked: list[tuple[str, str]] = []
        self.questions: list[str] = []
        self.sent = 0
        self.ranges = True

    @property
    def base(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}"

    def handle_error(self, *_: Any) -> None:
        pass


def always(fault: Fault) -> Fault:
    """A fault that does not pass."""
    fault.stays = True  # type: ignore[attr-defined]
    return fault


def cut(after: int) -> Fault:
    return lambda answer: answer.good(cut=after)


def status(code: int, **headers: str) -> Fault:
    return lambda answer: answer.plain(code, b"", "text/plain", **headers)


def page(answer: Answer) -> None:
    answer.plain(
        200, b"<!doctype html><html><title>Log in to the hotel</title></html>", "text/html"
    )


def sends_to(place: str) -> Fault:
    return lambda answer: answer.plain(302, b"", "text/plain", Location=place)


@contextmanager
def source_host() -> Iterator[Host]:
    host = Host()
    thread = threading.Thread(target=host.serve_forever, daemon=True)
    thread.start()
    try:
        yield host
    finally:
        host.shutdown()
        host.server_close()


def geotiff(
    values: np.ndarray,
    west: float,
    north: float,
    cell: float,
    nodata: float | None = None,
    **more: Any,
) -> bytes:
    """Bytes of a tiled GeoTIFF in degrees."""
    profile = {
        "driver": "GTiff",
        "width": values.shape[1],
        "height": values.shape[0],
        "count": 1,
        "dtype": values.dtype,
        "crs": "EPSG:4326",
        "transform": from_origin(west, north, cell, cell),
        "nodata": nodata,
        "tiled": True,
        "blockxsize": 128,
        "blockysize": 128,
        "compress": "deflate",
        **more,
    }
    with MemoryFile() as memory:
        with memory.open(**profile) as out:
            out.write(values, 1)
        return bytes(memory.read())


def dem_tile(lat: int, lon: int, cells: int = 400) -> bytes:
    """A tile of a tilted, rough plane: its heights tell the place of every cell."""
    cell = 1 / cells
    y, x = np.mgrid[0:cells, 0:cells]
    rng = np.random.default_rng(lat * 1000 + lon)
    values = 100 * (lat + 1 - (y + 0.5) * cell) + (lon + (x + 0.5) * cell)
    values = values + rng.normal(0, 0.001, values.shape)
    return geotiff(values.astype(np.float32), lon, lat + 1, cell)


def read_tiff(body: bytes | Any) -> tuple[np.ndarray, Any]:
    source = io.BytesIO(body) if isinstance(body, bytes) else body
    with rasterio.open(source) as dataset:
        return dataset.read(1), dataset.transform
