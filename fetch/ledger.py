"""What was fetched: a record for every file, beside the data, so that results can name them."""

from __future__ import annotations

import tomllib
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any, Final

import tomlkit

from phusong.disc.durable import replacing, sync
from phusong.disc.refused import refused
from phusong.errors import FetchError, Where
from phusong.sources.digest import sha256

FILE_NAME: Final = "SOURCES.toml"
_HEAD: Final = (
    "What `phusong fetch` brought, and from where. A file that is changed or replaced by hand is\n"
    "no longer taken for fetched, and is left alone."
)


@dataclass(frozen=True)
class Record:
    """Where one file came from."""

    file: str
    """From the study's folder, with slashes."""
    source: str
    title: str
    url: str
    """Without what stands behind the ``?``."""
    version: str
    """The source's own word for it, and when it says it was last changed."""
    fetched: str
    """Date, UTC."""
    licence: str
    attribution: str
    asked: str
    """What was asked for: the same is not fetched again."""
    sha256: str = ""
    bytes: int = 0
    note: str = ""
    """What was done with it, and what it lacks."""

    def asking(self, asked: str) -> Record:
        """Return it with what was asked for."""
        return replace(self, asked=asked)


class Ledger:
    """The records of one study's folder, by file.

    Raises
    ------
    FetchError
        When the file of records cannot be read.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.path = folder / "data" / FILE_NAME
        self._records: dict[str, Record] = {}
        if not self.path.is_file():
            return
        try:
            rows: list[dict[str, Any]] = tomllib.loads(self.path.read_text("utf-8"))["files"]
            self._records = {row["file"]: Record(**row) for row in rows}
        except (OSError, ValueError, KeyError, TypeError):
            raise FetchError(
                "the records of what was fetched cannot be read",
                Where(file=str(self.path)),
                "mend the file, or remove it: what it names is then taken for your own, and left "
                "alone",
            ) from None

    def records(self) -> list[Record]:
        """Return all records, by file."""
        return [self._records[name] for name in sorted(self._records)]

    def of(self, path: Path) -> Record | None:
        """Return the record of a file that lies as it was fetched; None of any other."""
        record = self._records.get(self._name(path))
        if record is None or not path.is_file() or path.stat().st_size != record.bytes:
            return None
        return record if sha256(path) == record.sha256 else None

    def add(self, path: Path, record: Record) -> Record:
        """Note a file that lies at its place, and write the records."""
        kept = replace(
            record, file=self._name(path), sha256=sha256(path), bytes=path.stat().st_size
        )
        self._records[kept.file] = kept
        document = tomlkit.document()
        for line in _HEAD.splitlines():
            document.add(tomlkit.comment(line))
        rows = tomlkit.aot()
        for one in self.records():
            rows.append(tomlkit.item(asdict(one)))
        document.add("files", rows)
        with refused(self.path):
            self.path.parent.mkdir(parents=True, exist_ok=True)
            with replacing(self.path) as temporary:
                temporary.write_text(tomlkit.dumps(document), "utf-8")
                sync(temporary)
        return kept

    def _name(self, path: Path) -> str:
        return path.relative_to(self.folder).as_posix()


def said_of(folder: Path) -> list[dict[str, Any]]:
    """Return the records of a study's folder as results hand them on; none where none are read."""
    try:
        return [asdict(record) for record in Ledger(folder).records()]
    except FetchError:
        return []
