"""Commands run as a person runs them, and the tables they leave."""

from __future__ import annotations

import csv
from pathlib import Path

from click.testing import CliRunner, Result

from phusong.cli import main


def phusong(*arguments: str | Path, code: int = 0) -> Result:
    """Run a command; it ends with ``code`` and never with a traceback."""
    result = CliRunner().invoke(main, [str(a) for a in arguments])
    assert result.exit_code == code, result.output
    assert "Traceback" not in result.output
    return result


def table(path: Path) -> list[dict[str, str]]:
    """Return the rows of a CSV as text."""
    with path.open(encoding="utf-8-sig", newline="") as file:
        return list(csv.DictReader(file))
