"""What an approval is for: under which aliases, in which environments, for whom, to what end, and
for how much of an alias's traffic.

Approvals from before there were scopes say `{"aliases": ["*"]}`: every alias, everywhere,
everybody. What a scope leaves out bounds nothing; no alias at all is for use elsewhere.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from trust.errors import Malformed, Untrusted
from trust.fields import JsonObject, read_text, read_texts, require_keys

EVERY = "*"
KINDS_OF_CONSUMERS = ("person", "team", "token")
SCOPE_ALIASES, SCOPE_ENVIRONMENTS = "scope_aliases", "scope_environments"
SCOPE_TRAFFIC_SHARE = "scope_traffic_share"
SCOPE_REQUIRED = "scope_required"
MAY_BE_REQUIRED = ("consumers", "purpose", "traffic_share")
WHOLE = 100
"""Percent: all calls of an alias. A call by number is one that nobody shares."""
_OPTIONAL = ("environments", "consumers", "purpose", "traffic_share")

Names = frozenset[str] | None
"""The only names allowed; None allows every name."""


@dataclass(frozen=True, slots=True)
class Scope:
    """A scope as it was signed; a consumer is written `person:`, `team:` or `token:` and an id."""

    aliases: Names = None
    environments: Names = None
    consumers: Names = None
    purpose: str = ""
    traffic_share: int | None = None

    @property
    def is_for_no_alias(self) -> bool:
        """Whether no caller ever gets an answer: a version that is used elsewhere."""
        return self.aliases is not None and not self.aliases

    def why_not_under(self, alias: str | None) -> str:
        """A sentence if a caller of this alias gets no answer; None asks by number."""
        if self.is_for_no_alias:
            return "The approval is for no alias, so nothing is answered under it."
        if self.aliases is None or alias in self.aliases:
            return ""
        if alias is None:
            return f"The approval is for calls by alias only: {_listed(self.aliases)}."
        return f"The approval is not for the alias {alias!r}, only for {_listed(self.aliases)}."

    def why_not_in(self, environment: str) -> str:
        """A sentence if nothing is answered in this environment; empty is one without a name."""
        if self.environments is None or environment in self.environments:
            return ""
        here = f"here is {environment!r}" if environment else "this process has no environment"
        return f"The approval is for the environment {_listed(self.environments)}, and {here}."

    def why_not_for_share(self, percent: int) -> str:
        """A sentence if the version may not answer this share of an alias's calls."""
        if self.traffic_share is None or percent <= self.traffic_share:
            return ""
        most = f"The approval is for at most {self.traffic_share} % of the calls of an alias"
        return f"{most}, and this is {percent} %."

    def admitting(self, callers: Iterable[str]) -> str | None:
        """The consumer as whom one of `callers` is admitted; empty for everybody, None for none."""
        if self.consumers is None:
            return ""
        return min(self.consumers.intersection(callers), default=None)


UNBOUNDED = Scope()


@dataclass(frozen=True, slots=True)
class ScopeBounds:
    """What a policy lets a submission ask for; `required` names parts that must be said."""

    aliases: Names = None
    environments: Names = None
    required: frozenset[str] = frozenset()
    traffic_share: int | None = None


def read_scope(document: JsonObject) -> Scope:
    """The scope of a statement or an approval. Raises Malformed."""
    require_keys(document, ("aliases",), "the scope", optional=_OPTIONAL)
    consumers = _read_names(document, "consumers")
    for consumer in consumers or ():
        kind, colon, identity = consumer.partition(":")
        if kind not in KINDS_OF_CONSUMERS or not colon or not identity:
            raise Malformed("a consumer of the scope is no person, team or token")
    return Scope(
        aliases=_read_names(document, "aliases"),
        environments=_read_names(document, "environments"),
        consumers=consumers,
        purpose=read_text(document, "purpose") if "purpose" in document else "",
        traffic_share=read_share(document, "traffic_share"),
    )


def read_bounds(policy: JsonObject) -> ScopeBounds:
    """What a policy says of scopes; policies that say nothing bound nothing. Raises Malformed."""
    required = read_texts(policy, SCOPE_REQUIRED) if SCOPE_REQUIRED in policy else []
    return ScopeBounds(
        _bound(policy, SCOPE_ALIASES),
        _bound(policy, SCOPE_ENVIRONMENTS),
        frozenset(required),
        read_share(policy, SCOPE_TRAFFIC_SHARE),
    )


def _bound(policy: JsonObject, part: str) -> Names:
    names = read_texts(policy, part) if part in policy else []
    return None if not names or EVERY in names else frozenset(names)


def wrong_with_scope(scope: Scope, bounds: ScopeBounds) -> Iterator[tuple[str, str]]:
    """The parts of a scope that its policy does not allow, each with a sentence why not."""
    for part, asked, most in (
        ("aliases", scope.aliases, bounds.aliases),
        ("environments", scope.environments, bounds.environments),
    ):
        if most is not None and (asked is None or not asked <= most):
            yield (
                part,
                f"The policy approves for the {part} {_listed(most)} only.",
            )
    if not scope.is_for_no_alias:
        yield from _wrong_with_share(scope.traffic_share, bounds)
    if "consumers" in bounds.required and scope.consumers is None:
        yield "consumers", "The policy wants the consumers to be named."
    if "purpose" in bounds.required and not scope.purpose:
        yield "purpose", "The policy wants a purpose to be stated."


def _wrong_with_share(asked: int | None, bounds: ScopeBounds) -> Iterator[tuple[str, str]]:
    most = bounds.traffic_share
    if most is not None and (asked is None or asked > most):
        yield "traffic_share", f"The policy approves for at most {most} % of an alias's calls."
    elif "traffic_share" in bounds.required and asked is None:
        yield "traffic_share", "The policy wants a share of the traffic to be said."


def require_in_scope(record: JsonObject, scope: Scope) -> None:
    """Refuse a prediction record that the scope of its approval does not cover.

    Who is a member of a team, and whose token it was, is attested by the process that answered.
    Raises Untrusted, Malformed.
    """
    alias = record.get("alias")
    reason = scope.why_not_under(alias if isinstance(alias, str) else None)
    if not reason and scope.environments is not None:
        reason = scope.why_not_in(_text_or_empty(record, "environment"))
    if not reason and scope.consumers is not None:
        reason = _why_not_for(record, scope.consumers)
    if not reason and scope.traffic_share is not None:
        # A record without a share was answered before there were any, or by number: all of it.
        share = read_share(record, "share")
        reason = scope.why_not_for_share(WHOLE if share is None else share)
    if reason:
        raise Untrusted(reason.removesuffix("."))


def _why_not_for(record: JsonObject, consumers: frozenset[str]) -> str:
    consumer = _text_or_empty(record, "consumer")
    if consumer not in consumers:
        return "The approval is for other consumers."
    if consumer.startswith("person:") and consumer != f"person:{record.get('person')}":
        return "Its consumer is not the person who asked."
    return ""


def _text_or_empty(document: JsonObject, name: str) -> str:
    value = document.get(name)
    return value if isinstance(value, str) else ""


def read_share(document: JsonObject, part: str) -> int | None:
    """A percentage from 1 to 100; None where there is none. Raises Malformed."""
    if part not in document:
        return None
    value = document[part]
    if not isinstance(value, int) or isinstance(value, bool) or not 1 <= value <= WHOLE:
        raise Malformed(f"{part!r} is no percentage from 1 to {WHOLE}")
    return value


def _read_names(document: JsonObject, part: str) -> Names:
    if part not in document:
        return None
    names = read_texts(document, part)
    if names == [EVERY] and part == "aliases":
        return None
    if not names and part == "aliases":
        return frozenset()
    if not names or EVERY in names or not all(names) or len(set(names)) != len(names):
        raise Malformed(f"the scope's {part} are not a list of different names")
    return frozenset(names)


def _listed(names: Iterable[str]) -> str:
    return ", ".join(sorted(names))
