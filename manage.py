#!/usr/bin/env python3
"""Django's command line for Assay."""

import os
import sys

from django.core.management import execute_from_command_line

# Commands which need another database role than the application's.
ROLES = {
    "setup_database": "owner",
    "migrate": "owner",
    "showmigrations": "owner",
    "createcachetable": "owner",
    "notary": "notary",
}

if __name__ == "__main__":
    if len(sys.argv) > 1 and sys.argv[1] in ROLES:
        os.environ.setdefault("ASSAY_DATABASE_ROLE", ROLES[sys.argv[1]])
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
    execute_from_command_line(sys.argv)
