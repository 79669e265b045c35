"""One self-contained HTML page that opens from a USB stick."""
