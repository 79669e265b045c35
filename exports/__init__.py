"""Files for carriers, spreadsheets and GIS; every column documented once."""

from phusong.exports.folder import output_folder, refuse_to_overwrite
from phusong.exports.formats.spreadsheet import CsvForm, write_csv
from phusong.exports.run import describe_run, write_checks, write_results

__all__ = [
    "CsvForm",
    "describe_run",
    "output_folder",
    "refuse_to_overwrite",
    "write_checks",
    "write_csv",
    "write_results",
]
