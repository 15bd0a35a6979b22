"""Break-glass: a version answers under an alias for some hours without an approval."""
