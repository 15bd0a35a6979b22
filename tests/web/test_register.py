"""The register's pages and addresses: nobody overwrites what he was not shown."""

import html
from typing import Any

from django.urls import reverse

from registry.models import RegisterEntry
from registry.register.entries import enter, today
from registry.register.files import EXPORTED
from tests.cast import user_of, who
from tests.factories import verbs
from tests.registry.test_register import DAY, a_spreadsheet
from tests.stage import MODEL, Stage
from tests.web.conftest import As

JSON = "application/json"


def csv_of(name: str, *, owner: str) -> bytes:
    """A file with one model that is inventory only."""
    head = "name,team,purpose,risk_tier,licence,origin,hosting,life,owner,place,technology"
    line = f"{name},credit,Plan,low,MIT,in-house,inventory,retired,{owner},Finance share,Sheet"
    return f"{head}\n{line}\n".encode()


def said(**other: Any) -> dict[str, Any]:
    """An entry as the form and the API take it but for its owner."""
    return {"hosting": "served", "life": "in_development", **other}


class TestAnImport:
    def test_is_shown_before_it_is_done_and_done_as_shown(self, ready: Stage, as_: As) -> None:
        client, address = as_("ada"), reverse("web:register-import")
        upload = verbs.send(who("ada"), "register.csv", csv_of("sheet", owner="mira"))
        shown = client.post(address, {"upload": upload})
        page = html.unescape(shown.content.decode())
        assert "1 new, 0 changed, 0 unchanged; nothing is written yet" in page
        assert "<ins>Finance share</ins>" in page
        digest = shown.context["checked"].digest
        done = client.post(address, {"upload": upload, "digest": digest, "act": "import"})
        assert done["Location"] == reverse("web:register")
        listed = client.get(reverse("web:register")).content.decode()
        assert reverse("web:entry", args=["sheet"]) in listed
        file = client.get(reverse("web:register-export") + "?hosting=inventory")
        assert file["Content-Type"] == "text/csv; charset=utf-8"
        assert file.content.decode("utf-8-sig").splitlines()[1].startswith("sheet,credit,")

    def test_with_something_wrong_names_row_and_field_and_cannot_be_done(
        self, ready: Stage, as_: As
    ) -> None:
        client, address = as_("ada"), reverse("web:register-import")
        upload = verbs.send(who("ada"), "register.csv", csv_of("sheet", owner="nobody"))
        shown = client.post(address, {"upload": upload})
        assert shown.status_code == 422
        assert "<code>owner</code>: This is nobody with a role" in shown.content.decode()
        assert 'value="import"' not in shown.content.decode()
        assert client.post(address, {"upload": upload, "act": "import"}).status_code == 422
        assert not RegisterEntry.objects.exists()
        assert 'href="/register/import"' not in as_("ben").get("/register").content.decode()

    def test_over_rest_is_looked_at_first(self, ready: Stage, as_: As) -> None:
        client, address = as_("ada"), "/api/v1/register/import"
        upload = str(verbs.send(who("ada"), "register.csv", csv_of("sheet", owner="nobody")))
        looked = client.post(address, {"upload": upload, "dry_run": True}, content_type=JSON)
        said = looked.json()
        assert (looked.status_code, said["new"], said["problems"]) == (200, 1, 1)
        detail = "This is nobody with a role in the owner team."
        assert said["rows"][0]["problems"] == [{"field": "owner", "detail": detail}]
        refused = client.post(address, {"upload": upload}, content_type=JSON)
        assert (refused.status_code, refused.json()["field"]) == (422, "rows[2].owner")
        filtered = client.get("/api/v1/register/export?hosting=inventory")
        assert filtered.content.decode("utf-8-sig").splitlines() == [",".join(EXPORTED)]


class TestTheCalendar:
    def test_lists_what_is_due_by_month_and_reminds_the_owner_at_home(
        self, ready: Stage, as_: As
    ) -> None:
        for name, days in (("late", -1), ("soon", 20), ("later", 400)):
            new = a_spreadsheet(revalidate_on=today() + days * DAY)
            enter(caller=who("ada"), model=verbs.new_model(who("ada"), name), new=new)
        client, address = as_("cora"), reverse("web:register-calendar")

        def shown(query: str = "") -> list[str]:
            page = client.get(address + query)
            assert page.status_code == 200
            return [line[0].name for _first, lines in page.context["grouped"] for line in lines]

        assert shown() == ["late", "soon", "later"]
        assert shown("?month=overdue&owner=ada&team=credit&risk_tier=medium") == ["late"]
        assert shown(f"?month={today() + 400 * DAY:%Y-%m}") == ["later"]
        assert shown(f"?after={today() - DAY}~late") == ["soon", "later"]
        assert client.get(address + "?after=never~x").status_code == 422
        listed = client.get("/api/v1/register/calendar?owner=ada&limit=2").json()
        assert [line["name"] for line in listed["results"]] == ["late", "soon"]
        rest = client.get(listed["next"]).json()
        assert [line["name"] for line in rest["results"]] == ["later"]
        for month in ("2026-13", "0000-01"):
            assert client.get(f"/api/v1/register/calendar?month={month}").status_code == 422
        for username, waits in (("ada", True), ("mira", False)):
            home = as_(username).get("/").content.decode()
            assert ("Models of yours to be validated again" in home) == waits


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
