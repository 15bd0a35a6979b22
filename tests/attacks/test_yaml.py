"""The one form that reads YAML: short texts that stand for much, and who may send them."""

import pytest
from django.test import Client

from governance.models import PolicyVersion
from tests.cast import password_of, user_of
from tests.stage import Stage

PUBLISH = "/policies/publish"
BACKEND = "allauth.account.auth_backends.AuthenticationBackend"


def _bomb(line: str, levels: int = 6) -> str:
    """Each line takes the one before ten times."""
    lines = ["a0: &a0 {k: v}"]
    for level in range(1, levels + 1):
        tens = ", ".join([f"*a{level - 1}"] * 10)
        lines.append(f"a{level}: &a{level} {line.format(tens)}")
    return "\n".join(lines)


BOMBS = {
    "merged": _bomb("{{<<: [{}]}}"),
    "nested": _bomb("[{}]") + "\nmetrics: [{metric: *a6}]",
    "endless": "metrics: &m [*m]",
}


def _send(name: str, document: str) -> tuple[int, str]:
    client = Client()
    client.force_login(user_of(name), backend=BACKEND)
    form = {"name": "mine", "tier": "low", "team": "credit", "document": document}
    form |= {"reason": "A policy of our own.", "password": password_of(name)}
    reply = client.post(PUBLISH, form)
    return reply.status_code, reply.content.decode()


@pytest.mark.parametrize("what", list(BOMBS))
def test_no_reference_is_followed(what: str, ready: Stage) -> None:
    status, page = _send("mira", BOMBS[what])
    assert status == 422
    assert "This is no YAML." in page


@pytest.mark.parametrize("document", ["2026-13-45", "a: 0001-00-00", "!!python/object:os.system x"])
def test_odd_values_are_refused_as_no_yaml(document: str, ready: Stage) -> None:
    status, page = _send("mira", document)
    assert status == 422
    assert "This is no YAML." in page


def test_a_policy_is_not_so_long_that_nobody_can_compare_it(ready: Stage) -> None:
    """Every reader's page compares a revision with the one before, line by line."""
    floors = "\n".join(f"- {{metric: accuracy, limit: 0.{n:04}}}" for n in range(400))
    rest = "signers: {count: 1, roles: [reviewer]}\nvalidity_days: 30\noutage_grace_s: 0\n"
    status, page = _send("mira", f"{rest}metrics:\n{floors}\n")
    assert status == 422
    assert "metrics: There are at most 100 limits." in page


@pytest.mark.parametrize("name", ["carl", "ben", "ada", "dan"])
def test_who_may_not_publish_is_refused_before_anything_is_read(name: str, ready: Stage) -> None:
    before = PolicyVersion.objects.count()
    assert _send(name, BOMBS["merged"])[0] == 403
    assert PolicyVersion.objects.count() == before
