"""The list of reviews, and the review with its acts: sign, comment, withdraw, download."""

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.forms import Form
from django.http import HttpRequest, HttpResponse, StreamingHttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _

from common.errors import Conflict, DomainError, Invalid, NotAllowed, NotFound, TooLarge
from governance import policies, services
from governance.attachments.selectors import attachment_by_id
from governance.models import Review, ReviewState, SignDecision
from governance.policy.documents import Policy
from governance.reviewing import assignments
from governance.reviewing.commenting import comment, comment_by_id
from governance.reviewing.looks import note_look
from governance.reviewing.waiting import unsigned_by
from governance.selectors import review_by_id, reviews_seen_by, statement_of
from registry.api import attachment
from registry.policies import READERS
from registry.selectors import names_in
from web.base import UNPROCESSABLE, PageView
from web.forms.passkeys import read_proof
from web.forms.reviews import CommentForm, ReviewFilter, SignForm
from web.forms.suggesting import MOST_SUGGESTED, suggest
from web.paging import newest_first
from web.reviews.assigned import assigned
from web.reviews.page import address_of, review_page
from web.reviews.presenting import counts_of, state_key
from web.uploadpage import files_shown, sent_with_files


class ReviewList(PageView):
    """All reviews that the person may see, with filters in the address."""

    def get(self, request: HttpRequest) -> HttpResponse:
        """The list."""
        form = ReviewFilter(request.GET)
        suggest(form, "model", names_in(self.caller.teams_with(*READERS), MOST_SUGGESTED))
        rows = reviews_seen_by(self.caller)
        if form.is_valid():
            chosen = form.cleaned_data
            if chosen["state"]:
                rows = rows.filter(state=chosen["state"])
            if chosen["model"]:
                rows = rows.filter(version__model__name__icontains=chosen["model"].strip())
            if chosen["waiting"]:
                rows = unsigned_by(self.caller, rows)
            if chosen["assigned"]:
                rows = rows.filter(assignments.asked_of(self.caller), state=ReviewState.OPEN)
            if chosen["overdue"]:
                rows = assignments.late(rows)
        listing = newest_first(rows, "opened_at", request.GET.get("after", ""))
        context = {
            "form": form,
            "listing": listing,
            "entries": [_entry(review) for review in listing.rows],
            "is_filtered": any(request.GET.get(name) for name in form.fields),
        }
        return self.page("reviews/list.html", context)


def _entry(review: Review) -> dict[str, Any]:
    statement = statement_of(review)
    approvals = [s for s in review.signatures.all() if s.decision == SignDecision.APPROVE]
    return {
        "review": review,
        "state": state_key(review),
        "gates": counts_of(statement["gates"]),
        "approvals": len(approvals),
        "wanted": statement["signers_required"],
        **assigned(review),
    }


class ReviewPage(PageView):
    """One review."""

    def get(self, request: HttpRequest, pk: UUID) -> HttpResponse:
        """The page; with `known=<state>`, the answer of a poll that waits for another state."""
        known = request.GET.get("known")
        if known:
            return self._poll(pk, known)
        context = self.context(request, pk)
        self._remember(context["review"])
        return self.page("reviews/detail.html", context)

    def _remember(self, review: Review) -> None:
        """The statement is before a person who might sign: later ones are shown against it."""
        if policies.may_look(self.caller, review, Policy.read(review.policy.document)):
            note_look(caller=self.caller, review=review)

    def _poll(self, pk: UUID, known: str) -> HttpResponse:
        response = HttpResponse(status=204)
        if review_by_id(self.caller, pk).state != known:
            response["HX-Refresh"] = "true"
        return response

    def context(self, request: HttpRequest, pk: UUID, **more: Any) -> dict[str, Any]:
        """What the page shows, also after a refused act."""
        return review_page(self.caller, pk, request.GET.dict()) | {"errors": {}} | more


class ReviewSign(ReviewPage):
    """Signing, with the password in the same request."""

    def get(self, request: HttpRequest, pk: UUID) -> HttpResponse:
        """Nothing is signed by following a link."""
        return redirect("web:review", pk)

    def post(self, request: HttpRequest, pk: UUID) -> HttpResponse:
        """Sign; what was wrong stands beside its field, and the reason is kept."""
        review = review_by_id(self.caller, pk)
        form = SignForm(request.POST)
        if not form.is_valid():
            errors = {name: problems[0] for name, problems in form.errors.items()}
            return self._again(pk, errors, UNPROCESSABLE)
        given = form.cleaned_data
        if self._is_behind(review, given["last_comment"]):
            said = _("New comments arrived while you read; look at them, then sign.")
            return self._again(pk, {"page": said}, Conflict.status)
        if not (given["password"] or given["passkey"] or given["sign_in"]):
            return self._again(pk, {}, 200, ask=True)
        try:
            services.sign(
                caller=self.caller,
                review=review,
                statement_digest=given["statement_digest"],
                annex_digest=given["annex_digest"],
                decision=given["decision"],
                reason=given["reason"],
                password=given["password"],
                code=given["code"],
                passkey=read_proof(given["passkey"]),
                sign_in=given["sign_in"],
            )
        except DomainError as error:
            return self._refused(review, error)
        messages.success(request, _("Signed. Your signature is kept with the review."))
        return redirect("web:review", pk)

    def _is_behind(self, review: Review, last_seen: int) -> bool:
        return review.comments.filter(pk__gt=last_seen).exists()

    def _refused(self, review: Review, error: DomainError) -> HttpResponse:
        """A refusal as the person meets it: beside a field, or as the state of the review."""
        if isinstance(error, NotAllowed):
            policies.may_sign(self.caller, review, Policy.read(review.policy.document)).enforce()
            return self._again(review.pk, {error.field or "password": error.reason}, UNPROCESSABLE)
        if isinstance(error, Invalid):
            return self._again(review.pk, {error.field or "page": error.reason}, error.status)
        field = "page" if isinstance(error, Conflict) else "password"
        return self._again(review.pk, {field: error.reason}, error.status)

    def _again(self, pk: UUID, errors: dict[str, Any], status: int, **more: Any) -> HttpResponse:
        given = {
            "chosen": self.request.POST.get("decision", ""),
            "reason": self.request.POST.get("reason", ""),
            "attested": "attested" in self.request.POST,
        }
        context = self.context(self.request, pk, errors=errors, **given, **more)
        return self.page("reviews/detail.html", context, status=status)


class ReviewComment(ReviewPage):
    """Writing a remark."""

    def get(self, request: HttpRequest, pk: UUID) -> HttpResponse:
        """Comments stand on the review's page."""
        return redirect("web:review", pk)

    def post(self, request: HttpRequest, pk: UUID) -> HttpResponse:
        """Write the comment and come back to the discussion."""
        review = review_by_id(self.caller, pk)
        form = sent_with_files(self.caller, request, CommentForm)
        if not form.is_valid():
            return self._again(pk, form, str(next(iter(form.errors.values()))[0]))
        given: dict[str, Any] = form.cleaned_data
        try:
            parent = comment_by_id(review, given["reply_to"]) if given["reply_to"] else None
            row = comment(caller=self.caller, review=review, **(given | {"reply_to": parent}))
        except (Conflict, Invalid, TooLarge) as error:
            return self._again(pk, form, error.reason)
        return redirect(f"{address_of(review)}#c-{row.pk}")

    def _again(self, pk: UUID, form: Form, problem: str) -> HttpResponse:
        posted = self.request.POST
        where = "reply" if posted.get("reply_to") else "comment"
        shown: dict[str, Any] = {"comment_form": form, **files_shown(self.caller, form)}
        if where == "reply":
            shown = {"reply_kept": shown["kept"]["attachments"]}
        context = self.context(
            self.request,
            pk,
            reply_to=posted.get("reply_to", ""),
            anchor=posted.get("anchor", ""),
            **shown,
            **{f"{where}_error": problem, f"{where}_body": posted.get("body", "")},
        )
        return self.page("reviews/detail.html", context, status=UNPROCESSABLE)


class AttachedFile(PageView):
    """The bytes of a file attached to a comment, a finding or an answer."""

    def get(self, request: HttpRequest, pk: UUID) -> StreamingHttpResponse:
        """A download that arrives whole only if its digest is right."""
        row = attachment_by_id(self.caller, pk)
        return attachment(row.blob_id, row.size, row.name)


class ReviewWithdraw(PageView):
    """Taking a review back."""

    def post(self, request: HttpRequest, pk: UUID) -> HttpResponse:
        """Withdraw and show what became of it."""
        services.withdraw(caller=self.caller, review=review_by_id(self.caller, pk))
        messages.success(request, _("The review was withdrawn; its signatures no longer count."))
        return redirect("web:review", pk)


class ReviewStatement(PageView):
    """The statement's exact bytes, whose SHA-256 is what persons sign."""

    def get(self, request: HttpRequest, pk: UUID) -> HttpResponse:
        """A download."""
        review = review_by_id(self.caller, pk)
        return _download(bytes(review.statement), f"statement-{review.pk}.json")


class ReviewApproval(PageView):
    """The notary's DSSE envelope."""

    def get(self, request: HttpRequest, pk: UUID) -> HttpResponse:
        """A download. 404 while there is none."""
        review = review_by_id(self.caller, pk)
        approval = getattr(review, "approval", None)
        if approval is None:
            raise NotFound("This review has no approval.")
        return _download(bytes(approval.envelope), f"approval-{approval.pk}.dsse.json")


def _download(body: bytes, name: str) -> HttpResponse:
    headers = {"Content-Disposition": f'attachment; filename="{name}"'}
    return HttpResponse(body, content_type="application/json", headers=headers)
