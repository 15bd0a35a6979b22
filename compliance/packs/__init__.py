"""Packs: documents for an examiner, made from the records of a version by a template of data."""
