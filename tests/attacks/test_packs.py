"""What one person writes keeps no examiner from his pack."""

import pytest

from compliance.models import Pack
from compliance.packing import request_pack
from registry import blobs
from tests.cast import who
from tests.factories import verbs
from tests.factories.findings import found
from tests.stage import MODEL, Stage

TALL = {"many lines": "a" + "\n" * 3900 + "b", "wide signs": "漢" * 4000}


@pytest.mark.parametrize("text", TALL.values(), ids=TALL)
def test_a_text_longer_than_a_page_is_printed_over_several(approved: Stage, text: str) -> None:
    found("ben", approved.version, text=text)
    asked = request_pack(caller=who("cora"), template="sr-26-2", model=MODEL, number=1)
    verbs.at_work(asked.job_id)
    pack = Pack.objects.prefetch_related("files__blob").get(pk=asked.pk)
    (blob,) = (file.blob for file in pack.files.all() if file.form == "pdf")
    assert blobs.read_verified(blob.sha256, blob.size).startswith(b"%PDF-")
