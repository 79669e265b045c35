"""Signal and villages of a study that is altered: only what differs from it is computed."""
