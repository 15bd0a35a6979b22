"""Publish the policies that every instance starts with."""

from typing import Any

from django.core.management.base import BaseCommand

from governance.policy.publishing import publish_defaults


class Command(BaseCommand):
    """Does nothing where each risk tier has a policy already."""

    help = "Publish the default approval policies where none is published."
    requires_system_checks: list[str] = []

    def handle(self, *args: Any, **options: Any) -> None:
        made = publish_defaults()
        self.stdout.write(f"Published {len(made)} policies." if made else "Policies are there.")
