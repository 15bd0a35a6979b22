"""Refused predictions are counted in memory and told to the log, whoever was refused and why."""

from datetime import timedelta
from typing import Any

import orjson
import pytest
from django.test import Client, override_settings
from django.urls import reverse

from accounts.services import create_token
from audit.models import AuditEvent
from compliance.selectors import refusals_seen_by
from inference.follower import Follower
from inference.refusals import MOST_KEYS, Refusals, Refused
from tests.cast import user_of, who
from tests.factories import serving, tiny
from tests.stage import MODEL, Stage


def refused(**parts: Any) -> Refused:
    said = {"person": "p", "token": "", "model": "m", "alias": "champion", "number": None}
    return Refused(**(said | {"reason": "not-approved"} | parts))


def told() -> list[AuditEvent]:
    return list(AuditEvent.objects.filter(action="predictions.refused").order_by("pk"))


@pytest.fixture
def made(approved: Stage, monkeypatch: pytest.MonkeyPatch) -> Any:
    """A follower behind the edge of the inference process."""
    with serving.follower() as found:
        for module in ("inference.api", "inference.authentication"):
            monkeypatch.setattr(f"{module}.follower", lambda: found)
        yield found


def ask(name: str, token: str, payload: Any = None, query: str = "") -> Any:
    return ask_at(f"{name}/predict{query}", token, payload)


def ask_at(path: str, token: str, payload: Any = None) -> Any:
    with override_settings(ROOT_URLCONF="config.urls_inference"):
        return Client().post(
            f"/api/v1/models/{path}",
            orjson.dumps(payload or tiny.request()),
            content_type="application/json",
            headers={"Authorization": f"Bearer {token}"},
        )


def test_each_refusal_is_counted_by_caller_alias_and_reason(made: Follower) -> None:
    row, text = create_token(caller=who("carl"), name="t", scopes=["predict"], days=1)
    made.look()
    wrong = {"rows": "none"}
    for reply in (
        ask(MODEL, text, wrong),
        ask(MODEL, text, wrong),
        ask(MODEL, text, query="?alias=invented"),
        ask(MODEL, "assay_inf_unknown"),
        ask("invented", text),
    ):
        assert reply.status_code >= 400
    assert told() == []

    made.tell_refusals()

    of_model, unknown = sorted(told(), key=lambda e: e.subject_type)
    carl, token = str(user_of("carl").person_id), f"token:{row.pk}"
    counts = {
        (c["person"], c["token"], c["alias"], c["reason"]): c["count"]
        for c in of_model.payload["counts"]
    }
    assert counts == {
        (carl, token, "champion", "invalid"): 2,
        (carl, token, "", "not-approved"): 1,
        ("", "", "champion", "authentication_failed"): 1,
    }
    assert [c["reason"] for c in unknown.payload["counts"]] == ["not-found"]
    assert "invented" not in str(unknown.payload)
    made.tell_refusals()
    assert len(told()) == 2
    names = [vars(event)["model_name"] for event in refusals_seen_by(who("mira"))]
    assert names == [MODEL]
    page = Client()
    page.force_login(user_of("cora"), backend="allauth.account.auth_backends.AuthenticationBackend")
    shown = page.get(reverse("web:audit-event", args=[of_model.uuid])).content.decode()
    assert '<td class="mono">not-approved</td>' in shown


def test_numbers_that_callers_invent_neither_stop_the_log_nor_fill_it(made: Follower) -> None:
    _row, text = create_token(caller=who("carl"), name="t", scopes=["predict"], days=1)
    made.look()
    for number in ("7", "8", "9" * 30):
        ask_at(f"{MODEL}/versions/{number}/predict", "assay_inf_unknown")
        ask_at(f"{MODEL}/versions/{number}/predict", text)

    made.tell_refusals()

    (event,) = told()
    counts = {(c["person"] != "", c["number"]): c["count"] for c in event.payload["counts"]}
    assert counts == {(False, None): 3, (True, 7): 1, (True, 8): 1, (True, None): 1}


def test_an_answer_counts_nothing(made: Follower) -> None:
    assert made.refusals.take() is None


def test_what_is_too_much_goes_to_the_others() -> None:
    kept = Refusals()
    for number in range(MOST_KEYS + 5):
        kept.count(refused(person=str(number)))
    kept.count(refused(person="0"))

    window = kept.take()

    assert window is not None
    assert len(window.counts) == MOST_KEYS
    assert window.counts[refused(person="0")] == 2
    assert window.others == {"m": 5}


def test_nothing_is_lost_where_the_log_does_not_take_it(
    made: Follower, monkeypatch: pytest.MonkeyPatch
) -> None:
    made.refusals.count(refused())
    monkeypatch.setattr("inference.follower.note_refused_predictions", _fails)
    with pytest.raises(RuntimeError):
        made.tell_refusals()

    window = made.refusals.take()
    assert window is not None
    assert window.counts == {refused(): 1}
    assert window.until - window.since < timedelta(minutes=1)


def test_a_log_that_takes_nothing_does_not_fill_the_memory() -> None:
    kept = Refusals()
    for number in range(MOST_KEYS):
        kept.count(refused(person=f"first-{number}"))
    first = kept.take()
    assert first is not None
    for number in range(MOST_KEYS):
        kept.count(refused(person=f"second-{number}"))

    kept.put_back(first)

    window = kept.take()
    assert window is not None
    assert len(window.counts) == MOST_KEYS
    assert window.others == {"m": MOST_KEYS}


def _fails(_window: object) -> None:
    raise RuntimeError("The database is away.")


def test_the_last_of_it_is_told_when_the_process_ends(made: Follower) -> None:
    made.refusals.count(refused(model=""))
    made.stop()
    assert [e.subject_id for e in told()] == ["unknown"]
