"""File formats: CSV, workbook, GeoPackage, KMZ, GeoParquet, OGC API folder, Data Package."""
