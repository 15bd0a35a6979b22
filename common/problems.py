"""One shape for every error of the API: RFC 9457 problem documents."""

from typing import Any

from common.errors import DomainError

CONTENT_TYPE = "application/problem+json"


def problem(
    *, status: int, slug: str, title: str, detail: str, field: str | None = None, **extra: Any
) -> dict[str, Any]:
    """A problem document; `field` names the place in the input that is at fault."""
    document: dict[str, Any] = {
        "type": f"urn:assay:problem:{slug}",
        "title": title,
        "status": status,
        "detail": detail,
    }
    if field is not None:
        document["field"] = field
    return document | extra


def problem_of(error: DomainError) -> dict[str, Any]:
    """The document of a service's refusal."""
    return problem(
        status=error.status,
        slug=error.slug,
        title=error.title,
        detail=error.reason,
        field=error.field,
    )
