"""Path losses as bytes, and where these lie: a folder, an object store."""
