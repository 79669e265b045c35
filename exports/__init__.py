"""Files for carriers, spreadsheets and GIS; every column documented once."""

from phusong.exports.folder import output_folder, refuse_to_overwrite
from phusong.exports.formats.spreadsheet import CsvForm, write_csv
from phusong.exports.run import write_checks, write_results

__all__ = [
    "CsvForm",
    "output_folder",
    "refuse_to_overwrite",
    "write_checks",
    "write_csv",
    "write_results",
]
