"""Downloads: bytes of artifacts, the manifest, pieces of evidence. None is shown in the browser."""

from django.http import HttpRequest, HttpResponse, StreamingHttpResponse

from common.errors import NotFound
from registry.api import attachment
from web.versions.base import OfVersion, Tab


class Files(Tab):
    """Artifacts and evidence, each by its digest."""

    tab = "files"
    template = "versions/files.html"

    def context(self) -> dict[str, object]:
        """The rows."""
        return {
            "artifacts": sorted(self.version.artifacts.all(), key=lambda a: (a.role, a.name)),
            "deleted": set(self.version.tombstones.values_list("pk", flat=True)),
            "evidence": list(self.version.evidence.defer("body").order_by("-created_at", "kind")),
        }


class ArtifactFile(OfVersion):
    """The bytes of one file."""

    def get(
        self, request: HttpRequest, name: str, number: int, role: str, file: str
    ) -> StreamingHttpResponse:
        """A download that arrives whole only if its digest is right."""
        artifact = self.find(name, number).artifacts.filter(role=role, name=file).first()
        if artifact is None:
            raise NotFound("The version has no such file.")
        return attachment(artifact.blob_id, artifact.size, artifact.name)


class ManifestFile(OfVersion):
    """The canonical manifest."""

    def get(self, request: HttpRequest, name: str, number: int) -> HttpResponse:
        """A download whose SHA-256 is the version digest."""
        version = self.find(name, number)
        return json_file(bytes(version.manifest), f"{name}-v{number}-manifest.json")


class EvidenceFile(OfVersion):
    """A report's canonical bytes."""

    def get(self, request: HttpRequest, name: str, number: int, digest: str) -> HttpResponse:
        """A download named by its digest."""
        row = self.find(name, number).evidence.filter(digest=digest).first()
        if row is None:
            raise NotFound("The version has no such evidence.")
        return json_file(bytes(row.body), f"{name}-v{number}-{row.kind}-{digest[:12]}.json")


def json_file(body: bytes, name: str) -> HttpResponse:
    """JSON as an attachment that no browser renders."""
    return HttpResponse(
        body,
        content_type="application/json",
        headers={
            "Content-Disposition": f'attachment; filename="{name}"',
            "Content-Security-Policy": "sandbox; default-src 'none'",
        },
    )
