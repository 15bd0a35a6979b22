"""Packs: they hold what the records hold, and their gap lists are true."""

import csv
import hashlib
import html
import io
import json
from typing import Any

import pytest
import yaml
from django.test import Client

from accounts.roles import Role
from accounts.services import create_team
from audit.findings import Finding
from audit.models import AuditEvent
from common.csv_cells import safe_cell
from common.errors import Conflict, Invalid, NotAllowed, NotFound
from compliance.models import Pack, PackFile
from compliance.packing import fail_pack, request_pack
from compliance.packs.seen import FORMS
from compliance.packs.templates import FOLDER, BadTemplate, read_template, templates
from compliance.verification.claims import claims
from governance.models import Signature
from registry import blobs
from registry.models import Evidence
from registry.services import edit_card
from tests.cast import give, user_of, who
from tests.factories import tiny, verbs
from tests.stage import MODEL, Stage
from worker.models import Job

API = "/api/v1/packs"
VERSIONS = (
    "cyclonedx-ml-bom",
    "eu-ai-act",
    "iso-42001",
    "model-card",
    "nist-ai-rmf",
    "owasp-aisvs-c3",
    "sr-26-2",
    "ss1-23",
    "validation-report",
)
# Section or category -> how many requirements it has, as the texts number them.
AISVS = ((1, 3), (2, 3), (3, 3), (4, 2), (5, 4))
NIST = (
    *(("GOVERN", n, most) for n, most in enumerate((7, 3, 2, 3, 2, 2), 1)),
    *(("MAP", n, most) for n, most in enumerate((6, 3, 5, 2, 2), 1)),
    *(("MEASURE", n, most) for n, most in enumerate((3, 13, 3, 3), 1)),
    *(("MANAGE", n, most) for n, most in enumerate((4, 4, 2, 3), 1)),
)
SS1_23 = ((1, 3), (2, 6), (3, 6), (4, 5), (5, 3))
_ANNEX_A = ((2, 4), (3, 3), (4, 6), (5, 5), (6.1, 3), (6.2, 8), (7, 6), (8, 5), (9, 4), (10, 4))
ISO_42001 = {f"A.{n}.{m}" for n, most in _ANNEX_A for m in range(2, most + 1)}
OTHERS = ("eu-ai-act-logs", "register", "sr-26-2-model", "ss1-23-model")


def client_of(username: str) -> Client:
    client = Client()
    client.force_login(user_of(username))
    return client


def made(template: str, *, number: int | None = 1, by: str = "cora") -> Pack:
    """A pack by request and job, in this process."""
    pack = request_pack(caller=who(by), template=template, model=MODEL, number=number)
    verbs.at_work(pack.job_id)
    return Pack.objects.prefetch_related("files__blob").get(pk=pack.pk)


def file_of(pack: Pack, form: str) -> bytes:
    (blob,) = (file.blob for file in pack.files.all() if file.form == form)
    return blobs.read_verified(blob.sha256, blob.size)


def document_of(pack: Pack) -> dict[str, Any]:
    parsed: dict[str, Any] = json.loads(file_of(pack, "json"))
    return parsed


def fields_of(document: dict[str, Any]) -> dict[str, dict[str, Any]]:
    return {f["name"]: f for section in document["sections"] for f in section["fields"]}


def gaps_are_true(document: dict[str, Any]) -> None:
    """The list names every field without value and proof, with its owner, and no other."""
    fields = [(s, f) for s in document["sections"] for f in s["fields"]]
    missing = [(s["title"], f["label"]) for s, f in fields if f["status"] == "missing"]
    assert [(gap["section"], gap["field"]) for gap in document["gaps"]] == missing
    for _, field in fields:
        held = field["value"] not in (None, "", {}) and bool(field["evidence"] or field["by"])
        assert held == (field["status"] != "missing"), field["name"]
    assert sum(document["counts"].values()) == len(fields)
    assert document["counts"]["missing"] == len(missing)
    owners = {gap["owner"] for gap in document["gaps"]}
    assert all(who.endswith((" of Credit", "outside this registry")) for who in owners)


class TestTemplates:
    def test_are_there_for_every_rule_and_say_whether_they_were_reread(self) -> None:
        assert sorted(templates()) == sorted(VERSIONS + OTHERS)
        reread = {t.name for t in templates().values() if t.was_reread}
        assert reread == {"cyclonedx-ml-bom", "owasp-aisvs-c3"}
        assert all(t.note and t.citation for t in templates().values())

    @pytest.mark.parametrize(
        ("change", "place"),
        [
            ({"source": "no.source"}, "there is no source 'no.source'"),
            ({"card": "no_field"}, "the card has no field 'no_field'"),
            ({"owner": "nobody"}, "the owner is one of"),
            ({"source": "model.tier", "card": "contact"}, "either a source or a field"),
            ({"source": "period.live"}, "there is no source 'period.live' about a version"),
            ({"colour": "red"}, "colour is unknown"),
            ({"label": ""}, "this must be a text"),
        ],
    )
    def test_that_are_wrong_are_refused_with_the_place(
        self, change: dict[str, str], place: str
    ) -> None:
        body = yaml.safe_load((FOLDER / "model-card.yaml").read_text(encoding="utf-8"))
        field = body["sections"][2]["fields"][0]
        body["sections"][2]["fields"] = [field | change]
        with pytest.raises(BadTemplate, match=place):
            read_template("mine", yaml.safe_dump(body).encode())

    def test_with_a_key_twice_are_refused(self) -> None:
        text = (FOLDER / "model-card.yaml").read_bytes() + b"title: Another\n"
        with pytest.raises(BadTemplate, match="a key stands twice"):
            read_template("mine", text)

    @pytest.mark.parametrize(
        ("template", "places"),
        [
            ("owasp-aisvs-c3", {f"C3.{n}.{m}" for n, most in AISVS for m in range(1, most + 1)}),
            ("iso-42001", ISO_42001),
            ("nist-ai-rmf", {f"{f} {n}.{m}" for f, n, most in NIST for m in range(1, most + 1)}),
            ("ss1-23", {f"Principle {n}.{m}" for n, most in SS1_23 for m in range(1, most + 1)}),
        ],
    )
    def test_ask_for_every_part_of_their_rule_and_for_none_that_is_not_there(
        self, template: str, places: set[str]
    ) -> None:
        fields = [field for part in templates()[template].sections for field in part.fields]
        assert {field.cite.split(",")[0] for field in fields} == places

    def test_ask_for_every_point_of_annex_iv_and_of_articles_12_and_19(self) -> None:
        fields = [field for part in templates()["eu-ai-act"].sections for field in part.fields]
        cited = " ".join(field.cite for field in fields)
        for point in [f"1({c})" for c in "abcdefgh"] + [f"2({c})" for c in "abcdefgh"]:
            assert f"Annex IV, point {point}" in cited
        for point in "345679":
            assert f"Annex IV, point {point}" in cited
        assert "Annex IV, point 8; Article 47" in cited
        for place in ("12(1)", "12(2)(a)", "12(2)(b)", "12(2)(c)", "12(3)", "19(1)"):
            assert f"Article {place}" in cited

    def test_need_no_code_to_be_corrected(self) -> None:
        before = templates()["model-card"]
        text = (FOLDER / "model-card.yaml").read_text(encoding="utf-8")
        mended = text.replace("was_reread: false", "was_reread: true")
        after = read_template("model-card", mended.encode())
        assert after.was_reread
        assert after.digest != before.digest


class TestADocument:
    def test_holds_the_figures_of_the_report(self, approved: Stage) -> None:
        fields = fields_of(document_of(made("eu-ai-act")))
        row = Evidence.objects.get(version=approved.version, kind="evaluation")
        report = json.loads(bytes(row.body))
        metrics = fields["metrics"]
        assert metrics["status"] == "measured"
        assert metrics["evidence"] == [f"sha256:{row.digest}"]
        assert hashlib.sha256(bytes(row.body)).hexdigest() == row.digest
        assert metrics["value"]["rows"] == [
            [m["title"], m["value"], m["low"], m["high"], m["direction"]]
            for m in report["metrics"].values()
        ]
        assert fields["files"]["value"]["rows"][0][2].startswith("sha256:")

    def test_holds_what_was_declared_with_speaker_and_moment(self, approved: Stage) -> None:
        card = fields_of(document_of(made("model-card")))["intended_use"]
        assert (card["status"], card["value"]) == ("declared", tiny.CARD["intended_use"])
        revision = approved.version.cards.get()
        assert (card["by"], card["evidence"]) == ("Ada", [f"sha256:{revision.digest}"])
        assert card["at"]

    @pytest.mark.parametrize("template", VERSIONS)
    def test_has_a_gap_list_that_is_true(self, approved: Stage, template: str) -> None:
        gaps_are_true(document_of(made(template)))

    def test_misses_what_nobody_recorded_until_somebody_does(self, approved: Stage) -> None:
        gaps = {gap["field"] for gap in document_of(made("model-card"))["gaps"]}
        assert "Caveats" in gaps
        content = tiny.CARD | {"caveats": "Small rooms echo."}
        edit_card(caller=who("ada"), version=approved.version, content=content)
        gaps = {gap["field"] for gap in document_of(made("model-card"))["gaps"]}
        assert "Caveats" not in gaps

    def test_of_a_version_without_records_misses_nearly_all(self, approved: Stage) -> None:
        bare = verbs.another(who("ada"), approved.version.model, strength=0.5)
        document = document_of(made("sr-26-2", number=bare.number))
        fields = fields_of(document)
        for name in ("outcomes", "signatures", "scope", "challenge", "limitations", "waivers"):
            assert fields[name]["status"] == "missing", name
        assert document["signatures"] == []

    def test_shows_each_signature_with_name_meaning_moment_and_method(
        self, approved: Stage
    ) -> None:
        for template in ("nist-ai-rmf", "cyclonedx-ml-bom"):
            said = document_of(made(template))["signatures"]
            rows = Signature.objects.order_by("at")
            assert [one["digest"] for one in said] == [f"sha256:{row.digest}" for row in rows]
            assert [one["printed_name"] for one in said] == ["Ben", "Cleo"]
            assert all(one["meaning"] and one["at"] and one["method"] for one in said)


class TestForms:
    def test_are_kept_by_digest_and_told_to_the_log(self, approved: Stage) -> None:
        pack = made("eu-ai-act")
        event = AuditEvent.objects.get(action="pack.made")
        told = {
            form: f"sha256:{hashlib.sha256(file_of(pack, form)).hexdigest()}"
            for form in ("json", "html", "csv", "pdf")
        }
        assert event.payload["files"] == told
        assert event.payload["template_digest"] == f"sha256:{templates()['eu-ai-act'].digest}"
        assert f"version:{approved.version.pk}" in event.related
        assert event.person_id == user_of("cora").person_id

    def test_begin_with_the_gaps_and_name_every_field(self, approved: Stage) -> None:
        pack = made("eu-ai-act")
        document, page = document_of(pack), html.unescape(file_of(pack, "html").decode())
        assert page.index("Gaps: ") < page.index("Signatures under") < page.index("<h2>General")
        for field in fields_of(document).values():
            assert f"<h3>{field['label']}</h3>" in page
        assert "NOT compared with the text of its source" in page
        for gap in document["gaps"]:
            assert gap["owner"] in page

    def test_escape_what_people_wrote(self, approved: Stage) -> None:
        said = "<script>alert(1)</script> & 中文"
        content = tiny.CARD | {"caveats": said}
        edit_card(caller=who("ada"), version=approved.version, content=content)
        pack = made("model-card")
        page = file_of(pack, "html").decode()
        assert "<script>alert" not in page
        assert "&lt;script&gt;alert(1)&lt;/script&gt; &amp; 中文" in page
        assert file_of(pack, "pdf").startswith(b"%PDF-")

    def test_as_csv_run_nothing_in_a_spreadsheet(self, approved: Stage) -> None:
        content = tiny.CARD | {"caveats": '=HYPERLINK("http://x","y")', "contact": "+1 555"}
        edit_card(caller=who("ada"), version=approved.version, content=content)
        pack = made("model-card")
        rows = list(csv.DictReader(io.StringIO(file_of(pack, "csv").decode("utf-8-sig"))))
        assert [row["part"] for row in rows][: len(document_of(pack)["gaps"])] == ["gap"] * len(
            document_of(pack)["gaps"]
        )
        cells = [cell for row in rows for cell in row.values()]
        assert not [cell for cell in cells if cell.startswith(("=", "+", "-", "@", "\t", "\r"))]
        assert '\'=HYPERLINK("http://x","y")' in cells
        assert safe_cell(-0.5) == "-0.5"

    @pytest.mark.parametrize("bare", [False, True])
    def test_as_a_bill_of_materials_hold_to_the_schema(self, approved: Stage, bare: bool) -> None:
        # Building their grammars takes seconds, of every process that collects the tests.
        from cyclonedx.schema import SchemaVersion  # noqa: PLC0415
        from cyclonedx.validation.json import JsonStrictValidator  # noqa: PLC0415

        version = approved.version
        if bare:
            version = verbs.another(who("ada"), version.model, strength=0.5)
        body = file_of(made("cyclonedx-ml-bom", number=version.number), "cdx").decode()
        assert JsonStrictValidator(SchemaVersion.V1_6).validate_str(body) is None
        component = json.loads(body)["components"][0]
        files = version.artifacts.values_list("blob_id", flat=True)
        assert {f["hashes"][0]["content"] for f in component["components"]} == set(files)
        assert ("quantitativeAnalysis" in component["modelCard"]) is not bare
        spoilt = body.replace('"machine-learning-model"', '"no-such-type"')
        assert JsonStrictValidator(SchemaVersion.V1_6).validate_str(spoilt) is not None


class TestTheLog:
    def test_tells_of_each_pack_and_its_files_and_fsck_compares(self, approved: Stage) -> None:
        pack, other = made("model-card"), made("ss1-23")
        assert not _claimed()
        blob = other.files.get(form="pdf").blob
        PackFile.objects.create(pack=pack, form="extra", blob=blob)
        assert [one.thing for one in _claimed()] == ["file of a pack"]
        Pack.objects.create(
            kind="version",
            version=approved.version,
            template="model-card",
            requested_by=user_of("cora"),
            job_id=approved.version.pk,
        )
        assert [one.thing for one in _claimed()] == ["pack", "file of a pack"]


def _claimed() -> list[Finding]:
    return [one for one in claims() if "pack" in one.thing]


class TestAsking:
    def test_without_a_number_is_about_the_champion(self, approved: Stage) -> None:
        assert made("model-card", number=None).version == approved.version

    def test_is_refused_where_there_is_nothing_to_tell(self, approved: Stage) -> None:
        with pytest.raises(Invalid) as refused:
            made("no-such")
        assert refused.value.field == "template"
        with pytest.raises(NotFound):
            made("model-card", number=9)
        verbs.new_model(who("ada"), "young")
        with pytest.raises(Conflict, match="No version is the champion"):
            request_pack(caller=who("cora"), template="model-card", model="young")
        assert not Pack.objects.exists()

    @pytest.mark.parametrize("username", ["ada", "ben", "carl"])
    def test_is_for_whoever_exports_the_records(self, approved: Stage, username: str) -> None:
        with pytest.raises(NotAllowed):
            made("model-card", by=username)

    def test_is_not_for_whoever_exports_those_of_another_team(self, approved: Stage) -> None:
        other = create_team(caller=who("root"), slug="other", name="Other")
        give([("ada", Role.COMPLIANCE)], other)

        with pytest.raises(NotAllowed):
            made("model-card", by="ada")

    def test_over_rest_gives_each_form_with_its_name(self, approved: Stage) -> None:
        cora, body = client_of("cora"), {"template": "cyclonedx-ml-bom", "model": MODEL}
        asked = cora.post(API, body, content_type="application/json").json()
        early = cora.get(f"{API}/{asked['id']}/files/pdf")
        assert (early.status_code, asked["files"]) == (409, [])
        verbs.at_work(Job.objects.get(pk=asked["job"]).pk)
        shown = cora.get(f"{API}/{asked['id']}").json()
        assert sorted(file["form"] for file in shown["files"]) == sorted(FORMS)
        for file in shown["files"]:
            reply = cora.get(f"{API}/{asked['id']}/files/{file['form']}")
            body_bytes = b"".join(reply.streaming_content)  # type: ignore[attr-defined]
            assert f"sha256:{hashlib.sha256(body_bytes).hexdigest()}" == file["sha256"]
            assert f"v1.{FORMS[file['form']][1]}" in reply.headers["Content-Disposition"]
        assert cora.get(f"{API}/{asked['id']}/files/doc").status_code == 404
        assert client_of("ada").get(f"{API}/{asked['id']}").status_code == 403

    def test_that_cannot_be_done_is_told_to_the_log(self, approved: Stage) -> None:
        pack = request_pack(caller=who("cora"), template="model-card", model=MODEL, number=1)
        fail_pack(job=Job.objects.get(pk=pack.job_id), reason="The disk is full.")
        event = AuditEvent.objects.get(action="pack.failed")
        assert (event.subject_id, event.payload["reason"]) == (str(pack.pk), "The disk is full.")
