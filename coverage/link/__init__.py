"""One radio path, or a file of paths: seen from the side, drawn, computed."""
