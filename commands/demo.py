"""`phusong demo`: the main job on the embedded sample."""

from __future__ import annotations

from pathlib import Path

import click

from phusong.commands.terminal.options import (
    CONTEXT,
    csv_form,
    csv_options,
    overwrite_option,
    shared_options,
)
from phusong.errors import OutputError, Where


@click.command(context_settings=CONTEXT)
@click.argument("folder", type=click.Path(path_type=Path), default="phusong-demo")
@overwrite_option
@csv_options
@shared_options
def demo(folder: Path, overwrite: bool, separator: str, decimal: str) -> None:
    """Run the main job on the embedded synthetic province, in FOLDER.

    Writes the study and its data into FOLDER and the results into FOLDER/out.

    \b
    Example:
      phusong demo
      phusong demo my-demo --lang vi
    """
    from phusong.commands.terminal.answers import run_and_print
    from phusong.commands.terminal.missing import stop_if_missing
    from phusong.exports import refuse_to_overwrite
    from phusong.study.file import FILE_NAME

    out = folder / "out"
    if folder.is_dir() and any(folder.iterdir()) and not (folder / FILE_NAME).is_file():
        raise OutputError(
            "the folder holds files that are not a study",
            Where(file=str(folder)),
            "name a new or empty folder",
        )
    refuse_to_overwrite(out, overwrite=overwrite)
    copy_sample(folder)
    form = csv_form(separator, decimal)
    results = run_and_print(folder, out, overwrite=overwrite, form=form)
    stop_if_missing(results.missing)


def copy_sample(folder: Path) -> None:
    """Write the embedded study and its data into a folder."""
    import shutil
    from importlib.resources import as_file, files

    from phusong.study.file import DATA_FOLDERS, FILE_NAME

    with as_file(files("phusong") / "data") as sample:
        for name in DATA_FOLDERS:
            shutil.copytree(sample / name, folder / "data" / name, dirs_exist_ok=True)
        shutil.copyfile(sample / FILE_NAME, folder / FILE_NAME)
