"""The register's pages and addresses: nobody overwrites what he was not shown."""

from typing import Any

from django.urls import reverse

from registry.models import RegisterEntry
from tests.cast import user_of
from tests.stage import MODEL, Stage
from tests.web.conftest import As

JSON = "application/json"


def said(**other: Any) -> dict[str, Any]:
    """An entry as the form and the API take it but for its owner."""
    return {"hosting": "served", "life": "in_development", **other}


class TestTwoOpenPages:
    def test_the_second_to_save_is_told_and_overwrites_nothing(self, ready: Stage, as_: As) -> None:
        address, ada = reverse("web:entry", args=[MODEL]), user_of("ada").person_id
        page = as_("ada").get(address).content.decode()
        assert 'name="revision"' in page
        assert 'title="Register" aria-current="true"' in page
        assert 'title="Models" aria-current' not in page
        assert as_("mira").post(address, said(owner=ada, place="Vault")).status_code == 302
        stale = as_("ada").post(address, said(owner=ada, place="Share"))
        assert stale.status_code == 412
        assert "load it again" in stale.content.decode()
        shown = as_("ada").get(address).content.decode()
        assert '<input type="hidden" name="revision" value="1"' in shown
        again = said(owner=ada, place="Share", revision="1")
        assert as_("ada").post(address, again).status_code == 302
        assert list(RegisterEntry.objects.order_by("revision").values_list("place", flat=True)) == [
            "Vault",
            "Share",
        ]

    def test_over_rest_the_tag_of_the_entry_read_is_wanted(self, ready: Stage, as_: As) -> None:
        client, address = as_("ada"), f"/api/v1/models/{MODEL}/entry"

        def put(place: str, **headers: str) -> Any:
            body = said(owner="ada", place=place)
            return client.put(address, body, content_type=JSON, headers=headers)

        assert "ETag" not in client.get(address)
        assert put("Vault")["ETag"] == client.get(address)["ETag"] == '"1"'
        for match in ({}, {"If-Match": '"2"'}, {"If-Match": 'W/"1"'}, {"If-Match": '"1", "2"'}):
            assert put("Share", **match).status_code == 412
        unreadable = put("Share", **{"If-Match": "1"})
        assert (unreadable.status_code, unreadable.json()["field"]) == (422, "If-Match")
        assert put("Share", **{"If-Match": '"1"'})["ETag"] == '"2"'
