"""Writes docs/rules.md, docs/columns.md and docs/mends.md from the tables the program itself uses.

Run ``python docs/tables.py`` after a change; a test compares.
"""

from __future__ import annotations

from pathlib import Path

from phusong.checks import rules
from phusong.exports.tables.dictionary import tables
from phusong.mending.decisions import decisions

HERE = Path(__file__).resolve().parent
DICTIONARY = "From `exports/tables/dictionary.toml`. `:CARRIER` stands once a carrier."


def rules_page() -> str:
    """Return the rule table as Markdown."""
    lines = [
        "# Rules of the checks",
        "",
        'A study raises or lowers a rule under `[checks] severity`, e.g. `{ B05 = "error" }`.',
        "An error stops a run before any work. From `rules.toml`.",
        "",
        "| rule | severity | what it finds | what the program does | mend |",
        "| --- | --- | --- | --- | --- |",
    ]
    lines += [
        f"| {r.number} | {r.severity} | {_cell(r.title)} | {_cell(r.effect)} | {_cell(r.mend)} |"
        for r in rules().values()
    ]
    return "\n".join(lines) + "\n"


def columns_page() -> str:
    """Return the data dictionary as Markdown."""
    lines = [
        "# Columns of the output tables",
        "",
        DICTIONARY,
    ]
    for table in tables().values():
        lines += ["", f"## {table.name}", "", f"{table.title}. *{table.title_vi}.*", ""]
        lines += ["| column | type | unit | meaning | nghĩa |", "| --- | --- | --- | --- | --- |"]
        for c in table.columns:
            name = f"{c.name}:CARRIER" if c.per_operator else c.name
            lines.append(f"| {name} | {c.type} | {c.unit} | {_cell(c.en)} | {_cell(c.vi)} |")
    return "\n".join(lines) + "\n"


def mends_page() -> str:
    """Return the decisions on what is mended in copies as Markdown."""
    lines = [
        "# What is mended in copies",
        "",
        "What `phusong fix` does about each rule ([how](findings.md)).",
        "From `mending/decisions.toml`.",
        "",
        "| rule | what it finds | in a copy |",
        "| --- | --- | --- |",
    ]
    safe = {number for number, decision in decisions().items() if decision.safe}
    lines += [
        f"| {r.number} | {_cell(r.title)} | {_cell(decisions()[r.number].why)} |"
        for r in rules().values()
        if r.number in safe
    ]
    lines += ["", "The others are not mended:", "", "| why | rules |", "| --- | --- |"]
    reasons: dict[str, list[str]] = {}
    for number in rules():
        if number not in safe:
            reasons.setdefault(decisions()[number].why, []).append(number)
    lines += [f"| {_cell(why)} | {', '.join(numbers)} |" for why, numbers in reasons.items()]
    return "\n".join(lines) + "\n"


def _cell(text: str) -> str:
    return text.replace("|", "\\|")


PAGES = {"rules.md": rules_page, "columns.md": columns_page, "mends.md": mends_page}

if __name__ == "__main__":
    for name, page in PAGES.items():
        (HERE / name).write_text(page(), "utf-8")
