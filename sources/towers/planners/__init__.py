"""What radio planning programs export: sites, transmitters and cells in tables apart, joined."""
