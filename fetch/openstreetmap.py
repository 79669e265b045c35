"""OpenStreetMap for a study's area: the country's extract or a question, and the layers of it."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from phusong.disc.durable import replacing, sync
from phusong.disc.refused import refused
from phusong.errors import FetchError, StudyError, Where
from phusong.fetch.catalogue import Source, source
from phusong.fetch.extent import Extent
from phusong.fetch.job import Desk, Job, asked_of, record_of
from phusong.fetch.ledger import Ledger, Record
from phusong.fetch.parts import Parts
from phusong.fetch.web import shown
from phusong.sources.osm.extract import osm_layers, write_osm_layers
from phusong.study import Study

FOLDER: Final = Path("data/osm")
QUESTION_KM2: Final = 1000.0
"""Areas up to this are asked of Overpass: a machine of volunteers, for small questions."""
_ANSWER_BYTES: Final = 2**27
_SECONDS: Final = 180


@dataclass
class OsmJob:
    """The layers of one area.

    Attributes
    ----------
    raw
        Where what the source sent lies, and stays: layers of another area are cut from it.
    question
        For Overpass; empty for an extract.
    """

    source: Source
    url: str
    extent: Extent
    target: Path
    raw: Path
    ledger: Ledger
    question: str = ""
    renew: bool = False
    _web: Desk | None = None
    _parts: Parts | None = None
    _md5: str | None = None
    _body: bytes = field(default=b"", repr=False)

    @property
    def _asked(self) -> str:
        return asked_of(self.url, self.question)

    def prepare(self, desk: Desk) -> int:
        """Look how large the extract is, unless it is here; of an answer nobody knows."""
        record = self.ledger.of(self.raw)
        if record is not None and record.asked == self._asked and not self.renew:
            return 0
        if record is None and self.raw.exists():
            raise FetchError(
                "a file of your own lies where the source's is kept",
                Where(file=str(self.raw)),
                "move it; `phusong osm` takes layers from it",
            )
        self._web = desk
        if self.question:
            return 0
        self._parts = desk.parts_of(self.source, self.url)
        sums = desk.web.whole(self.source, self.url + ".md5", kind="text", most=4096)
        self._md5 = sums.decode("ascii", "replace").split()[0] if sums.split() else None
        return self._parts.lacking()

    def bring(self) -> None:
        """Have the extract, or the answer, come."""
        if self._parts is not None:
            self._parts.need(0, max(self._parts.size, 1))
        elif self._web is not None:
            self._body = self._web.web.whole(
                self.source, self.url, most=_ANSWER_BYTES, question=self.question
            )
            head = self._body[:4096] + self._body[-4096:]
            if b"runtime error" in head:
                raise FetchError(
                    "Overpass broke its answer off: it is too much for one question, or too busy",
                    Where(file=shown(self.url)),
                    'try again later, or take the extract: [fetch] osm = "extract" in study.toml',
                )

    def settle(self) -> list[tuple[Path, Record]]:
        """Put the raw file in its place, and the layers of the area beside it."""
        out: list[tuple[Path, Record]] = []
        if self._web is not None:
            self.raw.parent.mkdir(parents=True, exist_ok=True)
            modified = ""
            if self._parts is not None:
                self._parts.whole(self.raw, md5=self._md5)
                modified = self._parts.modified
            else:
                with refused(self.raw), replacing(self.raw) as temporary:
                    temporary.write_bytes(self._body)
                    sync(temporary)
            version = "; ".join(filter(None, [self.source.version, modified]))
            note = "" if self._parts is not None else f"asked for {self.extent.said()}"
            record = record_of(self.source, self.url, version=version, note=note)
            out.append((self.raw, record.asking(self._asked)))
        box = self.extent
        counts = write_osm_layers(self.raw, self.target, (box.west, box.south, box.east, box.north))
        held = ", ".join(f"{name} {n}" for name, n in counts.items())
        note = f"layers of {self.raw.name}, what touches {box.said()}: {held}"
        return [*out, (self.target, record_of(self.source, self.url, note=note))]


def osm_asked(study: Study, ground: Extent) -> str:
    """Return what is asked for, in one word."""
    which = _by_question(study, ground)
    layers = [f"{layer.name} {layer.where} {layer.columns}" for layer in osm_layers()]
    return asked_of("osm", which, study.fetch.country, ground.said(), *layers)


def osm_job(study: Study, ground: Extent, target: Path, ledger: Ledger, *, renew: bool) -> Job:
    """Return the job of a study's OpenStreetMap layers.

    Raises
    ------
    StudyError
        When no extract of its country is known.
    """
    folder = study.folder / FOLDER
    if _by_question(study, ground):
        rules = source("overpass", study.fetch.hosts)
        url, raw = rules.url(), folder / "overpass.osm"
        return OsmJob(rules, url, ground, target, raw, ledger, _question(ground), renew=renew)
    rules = source("osm", study.fetch.hosts)
    regions = rules.layout["regions"]
    if study.fetch.country not in regions:
        raise StudyError(
            "no OpenStreetMap extract of {country} is known here",
            Where(file="study.toml", key="fetch.country"),
            'take one by hand and `phusong osm`, or ask: [fetch] osm = "overpass"',
            {"country": study.fetch.country},
        )
    region = regions[study.fetch.country]
    raw = folder / f"{region.rpartition('/')[2]}-latest.osm.pbf"
    url = rules.url(region=region)
    return OsmJob(rules, url, ground, target, raw, ledger, renew=renew)


def _by_question(study: Study, ground: Extent) -> bool:
    said = study.fetch.osm
    return said == "overpass" or (said == "auto" and ground.km2 <= QUESTION_KM2)


def _question(extent: Extent) -> str:
    """Return the question for all layers, as Overpass QL."""
    box = f"{extent.south:.4f},{extent.west:.4f},{extent.north:.4f},{extent.east:.4f}"
    wanted = "".join(f"{part};" for layer in osm_layers() for part in layer.overpass)
    settings = f"[out:xml][timeout:{_SECONDS}][maxsize:{_ANSWER_BYTES * 4}][bbox:{box}]"
    return f"{settings};({wanted});(._;>;);out body;"
