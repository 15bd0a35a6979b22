"""Argon2 with the least cost it can have: real, and quick enough for hundreds of signatures."""

from django.contrib.auth.hashers import Argon2PasswordHasher


class QuickArgon2(Argon2PasswordHasher):
    """The same algorithm with one pass over 8 KiB."""

    time_cost = 1
    memory_cost = 8
    parallelism = 1
