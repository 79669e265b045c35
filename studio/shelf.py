"""The scenarios of a study on disc: listed, opened, saved, and the one that is being drawn."""

from __future__ import annotations

import unicodedata
from pathlib import Path
from typing import Final

from phusong.disc.durable import replacing, sync, sync_folder
from phusong.disc.refused import refused
from phusong.errors import OutputError, PhusongError, StudyError, Where
from phusong.names import safe_names
from phusong.study.scenario import (
    ENDING,
    FOLDER,
    Scenario,
    parse_scenario,
    read_scenario,
    scenario_names,
    scenario_text,
)

DRAFT: Final = "studio.draft"
"""The last edit; of another ending than scenarios have, so that no command takes it for one."""
MOST_LETTERS: Final = 80


class Shelf:
    """The folder ``scenarios`` of a study: the only place the studio writes to.

    Parameters
    ----------
    folder
        The study's.
    """

    def __init__(self, folder: Path) -> None:
        self._study = folder
        self._folder = folder / FOLDER

    def names(self) -> list[str]:
        """Return the scenarios that lie here."""
        return [name for name in scenario_names(self._study) if not name.startswith(".")]

    def open(self, name: str) -> Scenario:
        """Return a scenario.

        Raises
        ------
        StudyError
            When there is none of that name, or it says what it may not.
        """
        return read_scenario(self._study, checked_name(name))

    def save(self, scenario: Scenario) -> str:
        """Keep a scenario under its name; return the name of its file without ending.

        Raises
        ------
        StudyError
            When the name is none that a file can have.
        OutputError
            When the disc does not take it.
        """
        name = checked_name(scenario.name)
        file = self._folder / f"{name}{ENDING}"
        self._write(file, scenario)
        self._settle(file)
        return name

    def keep(self, scenario: Scenario) -> None:
        """Keep the last edit: whole in its file, though it may lie in the system's memory yet.

        Raises
        ------
        OutputError
            When the disc does not take it; an earlier one stays.
        """
        self._write(self._folder / DRAFT, scenario)

    def settle(self) -> None:
        """See the last edit onto the disc itself.

        Raises
        ------
        OutputError
            When that fails.
        """
        if (self._folder / DRAFT).exists():
            self._settle(self._folder / DRAFT)

    def kept(self) -> Scenario | None:
        """Return the last edit of an earlier session; None where there is none to go on from."""
        file = self._folder / DRAFT
        try:
            return parse_scenario(file.read_text("utf-8"), file)
        except (OSError, UnicodeError, PhusongError):
            return None

    def _write(self, file: Path, scenario: Scenario) -> None:
        if self._folder.is_symlink() or file.is_symlink():
            raise OutputError(
                "this is a link to elsewhere, and the studio writes into the study alone",
                Where(file=str(file)),
                "put a folder or a file in its place",
            )
        with refused(file):
            self._folder.mkdir(exist_ok=True)
            with replacing(file) as half:
                half.write_text(scenario_text(scenario), "utf-8")

    def _settle(self, file: Path) -> None:
        with refused(file):
            sync(file)
            sync_folder(self._folder)


def checked_name(name: str) -> str:
    """Return a scenario's name as its file is called.

    Raises
    ------
    StudyError
        When a file cannot be called so on every system, or would lie in another folder.
    """
    told = unicodedata.normalize("NFC", name).strip()
    fit = safe_names([told])[told].replace("_", " ") if told else ""
    plain = " ".join(told.replace("_", " ").split())
    if not told or told.startswith(".") or len(told) > MOST_LETTERS or fit != plain:
        raise StudyError(
            "{name} is no name for a scenario's file",
            Where(file=FOLDER),
            "use letters, digits, blanks, - and _; at most {most} of them",
            {"name": told[:MOST_LETTERS] or "“”", "most": MOST_LETTERS},
        )
    return told
