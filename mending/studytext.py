"""The study file that reads copies: the planner's own text, with other paths."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import tomlkit

from phusong.errors import OutputError, Where
from phusong.mending.rounds import CopiedLayer, with_layers
from phusong.sources.named_layers import Key
from phusong.study import Study
from phusong.study.file import parse_study


def study_text(
    text: str, study: Study, layers: Mapping[Key, CopiedLayer], folder: str, file: Path
) -> str:
    """Return the text of a study file with the paths of copies, everything else as it stands.

    Parameters
    ----------
    text, study
        The study file, and what it says.
    layers
        Key of a layer -> its copy.
    folder
        Name of the folder of copies, beside the study file.
    file
        Where the new study file will lie.

    Raises
    ------
    OutputError
        When the text does not say exactly that afterwards: it is written in a way that cannot be
        edited without changing more.
    """
    document = tomlkit.parse(text)
    changed: dict[Key, dict[str, Any]] = {}
    for key, copy in layers.items():
        path = (Path(folder) / copy.path).as_posix()
        table = _at(document, key)
        table["path"] = path
        if copy.encoding is not None:
            table["encoding"] = copy.encoding
        changed[key] = {"path": Path(path), "encoding": copy.encoding}
    edited = tomlkit.dumps(document)
    wanted = with_layers(study, changed)
    if parse_study(edited, file).model_dump() != wanted.model_dump():
        raise OutputError(
            "the study file is written in a way that cannot be edited",
            Where(file=str(file)),
            "write each layer as a table of its own: [[towers]], [boundaries.communes]",
        )
    return edited


def _at(document: Any, key: Key) -> Any:
    """Return the table of a layer; a list of one may be written as the one."""
    table = document
    for part in key:
        table = table[part] if not isinstance(part, int) or isinstance(table, list) else table
    return table
