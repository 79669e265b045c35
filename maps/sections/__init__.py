"""The parts of a page's data, one module a kind of thing on the map."""
