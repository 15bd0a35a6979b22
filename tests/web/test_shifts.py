"""An explanation stands beside that of the champion, or of the parent of a compressed version."""

import json
from typing import Any

from django.urls import reverse

from registry.models import Evidence, ModelVersion
from tests.cast import who
from tests.factories import verbs
from tests.stage import MODEL, Stage
from tests.web.conftest import As


def shift_of(version: ModelVersion) -> Any:
    """What the newest explanation says of it."""
    row = Evidence.objects.filter(version=version, kind="explanation").latest("created_at")
    return json.loads(bytes(row.body)).get("shift")


def test_the_importances_stand_beside_those_of_the_champion(approved: Stage, as_: As) -> None:
    champion, ada = approved.version, who("ada")
    assert shift_of(champion) is None
    later = verbs.another(ada, champion.model, strength=0.5)

    verbs.explain(ada, later, strength=0.5)

    said = shift_of(later)
    assert said["against"]["version"] == f"sha256:{champion.digest}"
    assert said["against"]["what"] == "champion"
    assert 0 <= said["distance"] < 1
    page = as_("ada").get(reverse("web:version-explanations", args=[MODEL, later.number]))
    assert "Shift from the champion" in page.content.decode()


def test_without_an_explanation_on_the_same_rows_it_says_so(approved: Stage) -> None:
    ada, parent = who("ada"), verbs.another(who("ada"), approved.version.model, strength=0.4)
    child = verbs.another(ada, parent.model, kind="compressed", parent=parent)

    verbs.explain(ada, child)

    said = shift_of(child)
    assert said["against"] == {
        "what": "parent",
        "version": f"sha256:{parent.digest}",
        "explanation": None,
    }
    assert said["distance"] is None
    assert "no explanation on the same rows" in said["note"]
