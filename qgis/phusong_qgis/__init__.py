"""QGIS plugin: phusong's commands as Processing algorithms.

QGIS has its own Python: nothing here imports phusong, the installed command is called.
"""


def classFactory(iface):  # noqa: ANN001, ANN201, N802 - QGIS asks for this name
    """Return the plugin."""
    from .plugin import PhusongPlugin  # noqa: PLC0415 - the pure parts load without QGIS

    return PhusongPlugin(iface)
