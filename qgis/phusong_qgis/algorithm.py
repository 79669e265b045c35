"""One command as a Processing algorithm."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

from qgis.core import (
    QgsApplication,
    QgsColorRampShader,
    QgsCoordinateReferenceSystem,
    QgsProcessingAlgorithm,
    QgsProcessingContext,
    QgsProcessingException,
    QgsProcessingLayerPostProcessorInterface,
    QgsProcessingOutputString,
    QgsProcessingParameterBoolean,
    QgsProcessingParameterFile,
    QgsProcessingParameterFileDestination,
    QgsProcessingParameterFolderDestination,
    QgsProcessingParameterNumber,
    QgsProcessingParameterPoint,
    QgsProcessingParameterString,
    QgsRasterLayer,
    QgsRasterShader,
    QgsSettings,
    QgsSingleBandPseudoColorRenderer,
    QgsVectorLayer,
)
from qgis.PyQt.QtGui import QColor

from .catalogue import Command, Parameter, words
from .colours import classes_of, label
from .commandline import arguments, find_command, language_of, progress_of
from .found import Shown, layers_in
from .running import Stopped, run

COMMAND_SETTING = "PHUSONG_COMMAND"
_TYPES = {"vector": "ogr", "table": "delimitedtext", "raster": "gdal"}


def said(key: str) -> str:
    """Return a word of the plugin in QGIS's language."""
    return words(key, _language())


def _language() -> str:
    return language_of(QgsApplication.locale())


def _setting() -> str:
    """Return the path set under Options - Processing; qgis_process may have no such page."""
    try:
        from processing.core.ProcessingConfig import ProcessingConfig  # noqa: PLC0415

        value = ProcessingConfig.getSetting(COMMAND_SETTING)
    except ImportError:
        value = None
    return str(value or QgsSettings().value("phusong/command", "") or "")


class CommandAlgorithm(QgsProcessingAlgorithm):
    """Calls one command, tells its lines, and adds what it wrote to the map."""

    def __init__(self, command: Command) -> None:
        super().__init__()
        self._command = command

    def createInstance(self) -> CommandAlgorithm:  # noqa: N802
        """Return a new one of the same command."""
        return CommandAlgorithm(self._command)

    def name(self) -> str:
        """Return the command's name."""
        return self._command.name

    def displayName(self) -> str:  # noqa: N802
        """Return the title in QGIS's language."""
        return self._command.title[_language()]

    def shortHelpString(self) -> str:  # noqa: N802
        """Return what it does, and what each parameter is, in QGIS's language."""
        language = _language()
        lines = [
            f"<b>{p.words[language]}</b>: {p.help[language]}"
            for p in self._command.parameters
            if p.help[language]
        ]
        return "<br><br>".join([self._command.help[language], *lines])

    def initAlgorithm(self, _: Any = None) -> None:  # noqa: N802
        """Add the parameters."""
        for parameter in self._command.parameters:
            made = _made(parameter, parameter.words[_language()])
            made.setHelp(parameter.help[_language()])
            self.addParameter(made)
        self.addOutput(QgsProcessingOutputString("LOG", said("log")))

    def processAlgorithm(  # noqa: N802
        self, parameters: dict[str, Any], context: QgsProcessingContext, feedback: Any
    ) -> dict[str, Any]:
        """Call the command and add its results."""
        program = find_command(_setting(), os.environ)
        if program is None:
            raise QgsProcessingException(said("no_command"))
        values = {p.name: self._value(p, parameters, context) for p in self._command.parameters}
        if self._command.finding:  # the folder is what its files go into
            Path(str(values["OUTPUT"])).mkdir(parents=True, exist_ok=True)
        given = arguments(self._command, values, _language())
        feedback.pushCommandInfo(" ".join([program, *given]))
        lines: list[str] = []

        def told(line: str) -> None:
            lines.append(line)
            feedback.pushConsoleInfo(line)
            step = progress_of(line)
            if step is not None:
                feedback.setProgressText(step[0])
                feedback.setProgress(step[1])

        try:
            code = run(program, given, os.environ, told, feedback.isCanceled)
        except Stopped:
            raise QgsProcessingException(said("stopped")) from None
        if code != 0 and not (self._command.finding and code == 1):
            raise QgsProcessingException("\n".join([f"{said('failed')} ({code})", *lines[-20:]]))
        out = values.get("OUTPUT")
        if out and Path(str(out)).is_dir():
            self._add(Path(str(out)), context)
        return {"OUTPUT": out, "LOG": "\n".join(lines)}

    def _value(
        self, parameter: Parameter, parameters: dict[str, Any], context: QgsProcessingContext
    ) -> Any:
        name = parameter.name
        if parameters.get(name) is None and parameter.optional and parameter.default is None:
            return None
        if parameter.kind == "flag":
            return self.parameterAsBool(parameters, name, context)
        if parameter.kind == "whole":
            return self.parameterAsInt(parameters, name, context)
        if parameter.kind == "number":
            return self.parameterAsDouble(parameters, name, context)
        if parameter.name == "OUTPUT":
            return self.parameterAsFileOutput(parameters, name, context)
        if parameter.kind == "place":
            return self._place(parameters, name, context)
        return self.parameterAsString(parameters, name, context)

    def _place(self, parameters: dict[str, Any], name: str, context: QgsProcessingContext) -> str:
        """Return a point in degrees, from whatever CRS it was picked in."""
        degrees = QgsCoordinateReferenceSystem("EPSG:4326")
        point = self.parameterAsPoint(parameters, name, context, degrees)
        return f"{point.x():.7f},{point.y():.7f}"

    def _add(self, folder: Path, context: QgsProcessingContext) -> None:
        """Add what the command wrote, in a group of the folder's name."""
        for place, shown in enumerate(layers_in(folder)):
            layer = _layer(shown)
            if not layer.isValid():
                continue
            context.temporaryLayerStore().addMapLayer(layer)
            details = QgsProcessingContext.LayerDetails(shown.name, context.project(), shown.source)
            if hasattr(details, "layerSortKey"):  # QGIS 3.32 and newer: on top is the highest
                details.layerSortKey = -place
            if shown.kind == "raster":
                details.setPostProcessor(_RASTER_STYLE)
            context.addLayerToLoadOnCompletion(layer.id(), details)


def _layer(shown: Shown) -> Any:
    """Return a layer; a GeoPackage's brings the style that stands in it."""
    kind = QgsRasterLayer if shown.kind == "raster" else QgsVectorLayer
    return kind(shown.source, shown.name, _TYPES[shown.kind])


def _made(parameter: Parameter, words_: str) -> Any:
    optional, default = parameter.optional, parameter.default
    if parameter.kind == "study":
        return QgsProcessingParameterFile(
            parameter.name, words_, optional=optional, fileFilter="TOML (*.toml)"
        )
    if parameter.name == "OUTPUT" and parameter.kind == "folder":
        return QgsProcessingParameterFolderDestination(parameter.name, words_)
    if parameter.name == "OUTPUT":
        return QgsProcessingParameterFileDestination(
            parameter.name, words_, "SVG (*.svg);;PNG (*.png)"
        )
    if parameter.kind == "file":
        return QgsProcessingParameterFile(parameter.name, words_, optional=optional)
    if parameter.kind == "flag":
        return QgsProcessingParameterBoolean(parameter.name, words_, defaultValue=bool(default))
    if parameter.kind in {"number", "whole"}:
        types = QgsProcessingParameterNumber
        made = types(
            parameter.name,
            words_,
            types.Integer if parameter.kind == "whole" else types.Double,
            default,
            optional,
        )
        if parameter.least is not None:
            made.setMinimum(parameter.least)
        return made
    if parameter.kind == "place":
        return QgsProcessingParameterPoint(parameter.name, words_)
    return QgsProcessingParameterString(parameter.name, words_, default, optional=optional)


class RasterStyle(QgsProcessingLayerPostProcessorInterface):
    """Colours a raster of level or probability by its classes."""

    def postProcessLayer(self, layer: Any, _: Any, __: Any) -> None:  # noqa: N802
        """Give the layer its classes."""
        style_raster(layer)


def style_raster(layer: QgsRasterLayer) -> None:
    """Colour a raster of level or probability by its classes."""
    level = layer.name().endswith("level")
    ramp = QgsColorRampShader()
    ramp.setColorRampType(QgsColorRampShader.Discrete)
    items, low = [], None
    for high, colour in classes_of(layer.name()):
        text = label(low, high, " dBm" if level else "")
        items.append(QgsColorRampShader.ColorRampItem(high, QColor(colour), text))
        low = high
    ramp.setColorRampItemList(items)
    shader = QgsRasterShader()
    shader.setRasterShaderFunction(ramp)
    layer.setRenderer(QgsSingleBandPseudoColorRenderer(layer.dataProvider(), 1, shader))
    layer.setOpacity(0.7)


_RASTER_STYLE = RasterStyle()
"""QGIS keeps no reference to a post-processor, and the algorithm is gone when it is called."""
