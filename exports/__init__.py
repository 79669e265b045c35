"""Files for carriers, spreadsheets and GIS; every column documented once."""

from phusong.exports.folder import output_folder, refuse_to_overwrite
from phusong.exports.results import write_checks, write_results
from phusong.exports.spreadsheet import CsvForm, write_csv

__all__ = [
    "CsvForm",
    "output_folder",
    "refuse_to_overwrite",
    "write_checks",
    "write_csv",
    "write_results",
]
