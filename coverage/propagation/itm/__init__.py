"""The Irregular Terrain Model: `path` over one path, `sweep` over a disc."""
