"""Reading and checking what planners have; out comes one CRS, one grid, named columns."""

from phusong.sources.inputs import Inputs, Raster
from phusong.sources.read import check_inputs, read_inputs

__all__ = ["Inputs", "Raster", "check_inputs", "read_inputs"]
