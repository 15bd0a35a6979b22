"""Statement against statement: what a reviewer has to look at again.

Both are frozen, and so are the card, plan and policy that they name by digest, so the answer never
changes.
"""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from governance.models import Review
from governance.selectors import statement_of
from registry.models import CardRevision, Evidence
from trust.elsewhere import read_use, rules_for

Json = Mapping[str, Any]
_TERMS = ("signers_required", "validity_days", "outage_grace_s", "scope", "runtime")


@dataclass(frozen=True)
class Difference:
    """One thing that is not as it was: `before` or `after` is None where it was not there.

    `part` is one of version, artifact, evidence, gate, waiver, card, criteria, policy, contributor
    and term.
    """

    part: str
    name: str
    before: Any
    after: Any


def differences(before: Review, now: Review) -> list[Difference]:
    """Everything in which the later statement differs from the earlier one, by part."""
    old, new = statement_of(before), statement_of(now)
    texts_before, texts_now = _documents(before, old), _documents(now, new)
    return [
        *_compare("version", {"digest": old["version_digest"]}, {"digest": new["version_digest"]}),
        *_compare("artifact", _artifacts(old), _artifacts(new)),
        *_compare("gate", _gates(old), _gates(new)),
        *_compare("waiver", _waivers(old), _waivers(new)),
        *_compare("criteria", _criteria(texts_before), _criteria(texts_now)),
        *_compare("evidence", _evidence(old), _evidence(new)),
        *_compare("card", texts_before.get("card", {}), texts_now.get("card", {})),
        *_compare("policy", _policy(before, old), _policy(now, new)),
        *_compare("contributor", _persons(old), _persons(new)),
        *_compare("term", _terms(old), _terms(new)),
    ]


def _compare(part: str, old: Json, new: Json) -> Iterator[Difference]:
    for name in dict.fromkeys((*old, *new)):
        if old.get(name) != new.get(name):
            yield Difference(part, name, old.get(name), new.get(name))


def _artifacts(statement: Json) -> Json:
    return {f"{a['role']}: {a['name']}": a["sha256"] for a in statement["artifacts"]}


def _gates(statement: Json) -> Json:
    """Two floors of one metric are two gates of one name: the second is told by its limit."""
    found: dict[str, Any] = {}
    for gate in statement["gates"]:
        name = gate["gate"] if gate["gate"] not in found else f"{gate['gate']} {gate['limit']}"
        found[name] = {part: gate[part] for part in ("state", "measured", "limit", "required")}
    return found


def _waivers(statement: Json) -> Json:
    return {w["gate"]: w["digest"] for w in statement["waivers"]}


def _evidence(statement: Json) -> Json:
    return {entry["kind"]: entry["digest"] for entry in statement["evidence"]}


def _persons(statement: Json) -> Json:
    return dict.fromkeys(statement["contributors"], "contributor")


def _terms(statement: Json) -> Json:
    return {name: statement[name] for name in _TERMS if name in statement}


def _policy(review: Review, statement: Json) -> Json:
    """The revision, and the fields of its document that are asked of such a version."""
    policy = review.policy
    rules = rules_for(policy.document, elsewhere=read_use(dict(statement)))
    return {"revision": f"{policy.name}, {policy.revision}", **rules}


def _criteria(documents: Mapping[str, Json]) -> Json:
    """The limits of the plan and how it was measured."""
    plan = documents.get("plan", {})
    limits = {
        f"{c['metric']} ({c.get('bound', 'value')})": c["limit"] for c in plan.get("criteria", [])
    }
    settings = {name: plan[name] for name in ("seed", "interval") if name in plan}
    rows = {"rows": plan["dataset"]["digest"]} if "dataset" in plan else {}
    return limits | settings | rows


def _documents(review: Review, statement: Json) -> dict[str, dict[str, Any]]:
    """The card's fields and the plan that a statement names, by two queries."""
    named = {kind: digest.removeprefix("sha256:") for kind, digest in _evidence(statement).items()}
    found: dict[str, dict[str, Any]] = {}
    version = review.version_id
    card = CardRevision.objects.filter(version=version, digest=named.get("card", "")).first()
    if card is not None:
        found["card"] = dict(card.content)
    plan = Evidence.objects.filter(version=version, kind="plan", digest=named.get("plan", ""))
    row = plan.first()
    if row is not None:
        found["plan"] = json.loads(bytes(row.body))
    return found
