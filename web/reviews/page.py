"""Everything on the review page, gathered with a fixed number of queries."""

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

from django.conf import settings
from django.urls import reverse
from django.utils.translation import gettext as _

from accounts.callers import Caller
from accounts.factors.codes import has_factor
from accounts.oidc.asking import may_sign_in_again
from accounts.passkeys.records import has_passkey
from governance import policies
from governance.models import Comment, Review, ReviewState, SignDecision
from governance.policy.documents import Policy
from governance.policy.scopes import scope_shown
from governance.reviewing.commenting import comments_of
from governance.reviewing.signing import MEANINGS
from governance.selectors import measured_in, review_by_id, waivers_named
from registry.cards import FIELDS
from registry.models import CardRevision, ModelVersion
from trust.methods import OIDC
from web.findings.anchors import anchor_choices
from web.forms.reviews import CommentForm
from web.markdown import rendered_fields
from web.reports.changes import changes_between
from web.reports.evaluation import evaluation_view
from web.reports.explanation import explanation_view
from web.reports.parity import parity_view
from web.reports.plan import plan_view
from web.reports.rows import with_deletion
from web.reviews import assigned, findings, people, presenting, validating
from web.reviews.differences import since_last_look
from web.reviews.discussing import threads_of
from web.reviews.presenting import Frozen, Now
from web.reviews.ways_on import after_closing
from web.words import word

Query = Mapping[str, str]


def review_page(caller: Caller, review_id: UUID, query: Query) -> dict[str, Any]:
    """The context of the page. Raises NotFound where the caller may not see the review."""
    review = review_by_id(caller, review_id)
    frozen = Frozen.of(review)
    now = Now.of(review, frozen)
    comments = comments_of(review)
    threads = threads_of(caller, comments)
    about = findings.about(caller, review)
    signed = people.signed_by(review, about["names"])
    waivers = [people.waived(row) for row in waivers_named(frozen.statement)]
    gates = presenting.gates_of(frozen, now, Counter(c.anchor for c in comments), waivers)
    findings.link(gates, about)
    return {
        "review": review,
        "version": review.version,
        "model": review.version.model,
        "state": presenting.state_key(review),
        "statement": frozen.statement,
        "scope": scope_shown(frozen.statement["scope"]),
        "gates": gates,
        "gate_count": presenting.counts_of(gates),
        "waivers": waivers,
        "waived_until": min((waiver["not_after"] for waiver in waivers), default=None),
        "changed": now.changed if review.state in presenting.OPEN else [],
        "signed": signed,
        "contributors": people.contributors_of(review.version),
        "timeline": people.timeline_of(review, threads, signed),
        "hidden_fields": _hidden(review, comments, about["annex_digest"]),
        "comment_count": len(comments),
        "open_threads": sum(not thread["resolved"] for thread in threads),
        "anchors": anchor_choices(gate["gate"] for gate in gates)[1:],
        "anchor": query.get("anchor", ""),
        **_writing(),
        "may_comment": policies.may_comment(caller, review.version.model.team_id),
        "may_withdraw": _may_withdraw(caller, review),
        "approval": getattr(review, "approval", None),
        "revocation": _revocation(review),
        "card": _card(review, frozen),
        **about,
        **after_closing(caller, review),
        **assigned.about(caller, review),
        **validating.about(caller, review, frozen.statement),
        **since_last_look(caller, review),
        **_decision(caller, review, frozen, signed),
        **_reports(review, frozen, query),
    }


def _hidden(review: Review, comments: Sequence[Comment], annex: str) -> list[tuple[str, Any]]:
    """What was shown: a signature of anything else is refused."""
    return [
        ("statement_digest", f"sha256:{review.statement_digest}"),
        ("last_comment", comments[-1].pk if comments else 0),
        ("annex_digest", annex),
    ]


def _writing() -> dict[str, Any]:
    return {"comment_form": CommentForm(), "limit": settings.DATA_UPLOAD_MAX_MEMORY_SIZE}


def _may_withdraw(caller: Caller, review: Review) -> Any:
    return policies.may_withdraw(caller, review) if review.state in presenting.OPEN else None


def _revocation(review: Review) -> Any:
    approval = getattr(review, "approval", None)
    return getattr(approval, "revocation", None) if approval else None


def _card(review: Review, frozen: Frozen) -> dict[str, Any] | None:
    """The revision of the card that the statement names, field by field."""
    digests = [e["digest"] for e in frozen.statement["evidence"] if e["kind"] == "card"]
    if not digests:
        return None
    card = CardRevision.objects.filter(
        version=review.version_id, digest=digests[0].removeprefix("sha256:")
    ).first()
    if card is None:
        return None
    fields = [(str(label), card.content.get(name, "")) for name, (label, _hint) in FIELDS.items()]
    return {"row": card, "fields": rendered_fields(fields)}


def _decision(
    caller: Caller, review: Review, frozen: Frozen, signed: list[people.Signed]
) -> dict[str, Any]:
    policy = Policy.read(review.policy.document)
    approving = sum(entry.row.decision == SignDecision.APPROVE for entry in signed)
    wanted = int(frozen.statement["signers_required"])
    by_passkey = has_passkey(caller.person_id)
    by_provider = bool(may_sign_in_again(caller) and policies.may_prove(caller, policy, by=OIDC))
    return {
        "policy": policy,
        "may_sign": policies.may_sign(caller, review, policy),
        "signing_roles": [word(role, "role") for role in policy.roles],
        "asks_code": has_factor(caller.person_id),
        "has_passkey": by_passkey,
        "by_provider": by_provider,
        "no_password": policy.passkey
        or ((by_passkey or by_provider) and not caller.user.has_usable_password()),
        "approvals": approving,
        "approvals_wanted": wanted,
        "approvals_missing": range(max(0, wanted - approving)),
        "options": _options(review, approving, wanted),
        "is_quorum": review.state == ReviewState.QUORUM,
    }


def _options(review: Review, approving: int, wanted: int) -> list[dict[str, str]]:
    count = {"n": approving + 1, "all": wanted}
    return [
        {
            "value": SignDecision.APPROVE,
            "label": _("Approve"),
            "hint": _("Signature %(n)s of %(all)s") % count,
            "button": _("Sign approval"),
            "word": _("Approve"),
            "meaning": MEANINGS["approve"],
        },
        {
            "value": SignDecision.REQUEST_CHANGES,
            "label": _("Request changes"),
            "hint": _("Closes this review; the version is submitted again with new evidence"),
            "button": _("Sign request for changes"),
            "word": _("Request changes on"),
            "meaning": MEANINGS["request_changes"],
        },
        {
            "value": SignDecision.REJECT,
            "label": _("Reject"),
            "hint": _("Closes this review; the version stays out of use"),
            "button": _("Sign rejection"),
            "word": _("Reject"),
            "meaning": MEANINGS["reject"],
        },
    ]


def _reports(review: Review, frozen: Frozen, query: Query) -> dict[str, Any]:
    champion = presenting.compared_with(review, frozen)
    base = presenting.base_of(review, champion)
    reports = frozen.reports
    context: dict[str, Any] = {
        "new": f"v{review.version.number}",
        "old": f"v{champion.number}" if champion else "",
        "base": base,
        "base_name": f"v{base.number}" if base else "",
        **_changes(base, review.version, query),
    }
    if "evaluation" in reports:
        view = evaluation_view(
            reports["evaluation"],
            floors=presenting.floors_of(Policy.read(review.policy.document)),
            champion=presenting.report_on_same_rows(champion, reports["evaluation"]),
            shown_class=query.get("class", ""),
        )
        context["ev"] = with_deletion(view)
        context["pl"] = plan_view(measured_in(review, frozen.statement))
    if "explanation" in reports:
        row = query.get("row", "")
        place = int(row) if row.isdecimal() and len(row) < 6 else 0
        context["ex"] = with_deletion(explanation_view(reports["explanation"], row=place))
    if "parity" in reports:
        context["pa"] = parity_view(reports["parity"])
    return context


def _changes(base: ModelVersion | None, version: ModelVersion, query: Query) -> dict[str, Any]:
    if base is None:
        return {"changes": []}
    changes = changes_between(base, version)
    return {
        "changes": changes,
        "differing": sum(change.differs for change in changes),
        "all_changes": query.get("changes") == "all",
    }


def address_of(review: Review) -> str:
    """Where the review stands."""
    return reverse("web:review", args=[review.pk])
