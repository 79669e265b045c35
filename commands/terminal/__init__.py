"""The terminal: options that commands share, help in two languages, figures printed."""
