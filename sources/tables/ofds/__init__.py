"""Networks in the Open Fibre Data Standard, as JSON and as its GeoJSON."""
