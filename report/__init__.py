"""A finished run as a document to print and send: one PDF and one HTML page."""

from phusong.report.write import write_report

__all__ = ["write_report"]
