"""One shape for every error of the API: RFC 9457 problem documents."""

from typing import Any

from common.errors import A_PASSKEY, AN_APP, DomainError, FactorMissing

CONTENT_TYPE = "application/problem+json"
_REMEDIES = {
    AN_APP: "set up an authenticator app: POST me/second-factor/offer, then POST me/second-factor",
    A_PASSKEY: "register a passkey: POST me/passkeys/offer, then POST me/passkeys",
}


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
    more = {"remedy": _remedy(error)} if isinstance(error, FactorMissing) else {}
    return problem(
        status=error.status,
        slug=error.slug,
        title=error.title,
        detail=error.reason,
        field=error.field,
        **more,
    )


def _remedy(error: FactorMissing) -> str:
    ways = "; or ".join(_REMEDIES[want] for want in error.wants)
    return f"{ways[0].upper()}{ways[1:]}."
