"""Verbs of the discussion: comment, reply, resolve a thread, open it again."""

from collections.abc import Mapping, Sequence
from hashlib import sha256
from uuid import UUID

from django.db import transaction
from django.db.models import Prefetch
from django.utils import timezone

from accounts.callers import Caller
from audit.actions import Action
from audit.services import record
from common.errors import Conflict, Invalid, NotFound
from governance.attachments.models import Attachment
from governance.attachments.records import named
from governance.attachments.taking import take_files
from governance.findings.anchors import FIGURES, SECTIONS
from governance.models import Comment, Review
from governance.policies import may_comment, may_resolve
from governance.reviewing.models import ThreadMove
from governance.selectors import statement_of
from governance.texts import written
from registry.models import ModelVersion

LONGEST_TEXT = 4000
_ELSEWHERE = (*SECTIONS, *FIGURES)


def comments_of(review: Review) -> list[Comment]:
    """Everything that was said, in order, with authors, files and what became of the threads."""
    moves = ThreadMove.objects.select_related("user__person").order_by("position")
    rows = review.comments.select_related("author__person").order_by("at", "pk")
    return list(rows.prefetch_related(Prefetch("moves", moves), "attachments"))


def comment_by_id(review: Review, comment_id: int) -> Comment:
    """A comment of the review. Raises NotFound."""
    found = review.comments.select_related("author", "review__version").filter(pk=comment_id)
    row = found.first()
    if row is None:
        raise NotFound("There is no such comment in this review.")
    return row


def is_resolved(comment: Comment) -> bool:
    """Whether the thread that the comment begins is resolved."""
    last = max(comment.moves.all(), key=lambda move: move.position, default=None)
    return last is not None and last.resolved


@transaction.atomic
def comment(
    *,
    caller: Caller,
    review: Review,
    body: str,
    anchor: str = "",
    reply_to: Comment | None = None,
    attachments: Sequence[UUID] = (),
) -> Comment:
    """Write a remark, at a gate, section or figure where `anchor` names one, or a reply to one.

    A reply stands under the first comment of its thread. `attachments` are finished uploads of the
    caller. Raises NotAllowed, Conflict where the thread is resolved, Invalid, and what
    `take_files` raises.
    """
    may_comment(caller, review.version.model.team_id).enforce()
    _lock(review)
    _check(review, anchor, reply_to)
    files = take_files(caller, attachments)
    row = Comment.objects.create(
        review=review,
        author=caller.user,
        body=written(body, "body", LONGEST_TEXT),
        anchor=anchor,
        parent=reply_to,
    )
    for file in files:
        file.comment = row
    Attachment.objects.bulk_create(files)
    said = {"comment_digest": _digest(row), **named(files)}
    # Where it stands; that at a gate is no evidence and was never told.
    if anchor in _ELSEWHERE:
        said["anchor"] = anchor
    if reply_to is not None:
        said["reply_to"] = _digest(reply_to)
    _tell(caller, Action.REVIEW_COMMENTED, review, said)
    return row


def _check(review: Review, anchor: str, reply_to: Comment | None) -> None:
    if reply_to is not None:
        if anchor:
            raise Invalid("A reply stands where its thread stands.", field="anchor")
        if reply_to.review_id != review.pk or reply_to.parent_id is not None:
            raise Invalid(
                "A reply is given to the first comment of a thread of this review.",
                field="reply_to",
            )
        if is_resolved(reply_to):
            raise Conflict("This thread is resolved; open it again first.", field="reply_to")
    gates = {gate["gate"] for gate in statement_of(review)["gates"]}
    if anchor and anchor not in {*gates, *_ELSEWHERE}:
        raise Invalid("There is no such gate, section or figure in this review.", field="anchor")


def resolve(*, caller: Caller, comment: Comment) -> ThreadMove:
    """Say that a thread is settled. Raises NotAllowed, Conflict if it is."""
    return _move(caller, comment, resolved=True)


def reopen(*, caller: Caller, comment: Comment) -> ThreadMove:
    """Say that a thread is not settled after all. Raises NotAllowed, Conflict if it is open."""
    return _move(caller, comment, resolved=False)


@transaction.atomic
def _move(caller: Caller, comment: Comment, *, resolved: bool) -> ThreadMove:
    may_resolve(caller, comment).enforce()
    _lock(comment.review)
    if comment.parent_id is not None:
        raise Conflict("A thread is resolved at its first comment.")
    last = comment.moves.order_by("-position").first()
    if (last is not None and last.resolved) is resolved:
        raise Conflict("This thread is resolved already." if resolved else "This thread is open.")
    row = ThreadMove.objects.create(
        comment=comment,
        position=last.position + 1 if last else 1,
        resolved=resolved,
        user=caller.user,
        at=timezone.now(),
    )
    action = Action.THREAD_RESOLVED if resolved else Action.THREAD_REOPENED
    said = {"comment": str(comment.pk), "comment_digest": _digest(comment)}
    _tell(caller, action, comment.review, said | {"position": row.position})
    return row


def _lock(review: Review) -> None:
    ModelVersion.objects.select_for_update(no_key=True).get(pk=review.version_id)


def _digest(row: Comment) -> str:
    return f"sha256:{sha256(row.body.encode()).hexdigest()}"


def _tell(caller: Caller, action: Action, review: Review, said: Mapping[str, object]) -> None:
    record(
        actor=caller.actor,
        action=action,
        subject=("review", review.pk),
        payload=said,
        related=[("version", review.version_id), ("model", review.version.model_id)],
    )
