"""Shares of an alias's calls that a challenger answers beside the holder."""
