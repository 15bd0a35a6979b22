"""The notary's keys, and how they change."""
