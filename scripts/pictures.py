"""Which pages are in docs/screenshots, by their address, and who looks at them."""

from dataclasses import dataclass, field
from pathlib import Path

FOLDER = Path(__file__).resolve().parent.parent / "docs" / "screenshots"
SIZES = ((1440, "light"), (1440, "dark"), (390, "light"))


@dataclass(frozen=True)
class Picture:
    """A page: the picture's name, who of the demo's people is signed in, what is asked for.

    `at` gives parameters of the address that are not those of the model and its first version, and
    names what the story has made where it is no number; `query` what stands behind the question
    mark, in the same way.
    """

    name: str
    who: str = "mira"
    at: dict[str, str] = field(default_factory=dict)
    query: dict[str, str] = field(default_factory=dict)

    def files(self) -> list[Path]:
        """One for each size and theme."""
        return [FOLDER / f"{self.name}-{width}-{theme}.png" for width, theme in SIZES]


_VERSION = "models/<slug:name>/versions/<int:number>"
PICTURES = {
    "accounts/login/": Picture("sign-in", who=""),
    "accounts/password/change/": Picture("password", who="ada"),
    "accounts/way-in/": Picture("come-in", who=""),
    "": Picture("home"),
    "models": Picture("models"),
    "models/new": Picture("model-new"),
    "models/<slug:name>": Picture("model"),
    "models/<slug:name>/edit": Picture("model-edit"),
    "register": Picture("register", who="cora"),
    "register/calendar": Picture("register-calendar", who="cora"),
    "register/import": Picture("register-import", who="ada"),
    "models/<slug:name>/entry": Picture("entry"),
    "models/<slug:name>/train": Picture("training-new"),
    "models/<slug:name>/versions/new": Picture("version-new"),
    "models/<slug:name>/versions/declare": Picture(
        "version-declare", who="ada", at={"name": "sheet"}
    ),
    _VERSION: Picture("version"),
    f"{_VERSION}/card": Picture("version-card"),
    f"{_VERSION}/card/edit": Picture("version-card-edit", who="ada", at={"number": "2"}),
    f"{_VERSION}/signature": Picture("version-signature"),
    f"{_VERSION}/files": Picture("version-files"),
    f"{_VERSION}/evaluation": Picture("version-evaluation"),
    f"{_VERSION}/explanations": Picture("version-explanations"),
    f"{_VERSION}/compression": Picture("version-compression"),
    f"{_VERSION}/jobs": Picture("version-jobs"),
    f"{_VERSION}/history": Picture("version-history"),
    f"{_VERSION}/plan": Picture("version-plan", who="ada", at={"number": "2"}),
    f"{_VERSION}/submit": Picture("version-submit", who="ada", at={"number": "2"}),
    f"{_VERSION}/promote": Picture("version-promote"),
    f"{_VERSION}/split": Picture("version-split"),
    f"{_VERSION}/split/end": Picture("version-split-end"),
    f"{_VERSION}/revoke": Picture("version-revoke"),
    f"{_VERSION}/emergency": Picture("emergency-propose"),
    f"{_VERSION}/retire": Picture("version-retire", at={"number": "2"}),
    "datasets": Picture("datasets"),
    "datasets/new": Picture("dataset-new"),
    "datasets/<uuid:pk>": Picture("dataset", at={"pk": "dataset"}),
    "playground": Picture("playground"),
    "reviews": Picture("reviews"),
    "reviews/<uuid:pk>": Picture("review", who="ben", at={"pk": "review"}),
    "reviews/<uuid:pk>/validation": Picture("validation-write", who="ben", at={"pk": "review"}),
    "validations/<uuid:pk>": Picture("validation", who="cora", at={"pk": "validation"}),
    "findings": Picture("findings"),
    "findings/<uuid:pk>": Picture("finding", who="ben", at={"pk": "finding"}),
    f"{_VERSION}/findings/new": Picture("finding-new", who="ben", at={"number": "1"}),
    "jobs": Picture("jobs"),
    "jobs/<uuid:pk>": Picture("job", at={"pk": "job"}),
    "access": Picture("access"),
    "access/tokens": Picture("tokens"),
    "access/second-factor": Picture("second-factor", who="ada"),
    "access/passkeys": Picture("passkeys", who="ben"),
    "access/people": Picture("people", who="root"),
    "access/teams": Picture("teams"),
    "access/teams/<slug:slug>": Picture("team", at={"slug": "team"}),
    "audit": Picture("audit", who="cora"),
    "audit/events/<uuid:pk>": Picture("audit-event", who="cora", at={"pk": "event"}),
    "audit/export": Picture("audit-export", who="cora"),
    "past": Picture("past", who="cora", query={"model": "name", "alias": "champion"}),
    "past/model": Picture("past-model", who="cora", query={"model": "sheet"}),
    "past/person": Picture("past-person", who="cora", query={"person": "signer"}),
    "past/dataset": Picture("past-dataset", who="cora", query={"digest": "rows"}),
    "retention": Picture("retention", who="cora"),
    "retention/due": Picture("retention-due"),
    "retention/predictions/propose": Picture("predictions-empty"),
    "retention/rules/propose": Picture("rule-propose", who="root"),
    f"{_VERSION}/delete": Picture("version-delete"),
    "datasets/<uuid:pk>/delete": Picture("dataset-delete", at={"pk": "dataset"}),
    "retention/holds/new": Picture("hold-new", who="cora", query={"model": "name"}),
    "retention/holds/<uuid:pk>": Picture("hold", who="cora", at={"pk": "hold"}),
    "packs": Picture("packs", who="cora"),
    "packs/<uuid:pk>": Picture("pack", who="cora", at={"pk": "pack"}),
    "api-docs": Picture("api"),
    "policies": Picture("policies"),
    "policies/publish": Picture("policy-publish"),
    "proposals": Picture("proposals", who="root"),
    "proposals/<uuid:pk>": Picture("proposal", who="root", at={"pk": "proposal"}),
    "access/teams/<slug:slug>/propose-roles": Picture(
        "roles-propose", who="root", at={"slug": "team"}
    ),
    "access/sessions": Picture("sessions"),
    "access/people/<uuid:pk>/sessions": Picture("person-sessions", who="root", at={"pk": "person"}),
    "access/people/<uuid:pk>/accounts": Picture(
        "accounts-propose", who="root", at={"pk": "person"}
    ),
    "access/people/<uuid:pk>/make-administrator": Picture(
        "administrator-propose", who="root", at={"pk": "person"}
    ),
    "access/people/<uuid:pk>/reset-second-factor": Picture(
        "second-factor-reset", who="root", at={"pk": "person"}
    ),
    "access/people/<uuid:pk>/new-password": Picture(
        "password-propose", who="root", at={"pk": "person"}
    ),
    "access/people/<uuid:pk>/open-again": Picture(
        "reopening-propose", who="root", at={"pk": "person"}
    ),
    "policies/draft": Picture("policy-draft"),
    "policies/trial": Picture("policy-trial", query={"policy": "policy"}),
    "policies/<uuid:pk>/against/<uuid:other>": Picture(
        "policy-compare", at={"pk": "policy", "other": "policy"}
    ),
    "policies/<uuid:pk>": Picture("policy", at={"pk": "policy"}),
}
# Of a policy that lets its gates be waived, which shows on the pages above once it is published.
OF_WAIVERS = {
    f"{_VERSION}/waive": Picture("waive", who="ben", at={"number": "2"}),
    f"{_VERSION}/waivers/<uuid:waiver_id>/withdraw": Picture(
        "waiver-withdraw", who="ben", at={"number": "2", "waiver_id": "waiver"}
    ),
}
