"""The forms of a pack, as a printer, a spreadsheet and a reader of bills of materials see them."""

import csv
import io
import json
import re
import zlib
from base64 import a85decode
from typing import Any

import pytest

from compliance.packs.csv_file import as_csv
from compliance.packs.pdf_file import as_pdf
from registry.services import change_model
from tests.cast import who
from tests.factories import verbs
from tests.past.test_packs import document_of, fields_of, file_of, made
from tests.stage import Stage

# What a spreadsheet keeps of a cell.
LONGEST_CELL = 32_767
_STREAM = re.compile(rb"stream\r?\n(.*?)endstream", re.DOTALL)


def pages_of(pdf: bytes) -> list[str]:
    """The text of each page, in the order in which it was written."""
    parts = [part.strip() for part in _STREAM.findall(pdf)]
    # Fonts are not written as text.
    texts = [part.removesuffix(b"~>") for part in parts if part.endswith(b"~>")]
    return [zlib.decompress(a85decode(text)).decode("latin-1") for text in texts]


def lines_of(body: bytes) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(body.decode("utf-8-sig"))))


def with_table(document: dict[str, Any], rows: int, evidence: int = 1) -> dict[str, Any]:
    """The document with one section, of one field, that is a table."""
    section = document["sections"][0]
    table = {
        "columns": ["what", "value"],
        "rows": [[f"line{at:04}", f"value {at}"] for at in range(rows)],
        "left_out": 3,
    }
    proofs = [f"sha256:proof{at:04}" for at in range(evidence)]
    field = section["fields"][0] | {"value": table, "evidence": proofs, "status": "measured"}
    return document | {"sections": [section | {"fields": [field]}]}


class TestPaper:
    def test_says_on_each_page_which_it_is_and_of_how_many(self, approved: Stage) -> None:
        pages = pages_of(file_of(made("eu-ai-act"), "pdf"))
        assert len(pages) > 3
        for number, page in enumerate(pages, 1):
            assert f"Page {number} of {len(pages)}" in page

    def test_has_the_proof_of_a_table_on_the_page_of_its_last_row(self, approved: Stage) -> None:
        document = document_of(made("model-card"))
        for rows in range(30, 60):
            pages = pages_of(as_pdf(with_table(document, rows)))
            (page,) = [page for page in pages if "sha256:proof0000" in page]
            assert f"line{rows - 1:04}" in page, rows

    def test_has_no_heading_alone_at_the_end_of_a_page(self, approved: Stage) -> None:
        document = document_of(made("model-card"))
        _first, second, *_ = document["sections"]
        for rows in range(30, 60):
            told = with_table(document, rows)["sections"]
            title = {"title": "TheNext", "fields": [second["fields"][0] | {"label": "ItsField"}]}
            pages = pages_of(as_pdf(document | {"sections": [*told, second | title]}))
            (page,) = [page for page in pages if "TheNext" in page]
            assert "ItsField" in page, rows

    def test_divides_no_short_table(self, approved: Stage) -> None:
        document = document_of(made("model-card"))
        short = {
            "columns": ["what", "value"],
            "rows": [[f"Short{at:02}", "said"] for at in range(11)],
            "left_out": 0,
        }
        for rows in range(30, 60):
            (first,) = with_table(document, rows)["sections"]
            field = first["fields"][0] | {"value": short}
            told = [first, first | {"fields": [field]}]
            (page,) = [
                page
                for page in pages_of(as_pdf(document | {"sections": told}))
                if "Short00" in page
            ]
            assert "Short10" in page, rows


class TestASpreadsheet:
    def test_gets_no_cell_that_is_too_long_for_it(self, approved: Stage) -> None:
        document = with_table(document_of(made("model-card")), rows=3000, evidence=3000)
        lines = lines_of(as_csv(document))
        assert max(len(cell) for line in lines for cell in line.values()) <= LONGEST_CELL
        shown = [line["value"] for line in lines if line["part"] == "row"]
        assert shown[0] == "what: line0000; value: value 0"
        assert len(shown) == 3000
        (field,) = [line for line in lines if line["part"] == "field"]
        assert field["value"] == "3000 rows, 3 more are not shown"
        assert field["evidence"].endswith(" and 2800 more in the JSON form")

    def test_says_what_the_file_is(self, approved: Stage) -> None:
        pack = made("ss1-23")
        document, lines = document_of(pack), lines_of(file_of(pack, "csv"))
        told = {line["field"]: line["value"] for line in lines if line["part"] == "pack"}
        assert told["about"].startswith(document["subject"]["title"])
        assert told["version digest"] == document["subject"]["version_digest"]
        assert told["template digest"] == document["template"]["digest"]
        assert told["made at"] == document["made_at"]
        assert "NOT compared with the text of its source" in told["text"]
        assert [line["part"] for line in lines][-1] == "pack"

    def test_has_each_signature_with_whom_meaning_moment_and_digest(self, approved: Stage) -> None:
        pack = made("ss1-23")
        signed = [line for line in lines_of(file_of(pack, "csv")) if line["part"] == "signature"]
        for line, said in zip(signed, document_of(pack)["signatures"], strict=True):
            assert line["declared by"] == said["printed_name"]
            assert line["declared at"] == said["at"]
            assert line["evidence"] == said["digest"]
            assert said["meaning"] in line["value"]
            assert said["method"] in line["value"]


def component_of(stage: Stage, number: int = 1) -> dict[str, Any]:
    """The model in its bill of materials."""
    found = json.loads(file_of(made("cyclonedx-ml-bom", number=number), "cdx"))["components"][0]
    assert found["type"] == "machine-learning-model"
    return dict(found)


class TestABillOfMaterials:
    @pytest.mark.parametrize(
        ("said", "found"),
        [
            ("mit OR apache-2.0", {"expression": "MIT OR Apache-2.0"}),
            ("in house", {"license": {"name": "in house"}}),
        ],
    )
    def test_names_a_licence_as_spdx_does_where_it_is_one(
        self, approved: Stage, said: str, found: dict[str, Any]
    ) -> None:
        model = approved.version.model
        change_model(caller=who("ada"), model=model, changes={"licence": said})
        assert component_of(approved)["licenses"] == [found]

    def test_names_what_it_was_compressed_from(self, approved: Stage) -> None:
        model = approved.version.model
        lineage = {"source": "training", "recipe": "mlp"}
        root = verbs.another(who("ada"), model, strength=0.7, kind="trained", lineage=lineage)
        child = verbs.another(who("ada"), model, strength=0.6, kind="compressed", parent=root)
        assert "pedigree" not in component_of(approved, root.number)
        component = component_of(approved, child.number)
        (parent,) = component["pedigree"]["ancestors"]
        assert parent["version"] == str(root.number)
        assert parent["properties"][0]["value"] == f"sha256:{root.digest}"
        assert component["modelCard"]["modelParameters"]["modelArchitecture"] == "mlp"
        said = fields_of(document_of(made("cyclonedx-ml-bom", number=child.number)))
        assert said["architecture"]["value"] == "mlp"
        assert said["architecture"]["evidence"] == [f"sha256:{root.digest}"]

    def test_tells_inputs_as_people_write_them(self, approved: Stage) -> None:
        for port in component_of(approved)["modelCard"]["modelParameters"]["inputs"]:
            assert re.fullmatch(r"\w+: \w+, \w+( × \w+)*", port["format"])
