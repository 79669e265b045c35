"""Entries in an object store: S3 and what speaks it, Google Cloud, Azure, by obstore."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import timedelta
from functools import cached_property
from typing import Any, Final

from phusong.coverage.kept.lossfolder import SUFFIX, Lying, Opened
from phusong.errors import StudyError, Where

SCHEMES: Final = ("s3", "gs", "az", "abfs", "abfss")
FIRST: Final = 1 << 16
"""Bytes of an entry that are asked for first: its head, of a small one all."""
PATIENCE: Final = 3
"""Refusals one after the other, each after retries, after which a process asks no more."""
_RETRIES: Final[Any] = {"max_retries": 3, "retry_timeout": timedelta(seconds=60)}
_CLIENT: Final[Any] = {
    "timeout": timedelta(seconds=60),
    "connect_timeout": timedelta(seconds=10),
    "allow_http": True,  # of a server in the house, where the environment names one
}


class Bucket:
    """Objects under a URL.

    An object is there whole or not at all, and of two writers the last is kept, which is as good:
    equal names hold equal bytes. Who may do what is told by the environment, as the tools of the
    providers take it (``AWS_ACCESS_KEY_ID``, ``AWS_ENDPOINT``, ...), and never by a study.

    Raises
    ------
    StudyError
        When obstore is not installed, or makes nothing of the URL.
    """

    def __init__(self, url: str) -> None:
        self.url = url
        try:
            import obstore  # noqa: PLC0415 - few studies need it
        except ImportError as problem:
            raise StudyError(
                "path losses are kept in an object store, which needs obstore",
                Where(key="store.place"),
                "pip install 'phusong[objects]'",
            ) from problem
        self._obstore: Any = obstore
        self._refused: Any = (obstore.exceptions.BaseError, OSError, ValueError)
        self._refusals = 0
        self._reason = ""
        try:
            self._store: Any = obstore.store.from_url(
                url, client_options=_CLIENT, retry_config=_RETRIES
            )
        except self._refused as problem:
            raise StudyError(
                "{url} is no object store: {reason}",
                Where(key="store.place"),
                "write s3://bucket/folder, gs://…, az://…; keys go into the environment",
                {"url": url, "reason": first_line(problem)},
            ) from problem

    @contextmanager
    def asking(self) -> Iterator[Any]:
        """Give what to ask by, and its store; whatever it says becomes an OSError.

        A server that is down costs a minute a question: after some it is taken at its word.
        """
        if self._refusals >= PATIENCE:
            raise OSError(self._reason)
        try:
            yield self._obstore, self._store
        except FileNotFoundError as problem:
            raise OSError(first_line(problem)) from problem
        except self._refused as problem:
            self._refusals += 1
            self._reason = first_line(problem)
            raise OSError(self._reason) from problem
        self._refusals = 0

    def _path(self, name: str) -> str:
        return f"{name[:2]}/{name}{SUFFIX}"

    @contextmanager
    def opened(self, name: str) -> Iterator[Opened]:
        """Open an entry: its beginning is asked for when something of it is."""
        yield _Object(self, self._path(name))

    def put(self, name: str, whole: bytes) -> None:
        """Lay an entry there."""
        with self.asking() as (obstore, store):
            obstore.put(store, self._path(name), whole, use_multipart=False)

    def touch(self, name: str) -> None:
        """Do nothing: objects do not know when they were read."""

    def lying(self) -> Iterator[Lying]:
        """Give all entries; ``used`` is when they were written."""
        with self.asking() as (obstore, store):
            found = [entry for some in obstore.list(store) for entry in some]
        for entry in found:
            name = entry["path"].rpartition("/")[2]
            if name.endswith(SUFFIX):
                used = entry["last_modified"].timestamp()
                yield Lying(name.removesuffix(SUFFIX), entry["size"], used)

    def remove(self, name: str) -> bool:
        """Remove an entry; say whether it is gone."""
        try:
            with self.asking() as (obstore, store):
                obstore.delete(store, self._path(name))
        except OSError:
            return False
        return True

    def sweep(self) -> None:
        """Do nothing: no object is half written."""


class _Object:
    def __init__(self, bucket: Bucket, path: str) -> None:
        self._bucket, self._path = bucket, path

    @cached_property
    def _beginning(self) -> tuple[int, bytes]:
        with self._bucket.asking() as (obstore, store):
            found = obstore.get(store, self._path, options={"range": (0, FIRST)})
            return found.meta["size"], bytes(found.bytes())

    @property
    def size(self) -> int:
        return self._beginning[0]

    def parts(self, ranges: Sequence[tuple[int, int]]) -> list[bytes]:
        size, first = self._beginning
        if size <= len(first) or all(start + length <= len(first) for start, length in ranges):
            return [first[start : start + length] for start, length in ranges]
        ends = [min(start + length, size) for start, length in ranges]
        starts = [min(start, end) for (start, _), end in zip(ranges, ends, strict=True)]
        some = [i for i, start in enumerate(starts) if ends[i] > start]
        found = [b""] * len(ranges)
        with self._bucket.asking() as (obstore, store):
            asked = obstore.get_ranges(
                store,
                self._path,
                starts=[starts[i] for i in some],
                ends=[ends[i] for i in some],
            )
        for i, data in zip(some, asked, strict=True):
            found[i] = bytes(data)
        return found


def first_line(problem: BaseException) -> str:
    """Return what a library says of a problem, without its stack."""
    return (str(problem).strip().splitlines() or [type(problem).__name__])[0]
