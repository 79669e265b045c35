"""Filters of the study (``where``): a condition on the columns of one layer, and no more than that.

GeoPackage and tables hand them to SQLite, which would take a whole query inside of one.
"""

from __future__ import annotations

import re
from typing import Final

_TOKEN: Final = re.compile(
    r"""'(?:[^']|'')*' | "(?:[^"]|"")*" | \[[^\]]*\] | `[^`]*`   # quoted: values and names
      | (?P<word>[^\W\d]\w*) | (?P<sign>--|/\*|[;()\x00'"])""",
    re.VERBOSE,
)
_QUERIES: Final = frozenset(
    {"select", "union", "intersect", "except", "with", "values", "pragma", "attach", "recursive"}
)


def foreign_part(condition: str) -> str | None:
    """Return what makes a filter more than a condition on columns; None where nothing does.

    Examples
    --------
    >>> foreign_part("admin_level = '7' AND (name LIKE 'select%' OR name IS NULL)")
    >>> foreign_part("1 = 0) UNION SELECT 5 --")
    ')'
    """
    depth = 0
    for token in _TOKEN.finditer(condition):
        word, sign = token["word"], token["sign"]
        if word is not None and word.lower() in _QUERIES:
            return word
        depth += {"(": 1, ")": -1}.get(sign or "", 0)
        if depth < 0 or sign not in {None, "(", ")"}:
            return sign
    return "(" if depth else None
