"""Tables and layers of a file: encodings, headers, numerals, points, statuses."""
