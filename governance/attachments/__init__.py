"""Files attached to comments and findings."""
