"""Reading ``study.toml``, and writing a new one."""

from __future__ import annotations

from importlib.resources import files
from pathlib import Path
from typing import Final

from phusong.errors import OutputError, Where
from phusong.study import Study
from phusong.study.scenario import read_scenario
from phusong.study.validated import read_text, validated

FILE_NAME = "study.toml"
DATA_FOLDERS = ("boundaries", "towers", "terrain", "people", "fiber", "roads", "rivers")
_PROSE: Final = frozenset({"study.name", "study.description", "study.assumptions"})


def read_study(path: Path, scenario: str | None = None) -> Study:
    """Read and validate a study.

    Parameters
    ----------
    path
        A study folder, or its ``study.toml``.
    scenario
        Name of one of its scenarios, or a scenario's file: the study with that carried out.

    Raises
    ------
    StudyError
        When the file is missing, is not TOML, or says something it may not; all problems of
        the file are named in one message, each with its line.
    """
    file = path / FILE_NAME if path.is_dir() else path
    mend = "name a folder with a study.toml, or make one with `phusong new DIR`"
    study = parse_study(read_text(file, "there is no study file here", mend), file)
    if scenario is None:
        return study
    return study.model_copy(update={"scenario": read_scenario(study.folder, scenario)})


def parse_study(text: str, file: Path) -> Study:
    """Validate the text of a study file that lies (or will lie) at ``file``."""
    mend = "correct the lines named; `phusong new DIR` writes a file with every key explained"
    return validated(text, file, Study, mend, _PROSE, folder=file.parent)


def new_study(folder: Path) -> Path:
    """Write a commented ``study.toml`` and the data folders; return the file's path.

    Raises
    ------
    OutputError
        When the folder has a study already.
    """
    file = folder / FILE_NAME
    if file.exists():
        raise OutputError(
            "there is a study here already", Where(file=str(file)), "choose another folder"
        )
    for name in DATA_FOLDERS:
        (folder / "data" / name).mkdir(parents=True, exist_ok=True)
    file.write_text((files("phusong.study") / "template.toml").read_text("utf-8"), "utf-8")
    return file
