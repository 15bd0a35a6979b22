"""The discussion on the review's page: threads, and the acts on them."""

from collections.abc import Iterable
from typing import Any
from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.translation import gettext as _

from accounts.callers import Caller
from governance.models import Comment, Review
from governance.policies import may_resolve
from governance.reviewing.commenting import comment_by_id, is_resolved, reopen, resolve
from governance.selectors import review_by_id
from web.base import PageView
from web.findings.anchors import anchor_place, anchor_title
from web.forms.reviews import CommentForm


def threads_of(caller: Caller, comments: Iterable[Comment]) -> list[dict[str, Any]]:
    """The first comments with their replies, for the timeline; in the order of time."""
    rows = list(comments)
    return [
        {
            **_said(row),
            "thread": True,
            "key": str(row.pk),
            "about": _about(row),
            "resolved": is_resolved(row),
            "replies": [_said(reply) for reply in rows if reply.parent_id == row.pk],
            "may_resolve": bool(may_resolve(caller, row)),
            # Its fields have ids of their own: the page has such a form for each thread.
            "form": CommentForm(auto_id=f"reply-{row.pk}-%s"),
        }
        for row in rows
        if row.parent_id is None
    ]


def _said(row: Comment) -> dict[str, Any]:
    return {
        "pk": row.pk,
        "person": row.author.person.name,
        "comment": row.body,
        "files": list(row.attachments.all()),
        "at": row.at,
    }


def _about(row: Comment) -> tuple[str, str] | None:
    if not row.anchor:
        return None
    return _("on: %(place)s") % {"place": anchor_title(row.anchor)}, anchor_place(row.anchor)


class ThreadResolve(PageView):
    """Settling a thread."""

    def post(self, request: HttpRequest, pk: UUID, comment_id: int) -> HttpResponse:
        """Resolve it and come back to it."""
        review = review_by_id(self.caller, pk)
        resolve(caller=self.caller, comment=comment_by_id(review, comment_id))
        return back_to(review, comment_id)


class ThreadReopen(PageView):
    """Taking it back."""

    def post(self, request: HttpRequest, pk: UUID, comment_id: int) -> HttpResponse:
        """Open it again and come back to it."""
        review = review_by_id(self.caller, pk)
        reopen(caller=self.caller, comment=comment_by_id(review, comment_id))
        return back_to(review, comment_id)


def back_to(review: Review, comment_id: int) -> HttpResponse:
    """The review's page, at the comment."""
    return redirect(f"{reverse('web:review', args=[review.pk])}#c-{comment_id}")
