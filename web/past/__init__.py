"""Pages of the time machine."""
