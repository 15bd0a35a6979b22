"""One call of each operation about what is said and asked in reviews."""

from typing import Any

from tests.api.call import Call, made, raised, review, says, version
from tests.api.house import House
from tests.factories.validations import SECTIONS
from tests.factories.waivers import in_days


def thread(house: House) -> dict[str, Any]:
    """The comment of the review."""
    return review(house) | {"comment_id": house["comment"]}


def validated(house: House) -> dict[str, Any]:
    """The review of which a validation report is written."""
    return {"review_id": house["approved_review"]}


REVIEWING = {
    "reviews_assign": Call(
        review, lambda house: {"assignees": ["ben"], "due_on": in_days(7).isoformat()}
    ),
    "delegations_make": Call(
        body=lambda house: {
            "delegate": "cleo",
            "starts_on": in_days(10).isoformat(),
            "ends_on": in_days(12).isoformat(),
        }
    ),
    "waiting_list": Call(),
    "mailing_read": Call(),
    "mailing_choose": Call(body=says(wanted=False, language="zh-hans")),
    "delegations_list": Call(),
    "delegations_end": Call(made("delegation_id", "delegations_make")),
    "comments_list": Call(review),
    "comments_write": Call(
        review,
        lambda house: {"body": "Why this limit?", "anchor": "", "reply_to": int(house["comment"])},
    ),
    "attachments_download": Call(lambda house: {"attachment_id": house["attachment"]}),
    "validations_save": Call(
        validated, lambda house: {"sections": dict(SECTIONS), "rating": "not_fit"}
    ),
    "validations_draft": Call(validated),
    "validations_finish": Call(validated, headers={"If-Match": '"1"'}),
    "validations_list": Call(validated),
    "validations_read": Call(lambda house: {"validation_id": house["validation"]}),
    "comments_resolve": Call(thread),
    "comments_reopen": Call(thread),
    "findings_of_version": Call(version(1)),
    "findings_raise": Call(
        version(1),
        lambda house: {
            "severity": "medium",
            "effect": "condition",
            "text": "Watch it in winter.",
            "owner": "ada",
            "due_on": in_days(30).isoformat(),
            "anchor": "figure:roc_curve",
        },
    ),
    "findings_list": Call(query={"state": "open", "effect": "condition", "waiting": "false"}),
    "findings_read": Call(raised),
    "findings_answer": Call(
        raised, lambda house: {"text": "Watched.", "evidence": [house["evidence"]]}
    ),
    "findings_close": Call(raised, says(text="It is watched.")),
    "findings_reopen": Call(raised, says(text="Not in January.")),
    "findings_amend": Call(
        raised,
        lambda house: {
            "text": "Ada is away until then.",
            "owner": "mira",
            "due_on": in_days(20).isoformat(),
        },
        headers={"If-Match": '"1"'},
    ),
}
