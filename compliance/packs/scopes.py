"""What a pack is about, in words, as a document, and as its sources see it."""

from datetime import datetime
from typing import Any

from accounts.models import Team
from compliance.models import Pack
from compliance.packs.covered import Covered
from compliance.packs.line import Line
from compliance.packs.printing import cell
from compliance.packs.several import Period, Register
from compliance.packs.sources import MODEL, REGISTER, VERSION
from compliance.packs.subject import Subject
from registry.models import RegisteredModel
from registry.selectors import version_by_id
from trust.times import format_moment


def covered_by(pack: Pack, now: datetime) -> Covered:
    """The records that the pack is about, at a moment."""
    if pack.kind == VERSION:
        assert pack.version_id is not None
        return Subject(version_by_id(pack.version_id), now)
    models = RegisteredModel.objects.select_related("team", "created_by__person")
    one = models.filter(pk__in=[pack.model_id] if pack.model_id else [])
    if pack.kind == MODEL:
        return Line(one.get(), now)
    if pack.kind == REGISTER:
        return Register(list(Team.objects.filter(slug__in=pack.teams)), now)
    assert pack.since is not None
    assert pack.until is not None
    rows = one if pack.model_id else models.filter(team__slug__in=pack.teams)
    return Period(rows, pack.since, pack.until, now)


def scope_of(pack: Pack) -> dict[str, Any]:
    """The document that the log keeps: only the parts that belong to the kind."""
    parts = {
        "model": (pack.version.model if pack.version else pack.model),
        "number": pack.version.number if pack.version else None,
        "teams": pack.teams,
        "since": format_moment(pack.since) if pack.since else None,
        "until": format_moment(pack.until) if pack.until else None,
    }
    named = {name: str(part) if name == "model" else part for name, part in parts.items() if part}
    return {"kind": pack.kind} | named


def title_of(pack: Pack) -> str:
    """What it is about, for people."""
    if pack.version:
        return str(pack.version)
    what = str(pack.model) if pack.model else f"models of {', '.join(pack.teams)}"
    if not (pack.since and pack.until):
        return what
    since, until = (cell(format_moment(at)) for at in (pack.since, pack.until))
    return f"{what}, {since} to {until}"


def name_of(pack: Pack, ending: str) -> str:
    """The name of a file of it."""
    if pack.version:
        what = f"{pack.version.model.name}-v{pack.version.number}"
    else:
        what = str(pack.model) if pack.model else "models"
    days = [f"{at:%Y%m%d}" for at in (pack.since, pack.until) if at]
    return f"{'-'.join([pack.template, what, *days])}.{ending}"
