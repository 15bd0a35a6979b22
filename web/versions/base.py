"""What all pages of a version share: the version, its head and its tabs."""

from typing import Any, ClassVar

from django.http import HttpResponse
from django.urls import reverse
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from common.decisions import Decision
from registry import policies
from registry.models import ModelVersion
from registry.selectors import version_numbered
from web.base import PageView
from web.vocabulary import answers_by_version, state_of

# Key, label, address, and whether only those see it who may read evidence.
TABS: tuple[tuple[str, str | Promise, str, bool], ...] = (
    ("overview", _("Overview"), "web:version", False),
    ("card", _("Card"), "web:version-card", True),
    ("signature", _("Signature"), "web:version-signature", False),
    ("files", _("Files"), "web:version-files", True),
    ("evaluation", _("Evaluation"), "web:version-evaluation", True),
    ("explanations", _("Explanations"), "web:version-explanations", True),
    ("compression", _("Compression"), "web:version-compression", True),
    ("jobs", _("Jobs"), "web:version-jobs", True),
    ("history", _("History"), "web:version-history", True),
)


class OfVersion(PageView):
    """A page about one version. Handlers call `find` first."""

    version: ModelVersion
    reads_evidence: Decision

    def find(self, name: str, number: int, *, evidence: bool = True) -> ModelVersion:
        """Loads the version. Raises NotFound; NotAllowed for a consumer if evidence is shown."""
        self.version = version_numbered(self.caller, name, number)
        self.reads_evidence = policies.may_read_evidence(self.caller, self.version.model.team_id)
        if evidence:
            self.reads_evidence.enforce()
        return self.version

    def address(self, name: str = "web:version", *more: object) -> str:
        """An address under the version."""
        return reverse(name, args=[self.version.model.name, self.version.number, *more])

    def head(self, tab: str) -> dict[str, Any]:
        """What the head of every page of the version shows."""
        return {
            "version": self.version,
            "model": self.version.model,
            "state": state_of(self.version, answers_by_version(self.version.model)),
            "reads_evidence": self.reads_evidence,
            "tabs": [
                {"label": label, "url": self.address(name), "current": key == tab, "count": None}
                for key, label, name, needs in TABS
                if self.reads_evidence or not needs
            ],
        }


class Tab(OfVersion):
    """One tab: subclasses say which, and what it shows."""

    tab: ClassVar[str]
    template: ClassVar[str]
    evidence: ClassVar[bool] = True

    def get(self, request: Any, name: str, number: int) -> HttpResponse:
        """The tab."""
        self.find(name, number, evidence=self.evidence)
        return self.show()

    def context(self) -> dict[str, Any]:
        """What the tab shows below the head."""
        return {}

    def show(self, status: int = 200, **more: Any) -> HttpResponse:
        """The page with head and tab."""
        context = {**self.head(self.tab), **self.context(), **more}
        return self.page(self.template, context, status=status)
