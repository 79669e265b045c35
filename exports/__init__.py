"""Files for carriers, spreadsheets and GIS; every column documented once."""
