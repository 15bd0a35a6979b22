"""Waivers on the pages: who is offered what, what is signed, and where an approval shows them."""

import re
from typing import Any

import pytest
from django.urls import reverse

from governance.models import Waiver, WaiverWithdrawal
from governance.services import submit
from tests.cast import password_of, who
from tests.factories import verbs
from tests.factories.waivers import REASON, gate_of, give, in_days, strict_policy
from tests.governance.test_currentness import worse
from tests.stage import MODEL, Stage
from tests.web.conftest import As
from tests.web.test_versions import at, text


@pytest.fixture
def strict(ready: Stage) -> Stage:
    """A version whose accuracy is below the limit of a policy that lets it be waived."""
    strict_policy()
    return ready


def withdrawal(waiver: Waiver) -> str:
    return reverse("web:waiver-withdraw", args=[MODEL, 1, waiver.pk])


def sent(stage: Stage, name: str, **wishes: Any) -> dict[str, str]:
    """What the form of a waiver sends."""
    return {
        "finding": gate_of(stage.version).digest,
        "reason": REASON,
        "expires_on": in_days(30).isoformat(),
        "password": password_of(name),
    } | wishes


class TestTheVersion:
    @pytest.mark.parametrize(
        ("name", "words"),
        [
            ("ben", "Waive this gate"),
            ("mira", "Waive this gate"),
            ("ada", "The policy lets it be waived. A gate is waived by one of: reviewer, manager."),
            ("cora", "The policy lets it be waived. A gate is waived by one of"),
        ],
    )
    def test_offers_the_waiver_to_whoever_may_give_it(
        self, strict: Stage, as_: As, name: str, words: str
    ) -> None:
        shown = text(as_(name).get(at()))

        assert words in shown
        assert ("Waive this gate" in shown) == (words == "Waive this gate")

    def test_offers_nothing_where_the_policy_keeps_the_gate(self, ready: Stage, as_: As) -> None:
        strict_policy(waivable=["card"])

        shown = text(as_("ben").get(at()))

        assert "Waive this gate" not in shown
        assert "lets it be waived" not in shown

    def test_shows_who_waived_it_why_and_until_when(self, strict: Stage, as_: As) -> None:
        waiver = give("ben", strict.version)

        shown = text(as_("cora").get(at()))

        assert "Failed, but waived" in shown
        assert f"Ben, Reviewer: {REASON}" in shown
        assert withdrawal(waiver) in shown
        assert withdrawal(waiver) not in text(as_("ada").get(at()))

    def test_is_submitted_without_a_warning_once_it_is_waived(self, strict: Stage, as_: As) -> None:
        assert "1 required gate has not passed" in text(as_("ada").get(at("submit")))

        give("ben", strict.version)

        assert "required gate has not passed" not in text(as_("ada").get(at("submit")))


class TestGiving:
    def test_signs_the_finding_that_is_shown(self, strict: Stage, as_: As) -> None:
        client, digest = as_("ben"), gate_of(strict.version).digest
        page = text(client.get(f"{at('waive')}?finding={digest}"))
        assert "the policy wants at least 0.9999" in page
        assert re.search(f'value="{digest}"[^>]* checked', page)

        response = client.post(at("waive"), sent(strict, "ben"))

        assert response.status_code == 302
        waiver = Waiver.objects.get()
        assert waiver.reason == REASON
        assert waiver.not_after.date() == in_days(30)

    @pytest.mark.parametrize(
        ("wishes", "field", "status"),
        [
            ({"finding": "sha256:" + "0" * 64}, "finding", 422),
            ({"reason": ""}, "reason", 422),
            ({"expires_on": "soon"}, "expires_on", 422),
            ({"expires_on": in_days(0).isoformat()}, "expires_on", 422),
            ({"expires_on": in_days(400).isoformat()}, "expires_on", 422),
            ({"password": "wrong"}, "password", 422),
        ],
    )
    def test_says_what_is_wrong_beside_the_field(
        self, strict: Stage, as_: As, wishes: dict[str, str], field: str, status: int
    ) -> None:
        response = as_("ben").post(at("waive"), sent(strict, "ben", **wishes))

        assert response.status_code == status
        assert list(response.context["form"].errors) == [field]
        assert not Waiver.objects.exists()

    def test_of_a_finding_that_changed_meanwhile_is_refused(self, strict: Stage, as_: As) -> None:
        fields = sent(strict, "ben")
        worse(strict.version)

        response = as_("ben").post(at("waive"), fields)

        assert "not what the gate says now" in str(response.context["form"].errors)

    def test_is_refused_where_nothing_may_be_waived(self, ready: Stage, as_: As) -> None:
        response = as_("ben").get(at("waive"))

        assert response.status_code == 409
        assert "no gate of this version that may be waived" in text(response)


class TestWithdrawing:
    def test_wants_a_reason(self, strict: Stage, as_: As) -> None:
        waiver = give("ben", strict.version)
        client = as_("ben")
        assert client.post(withdrawal(waiver), {"reason": ""}).status_code == 422

        assert client.post(withdrawal(waiver), {"reason": "Too long."}).status_code == 302

        assert WaiverWithdrawal.objects.get().reason == "Too long."
        assert "Waive this gate" in text(client.get(at()))


class TestTheReview:
    def test_shows_the_waivers_that_it_names(self, strict: Stage, as_: As) -> None:
        waiver = give("ben", strict.version)
        review = submit(caller=who("ada"), version=strict.version)

        shown = text(as_("cleo").get(reverse("web:review", args=[review.pk])))

        assert "Failed, but waived" in shown
        assert 'id="waivers"' in shown
        assert waiver.digest in shown
        assert "Since the submission this has changed" not in shown

    def test_says_that_a_later_waiver_needs_a_new_submission(self, strict: Stage, as_: As) -> None:
        review = submit(caller=who("ada"), version=strict.version)
        give("ben", strict.version)

        shown = text(as_("cleo").get(reverse("web:review", args=[review.pk])))

        assert "Since the submission this has changed: waivers" in shown
        assert 'id="waivers"' not in shown

    def test_shows_two_floors_of_one_metric_apart(self, strict: Stage, as_: As) -> None:
        floors = [
            {"metric": "accuracy", "limit": limit, "bound": "value"} for limit in (0.9999, 0.99999)
        ]
        strict_policy(metrics=floors)
        give("ben", strict.version)
        review = submit(caller=who("ada"), version=strict.version)

        gates = as_("cleo").get(reverse("web:review", args=[review.pk])).context["gates"]

        shown = {g["limit"]: bool(g["waiver"]) for g in gates if g["gate"] == "metric:accuracy"}
        assert shown == {0.9999: True, 0.99999: False}


def test_an_approval_shows_the_waivers_on_which_it_rests(ready_copy: Stage, as_: As) -> None:
    strict_policy()
    give("ben", ready_copy.version)
    review = verbs.signed(ready_copy.version)
    assert ready_copy.notary_round() == 1

    for address in (at(), reverse("web:review", args=[review.pk])):
        shown = text(as_("cora").get(address))
        assert "it ends with the first of the waivers" in shown
        assert f"Ben, Reviewer: {REASON}" in shown


@pytest.mark.parametrize(
    ("waivable", "words"),
    [
        ([], "No gate may be waived."),
        (["metric:*", "card"], "until a day: every metric, Model card complete."),
    ],
)
def test_a_policy_says_what_may_be_waived(
    ready: Stage, as_: As, waivable: list[str], words: str
) -> None:
    policy = strict_policy(waivable=waivable)

    assert words in text(as_("ben").get(reverse("web:policy", args=[policy.pk])))
