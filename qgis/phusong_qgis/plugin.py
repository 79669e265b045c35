"""What QGIS loads: registers the provider, and takes it away again."""

from __future__ import annotations

from typing import Any

from qgis.core import QgsApplication

from .provider import PhusongProvider


class PhusongPlugin:
    """The plugin; it has no part of QGIS's window but its algorithms in the toolbox."""

    def __init__(self, iface: Any) -> None:
        self.iface = iface
        self.provider: PhusongProvider | None = None

    def initProcessing(self) -> None:  # noqa: N802
        """Register the provider; qgis_process asks for this alone."""
        self.provider = PhusongProvider()
        QgsApplication.processingRegistry().addProvider(self.provider)

    def initGui(self) -> None:  # noqa: N802
        """Register the provider."""
        self.initProcessing()

    def unload(self) -> None:
        """Take the provider away."""
        QgsApplication.processingRegistry().removeProvider(self.provider)
