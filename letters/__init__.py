"""Findings handed back to those who supplied the files: a page and a workbook for each."""
