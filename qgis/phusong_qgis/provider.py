"""The provider: every command of commands.json as an algorithm, and the setting of its path."""

from __future__ import annotations

from processing.core.ProcessingConfig import ProcessingConfig, Setting
from qgis.core import QgsApplication, QgsProcessingProvider

from .algorithm import COMMAND_SETTING, CommandAlgorithm, said
from .catalogue import commands

NAME = "phusong"


class PhusongProvider(QgsProcessingProvider):
    """Commands of phusong in the Processing toolbox."""

    def load(self) -> bool:
        """Add the setting under Options - Processing - Providers."""
        ProcessingConfig.settingIcons[NAME] = self.icon()
        ProcessingConfig.addSetting(
            Setting(NAME, COMMAND_SETTING, said("command_setting"), "", valuetype=Setting.FILE)
        )
        ProcessingConfig.readSettings()
        self.refreshAlgorithms()
        return True

    def unload(self) -> None:
        """Take the setting away."""
        ProcessingConfig.removeSetting(COMMAND_SETTING)

    def loadAlgorithms(self) -> None:  # noqa: N802
        """Add one algorithm a command."""
        for command in commands():
            self.addAlgorithm(CommandAlgorithm(command))

    def id(self) -> str:
        """Return what algorithms are called by: ``phusong:run``."""
        return NAME

    def name(self) -> str:
        """Return the name in the toolbox."""
        return NAME

    def longName(self) -> str:  # noqa: N802
        """Return the name with what it is."""
        return said("provider")

    def icon(self) -> object:
        """Return QGIS's own icon of a mesh of lines."""
        return QgsApplication.getThemeIcon("/processingAlgorithm.svg")
