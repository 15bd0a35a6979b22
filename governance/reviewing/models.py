"""Tables of who is asked to review."""

import uuid

from django.conf import settings
from django.db import models

from accounts.models import Person


class Assignment(models.Model):
    """Who is asked to sign a review, and by which day; the newest one of a review holds.

    It gives no authority and takes none. The trigger refuses contributors to the version.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    review = models.ForeignKey(
        "governance.Review", on_delete=models.PROTECT, related_name="assignments"
    )
    position = models.PositiveIntegerField()
    due_on = models.DateField(null=True)
    person = models.ForeignKey(Person, on_delete=models.PROTECT, related_name="+")
    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["review", "position"], name="assignment_once"),
        ]


class Assignee(models.Model):
    """A person who is asked."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    assignment = models.ForeignKey(Assignment, on_delete=models.PROTECT, related_name="assignees")
    person = models.ForeignKey(Person, on_delete=models.PROTECT, related_name="+")

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["assignment", "person"], name="assignee_once"),
        ]


class Delegation(models.Model):
    """Whom a person who is away lets be asked in his place, from one day to another (UTC, both in).

    It moves what he is asked for and no authority. A trigger refuses two at a time.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    person = models.ForeignKey(Person, on_delete=models.PROTECT, related_name="delegations")
    delegate = models.ForeignKey(Person, on_delete=models.PROTECT, related_name="stands_in")
    starts_on = models.DateField()
    ends_on = models.DateField()
    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    at = models.DateTimeField()

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=models.Q(ends_on__gte=models.F("starts_on")), name="delegation_ends_after"
            ),
            models.CheckConstraint(
                condition=~models.Q(person=models.F("delegate")), name="delegation_to_another"
            ),
        ]


class DelegationEnd(models.Model):
    """The end of a delegation before its day."""

    delegation = models.OneToOneField(
        Delegation, on_delete=models.PROTECT, related_name="ending", primary_key=True
    )
    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    at = models.DateTimeField()


class ThreadMove(models.Model):
    """That somebody resolved the thread of a comment, or opened it again; the newest holds."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    comment = models.ForeignKey(
        "governance.Comment", on_delete=models.PROTECT, related_name="moves"
    )
    position = models.PositiveIntegerField()
    resolved = models.BooleanField()
    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["comment", "position"], name="thread_move_once"),
        ]
