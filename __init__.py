"""phusong: mobile coverage by village and fibre reach by commune, from planners' own files.

For a notebook or a program of your own::

    import phusong

    study = phusong.read_study("my-province")
    results = phusong.run(study, "my-province/out")
    results.coverage.villages  # a GeoDataFrame

:mod:`phusong.library` says what each function takes and gives; `docs/library.md` is a tour.

Importing this costs nothing: what a name needs is loaded when the name is first used. The root
has no side effects: pytest imports it a second time under the checkout's own name.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from phusong.version import __version__

__all__ = [
    "Audited",
    "Checked",
    "Comparison",
    "FinishedRun",
    "Followed",
    "PhusongError",
    "Planned",
    "Results",
    "Study",
    "__version__",
    "audit",
    "check",
    "compare",
    "compute",
    "open_run",
    "plan",
    "read_study",
    "run",
    "what_if",
]

if TYPE_CHECKING:
    from phusong.errors import PhusongError
    from phusong.library import (
        audit,
        check,
        compare,
        compute,
        open_run,
        plan,
        read_study,
        run,
        what_if,
    )
    from phusong.pipeline.audit import Audited
    from phusong.pipeline.check import Checked
    from phusong.pipeline.what_if import Followed
    from phusong.results.compare import Comparison
    from phusong.results.finished import FinishedRun
    from phusong.results.model import Planned, Results
    from phusong.study import Study
else:
    # No name here may be that of a module or folder of the root: importing one sets it, too.
    _PLACES = {
        "Audited": "phusong.pipeline.audit",
        "Checked": "phusong.pipeline.check",
        "Comparison": "phusong.results.compare",
        "FinishedRun": "phusong.results.finished",
        "Followed": "phusong.pipeline.what_if",
        "PhusongError": "phusong.errors",
        "Planned": "phusong.results.model",
        "Results": "phusong.results.model",
        "Study": "phusong.study",
        "audit": "phusong.library",
        "check": "phusong.library",
        "compare": "phusong.library",
        "compute": "phusong.library",
        "open_run": "phusong.library",
        "plan": "phusong.library",
        "read_study": "phusong.library",
        "run": "phusong.library",
        "what_if": "phusong.library",
    }

    def __getattr__(name: str) -> object:
        """Load a name of the front door when it is first used (PEP 562)."""
        from importlib import import_module  # noqa: PLC0415 - only whoever knocks needs it

        if name not in _PLACES:
            message = f"module {__name__!r} has no attribute {name!r}"
            raise AttributeError(message)
        value = getattr(import_module(_PLACES[name]), name)
        globals()[name] = value
        return value

    def __dir__() -> list[str]:
        """Name what is loaded and what can be."""
        return sorted({*globals(), *__all__})
