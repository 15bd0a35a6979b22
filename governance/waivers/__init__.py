"""Waivers of gates."""
