"""How layers look: colours and QGIS styles."""
