"""Mail about what waits for a person: once a day at most, and only where something is new."""
