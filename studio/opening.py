"""A studio opened: the study held, its page made, its server ready to run."""

from __future__ import annotations

import base64
import struct
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from phusong.i18n import Language
from phusong.maps.page import page_text
from phusong.progress import Progress
from phusong.studio.desk import Desk
from phusong.studio.drawncable import Roads
from phusong.studio.export import offline_page
from phusong.studio.payload import Payloads
from phusong.studio.questions import Questions
from phusong.studio.server import Room, Server, listen
from phusong.studio.session import AS_IT_STANDS, Definition, Seen, Studio
from phusong.studio.shelf import Shelf
from phusong.study import Study


@contextmanager
def open_studio(
    study: Study, *, port: int = 0, language: Language = "vi", progress: Progress | None = None
) -> Iterator[Server]:
    """Give the server of a study's studio; it is closed at the end.

    Raises
    ------
    ChecksFailed
        When a file of the study cannot be used.
    OSError
        When the port is taken.
    """
    # First of all: a port that is taken is said before the study is computed.
    with listen(port) as listening, Studio(study, progress) as studio:
        # What compiles at first use compiles now, not at the first click.
        studio.verdicts(studio.see(AS_IT_STANDS), Definition())
        now = studio.now
        page = page_text(now, language, studio=about(studio))
        payloads = Payloads(now, studio.villages, _longest_px(page))
        shelf = Shelf(study.folder)
        desk = Desk(studio, shelf, payloads)
        questions = Questions(studio, Roads(now), shelf, payloads)

        def export(seen: Seen, told: Progress) -> str:
            return offline_page(now, seen, language, told)

        try:
            yield Server(Room(page, desk, questions, export), desk, listening)
        finally:
            desk.close()


def about(studio: Studio) -> dict[str, Any]:
    """Return what the page needs beside the map of the study as it stands."""
    study, now = studio.study, studio.now
    site = study.planning.site
    operators = sorted({str(name) for name in now.inputs.cells["operator"]})
    return {
        "operators": operators,
        "site": {
            "operator": operators[0] if site.operator == "new" and operators else site.operator,
            "height_m": site.height_m,
            "azimuths_deg": list(site.azimuths_deg),
            "tilt_deg": site.tilt_deg,
            "bands": [
                {
                    "technology": site.technology,
                    "freq_mhz": site.freq_mhz,
                    "eirp_dbm": site.eirp_dbm,
                    **({} if site.bandwidth_mhz is None else {"bandwidth_mhz": site.bandwidth_mhz}),
                }
            ],
        },
        "edges": [] if now.fiber is None else [str(e) for e in now.fiber.edges["edge_id"]],
        "verdict": {
            "probability": study.verdict.probability,
            "covered_share": study.verdict.covered_share,
        },
    }


def _longest_px(page: str) -> int:
    """Return the size of the page's rasters, from the head of the first picture in it."""
    mark = '<script type="text/plain" id="level-0">'
    start = page.find(mark)
    if start < 0:
        return 1
    head = base64.b64decode(page[start + len(mark) : start + len(mark) + 64].strip()[:40])
    width, height = struct.unpack(">II", head[16:24])
    return int(max(width, height))
