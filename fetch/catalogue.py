"""Where public data lie: the table beside this module, with the hosts a study puts in its place."""

from __future__ import annotations

import os
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from importlib.resources import files
from typing import Any, Final
from urllib.parse import urlsplit

from phusong.errors import StudyError, Where

_ENVIRONMENT: Final = "PHUSONG_FETCH_"
_OWN: Final = frozenset(
    {
        "title",
        "base",
        "path",
        "kind",
        "most_mb",
        "redirects",
        "version",
        "licence",
        "licence_url",
        "attribution",
        "layout_from",
    }
)


@dataclass(frozen=True)
class Source:
    """One source of public data, and how its files are laid out."""

    name: str
    title: str
    base: str
    """Where every path starts, without a slash at its end."""
    path: str
    kind: str
    """What a body must be: ``tiff``, ``json``, ``pbf``, ``gzip``, ``osm`` or ``text``."""
    most_bytes: int
    redirects: frozenset[str]
    """Hosts, besides that of ``base``, that answers may send to."""
    version: str
    licence: str
    licence_url: str
    attribution: str
    layout: Mapping[str, Any] = field(default_factory=dict)
    """What only this source has: steps of tiles, regions, codes."""

    def url(self, path: str | None = None, **parts: Any) -> str:
        """Return the address of a file of this source."""
        return f"{self.base}/{(self.path if path is None else path).format(**parts)}"

    def allows(self, url: str) -> bool:
        """Say whether an answer may send to ``url``: same or listed host, never to less safety."""
        here, there = urlsplit(self.base), urlsplit(url)
        if there.scheme not in {"https", here.scheme} or there.username is not None:
            return False
        if there.scheme == here.scheme and there.netloc == here.netloc:
            return True
        listed = there.scheme == "https" and there.port in {None, 443}
        return listed and there.hostname in self.redirects


@cache
def _table() -> dict[str, dict[str, Any]]:
    return tomllib.loads((files("phusong.fetch") / "sources.toml").read_text("utf-8"))


def names() -> tuple[str, ...]:
    """Return the names of all sources."""
    return tuple(_table())


def source(name: str, hosts: Mapping[str, str] | None = None) -> Source:
    """Return a source, from a mirror where the environment or the study names one.

    Parameters
    ----------
    name
        Of the table.
    hosts
        Source -> address that stands in for its ``base``; the environment's
        ``PHUSONG_FETCH_NAME`` has the last word.

    Raises
    ------
    StudyError
        When a mirror's address is none.
    """
    row = _table()[name]
    mirror = os.environ.get(f"{_ENVIRONMENT}{name.upper()}") or (hosts or {}).get(name)
    base = (mirror or row["base"]).rstrip("/")
    parts = urlsplit(base)
    if parts.scheme not in {"http", "https"} or not parts.hostname or parts.username is not None:
        raise StudyError(
            "the address of the source {name} is none",
            Where(file="study.toml", key=f"fetch.hosts.{name}"),
            "write it as https://host or https://host/folder, without a name or password",
            {"name": name},
        )
    return Source(
        name=name,
        title=row["title"],
        base=base,
        path=row["path"],
        kind=row["kind"],
        most_bytes=int(row["most_mb"]) * 2**20,
        redirects=frozenset(row["redirects"]),
        version=row["version"],
        licence=row["licence"],
        licence_url=row.get("licence_url", ""),
        attribution=row["attribution"],
        layout={key: value for key, value in row.items() if key not in _OWN},
    )
