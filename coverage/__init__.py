"""Radio coverage: propagation, the terrain sweep, link budgets, signal rasters, villages.

Imported under the bare name ``coverage`` (by numba or pytest-cov, with the checkout on
``sys.path``) this file steps aside and hands over the real coverage.py.
"""

if __name__ == "coverage":
    import importlib
    import sys
    from pathlib import Path

    _root = Path(__file__).resolve().parent.parent
    _path = list(sys.path)
    sys.modules.pop("coverage", None)
    sys.path[:] = [entry for entry in sys.path if Path(entry or ".").resolve() != _root]
    try:
        # Raises ModuleNotFoundError for `coverage` when coverage.py is not installed, which is
        # what whoever asked for it expects to handle.
        sys.modules["coverage"] = importlib.import_module("coverage")
    finally:
        sys.path[:] = _path
