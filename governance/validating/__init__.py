"""The validator's narrative report about a version."""
