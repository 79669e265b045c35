"""The front door for notebooks and programs: one function for each question.

``import phusong`` gives every one of them by name. A study may be given as it was read, or as the
folder it lies in. What comes back holds GeoDataFrames in the study's CRS and the paths of GeoTIFFs;
errors a person can mend are :class:`phusong.PhusongError`. Nothing is printed.

The examples are those of the province of `docs/library.md`: two communes either side of a ridge.
"""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from phusong.disc.workplace import session_folder
from phusong.i18n import Language, get_language, set_language
from phusong.pipeline.audit import Audited, audit_study
from phusong.pipeline.check import Checked, check_study
from phusong.pipeline.compute import compute as compute_study
from phusong.pipeline.extend import plan_study
from phusong.pipeline.run import run_study
from phusong.pipeline.what_if import Followed, follow_loss
from phusong.progress import Progress
from phusong.results.compare import Comparison, compare_runs
from phusong.results.finished import FinishedRun
from phusong.results.finished import open_run as open_finished
from phusong.results.model import Planned, Results
from phusong.study import Study
from phusong.study.file import read_study as read_file

AnyPath = str | os.PathLike[str]
AnyStudy = Study | AnyPath


def read_study(folder: AnyPath) -> Study:
    """Read a study: every input, assumption and definition of it, none of its data.

    Parameters
    ----------
    folder
        The folder of a study, or its ``study.toml``.

    Returns
    -------
    Study
        Settings with a table of ``study.toml`` each: ``study.radio``, ``study.verdict``,
        ``study.fiber``. They do not change; ``model_copy(update=...)`` gives another study.

    Raises
    ------
    StudyError
        When the file is missing or wrong; every problem is named with its line.

    Examples
    --------
    >>> import phusong
    >>> study = phusong.read_study("my-province")
    >>> study.study.name
    'Tỉnh thử'
    >>> study.verdict.probability
    0.75
    """
    return read_file(Path(folder))


def check(study: AnyStudy, *, progress: Progress | None = None) -> Checked:
    """Read everything a study names, and say what is wrong with it; nothing is written.

    Parameters
    ----------
    study
        A study, or its folder.
    progress
        Told how far the work is; silent by default.

    Returns
    -------
    Checked
        ``table``: one row a finding, with the place where it has one. ``ok``: whether a run
        would start. ``inputs``: the data as they were read, in one CRS.

    Raises
    ------
    StudyError
        When the study file is wrong. What is wrong in its data does not raise.

    Examples
    --------
    >>> import phusong
    >>> checked = phusong.check("my-province")
    >>> checked.ok
    True
    >>> checked.inputs.villages[["code", "name"]]
      code     name
    0  01a  Lũng Cú
    1  01b     =1+1
    2  02a    Pả Vi
    3  02b  Sủng Trà
    """
    return check_study(_opened(study), progress)


def run(
    study: AnyStudy,
    folder: AnyPath,
    *,
    overwrite: bool = False,
    radio: bool = True,
    fiber: bool = True,
    language: Language | None = None,
    progress: Progress | None = None,
) -> Results:
    """Answer every question of a study, and leave tables, rasters and map in a folder.

    Parameters
    ----------
    study
        A study, or its folder.
    folder
        Where the results go; it appears whole when the run is done.
    overwrite
        Whether an earlier run in that folder is replaced.
    radio, fiber
        Which of the two questions to answer.
    language
        Of the map and the tables, ``"vi"`` or ``"en"``; the current language by default.
    progress
        Told how far the work is; silent by default.

    Returns
    -------
    Results
        ``coverage.villages``, ``fiber.reach`` and others are GeoDataFrames;
        ``signal.layer(operator, technology)`` has the paths of its rasters in ``folder``;
        ``missing`` names files that could not be written (a map, a workbook), with the reason.

    Raises
    ------
    PhusongError
        When the study or its data are wrong, or the folder may not be written.

    See Also
    --------
    compute : The same without files.
    open_run : Reads the folder again.

    Examples
    --------
    >>> import phusong
    >>> results = phusong.run("my-province", "out-run")
    >>> villages = results.coverage.villages
    >>> villages.set_index("code")["grade"].to_dict()
    {'01a': 'covered', '01b': 'covered', '02a': 'white', '02b': 'white'}
    """
    with _speaking(language):
        return run_study(
            _opened(study),
            Path(folder),
            overwrite=overwrite,
            radio=radio,
            fibre=fiber,
            progress=progress,
        )


def compute(
    study: AnyStudy,
    rasters: AnyPath | None = None,
    *,
    radio: bool = True,
    fiber: bool = True,
    progress: Progress | None = None,
) -> Results:
    """Answer every question of a study without writing tables or a map.

    Path losses are kept in the study's own ``.phusong``, so that a changed threshold or
    definition is answered in seconds.

    Parameters
    ----------
    study
        A study, or its folder.
    rasters
        Folder for the coverage GeoTIFFs. By default they lie in a temporary folder of their own,
        can be read as long as this Python runs, and are removed when it ends.
    radio, fiber
        Which of the two questions to answer.
    progress
        Told how far the work is; silent by default.

    Returns
    -------
    Results
        As :func:`run` gives it.

    Raises
    ------
    PhusongError
        When the study or its data are wrong.

    Examples
    --------
    >>> import phusong
    >>> import rasterio
    >>> results = phusong.compute("my-province", fiber=False)
    >>> layer = results.signal.layer("*", "*")
    >>> with rasterio.open(layer.level) as level:
    ...     level.count, level.dtypes, level.scales
    (1, ('int16',), (0.1,))
    """
    folder = Path(rasters) if rasters is not None else Path(tempfile.mkdtemp(dir=session_folder()))
    folder.mkdir(parents=True, exist_ok=True)
    return compute_study(_opened(study), folder, radio=radio, fibre=fiber, progress=progress)


def plan(
    study: AnyStudy,
    *,
    budget_usd: float | None = None,
    rings: bool = False,
    time_limit_s: float | None = None,
    progress: Progress | None = None,
) -> Planned:
    """Plan the cheapest cables to every commune that fibre does not reach.

    Parameters
    ----------
    study
        A study with fibre, or its folder.
    budget_usd
        What may be spent; by default what the study says, which may be everything needed.
    rings
        Whether to plan second routes then, for communes on a single one.
    time_limit_s
        Longest search for a cheaper network; by default what the study says.
    progress
        Told how far the work is; silent by default.

    Returns
    -------
    Planned
        ``extension.lines`` and ``extension.targets`` are GeoDataFrames; ``extension.stages``
        is the order of building; ``extension.usd`` stands beside ``extension.lower_bound_usd``.

    Raises
    ------
    StudyError
        When the study has no fibre.

    Examples
    --------
    >>> import phusong
    >>> planned = phusong.plan("my-province")
    >>> planned.extension.stages[["commune_code", "name", "people"]]
      commune_code      name  people
    0           02  Thị trấn   600.0
    >>> f"{planned.extension.gap:.1%} above the proven bound"
    '0.0% above the proven bound'
    """
    return plan_study(
        _opened(study),
        budget_usd=budget_usd,
        rings=rings,
        time_limit_s=time_limit_s,
        progress=progress,
    )


def what_if(
    study: AnyStudy,
    cut: str | Sequence[str],
    *,
    villages: bool = False,
    progress: Progress | None = None,
) -> Followed:
    """Follow what goes dark when cables, joints, PoPs or sites are lost.

    Parameters
    ----------
    study
        A study with fibre, or its folder.
    cut
        What is lost, at once: ids as in ``results.fiber.failures`` or ``results.fiber.edges``,
        whole cables, sites.
    villages
        Whether to follow the loss to villages too, which takes the coverage twice.
    progress
        Told how far the work is; silent by default.

    Returns
    -------
    Followed
        ``communes`` whose centres go dark, ids of the ``sites`` that do, and ``villages`` that
        lose signal (None unless asked for).

    Raises
    ------
    StudyError
        When the study has no fibre.
    InputError
        When nothing bears one of the names.

    Examples
    --------
    >>> import phusong
    >>> lost = phusong.what_if("my-province", "T1", villages=True)
    >>> lost.communes["name"].to_list()
    ['Phố cổ']
    >>> lost.villages[["name", "before", "after"]]
          name   before  after
    0  Lũng Cú  covered  white
    1     =1+1  covered  white
    """
    lost = (cut,) if isinstance(cut, str) else tuple(cut)
    return follow_loss(_opened(study), lost, villages=villages, progress=progress)


def audit(
    study: AnyStudy,
    measurements: AnyPath | Sequence[AnyPath],
    *,
    preset: str = "study",
    run: AnyPath | None = None,
    spacing_m: float = 0.0,
    silent_fails: bool = False,
    day_km: float = 150.0,
    progress: Progress | None = None,
) -> Audited:
    """Hold the coverage a study claims against measured levels.

    Parameters
    ----------
    study
        A study, or its folder.
    measurements
        A file of levels, or several.
    preset
        What the map has to stand up to: ``"study"``, ``"arcep"`` or ``"fcc"``.
    run
        Folder of a finished run whose rasters are audited; by default they are computed.
    spacing_m
        Tests nearer to each other count once; by default those in one cell of the DEM.
    silent_fails
        Whether rows without a level are tests that failed; by default they are refused.
    day_km
        Length of the next day's drive.
    progress
        Told how far the work is; silent by default.

    Returns
    -------
    Audited
        ``audit.shares``, ``audit.claims`` and ``audit.tests`` are frames; ``drive.stops`` and
        ``drive.line`` are GeoDataFrames, empty where ``drive.reason`` says why there is none.

    Raises
    ------
    PhusongError
        When the study, a file or the run is wrong.

    Examples
    --------
    >>> import phusong
    >>> import pandas as pd
    >>> lon = [105.01 + i / 2000 for i in range(20)]
    >>> levels = pd.DataFrame({"lon": lon, "lat": 22.61, "rsrp": -70.0})
    >>> levels.assign(operator="Sóng Xanh", technology="LTE").to_csv("drive.csv", index=False)
    >>> audited = phusong.audit("my-province", "drive.csv")
    >>> communes = audited.audit.claims.query("kind == 'commune'")
    >>> communes[["commune_code", "tests", "successes", "verdict"]]
      commune_code  tests  successes    verdict
    1           01     20         20  confirmed
    """
    files = (measurements,) if isinstance(measurements, str | os.PathLike) else measurements
    return audit_study(
        _opened(study),
        [Path(file) for file in files],
        preset=preset,
        run=None if run is None else Path(run),
        spacing_m=spacing_m,
        silent_fails=silent_fails,
        day_km=day_km,
        progress=progress,
    )


def open_run(folder: AnyPath) -> FinishedRun:
    """Read a finished run back from its folder.

    Parameters
    ----------
    folder
        What :func:`run` or ``phusong run`` wrote.

    Returns
    -------
    FinishedRun
        ``tables``: a frame for each CSV; ``layer(name)``: a layer of ``results.gpkg`` as a
        GeoDataFrame; ``study`` and ``stamp``: what was asked, when, of which data.

    Raises
    ------
    InputError
        When the folder is not a run, or a file of it is missing or broken.

    Examples
    --------
    >>> import phusong
    >>> _ = phusong.run("my-province", "out-open")
    >>> finished = phusong.open_run("out-open")
    >>> finished.tables["villages"].set_index("code")["grade"].to_dict()
    {'01a': 'covered', '01b': 'covered', '02a': 'white', '02b': 'white'}
    >>> len(finished.layer("communes"))
    2
    """
    return open_finished(Path(folder))


def compare(before: FinishedRun | AnyPath, after: FinishedRun | AnyPath) -> Comparison:
    """Compare two finished runs: what was gained and lost, by village and by commune.

    Parameters
    ----------
    before, after
        Finished runs, or their folders.

    Returns
    -------
    Comparison
        ``villages``, ``communes``, ``indicators``; ``definitions`` says what the runs do not
        have in common: figures compare only where it is empty.

    Raises
    ------
    InputError
        When a folder is not a run.

    Examples
    --------
    >>> import phusong
    >>> _ = phusong.run("my-province", "out-before", fiber=False)
    >>> _ = phusong.run("my-province", "out-after", fiber=False)
    >>> compared = phusong.compare("out-before", "out-after")
    >>> compared.definitions
    ()
    >>> compared.villages["change"].value_counts().to_dict()
    {'same': 4}
    """
    earlier, later = (r if isinstance(r, FinishedRun) else open_run(r) for r in (before, after))
    return compare_runs(earlier, later)


def _opened(study: AnyStudy) -> Study:
    return study if isinstance(study, Study) else read_study(study)


@contextmanager
def _speaking(language: Language | None) -> Iterator[None]:
    """Speak a language for the time of the block."""
    before = get_language()
    set_language(language or before)
    try:
        yield
    finally:
        set_language(before)
