"""Findings and conditions of reviewers."""
