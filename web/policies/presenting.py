"""A policy for people: in words, as YAML, and line by line against the revision before."""

import difflib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import yaml
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from accounts.roles import Role
from evaluation.criteria import PASSED, Floor, SliceFloor
from evaluation.metrics.catalogue import BY_NAME
from governance.models import PolicyVersion
from governance.policy.changes import LOOSER, OTHERWISE, TIGHTER, FieldChange
from governance.policy.documents import Policy
from governance.policy.elsewhere import is_asked_elsewhere
from governance.policy.kinds import Field
from governance.policy.trials import Trial
from trust.waivers import EVERY_METRIC
from web.figures import svg
from web.reports.plan import limit_of
from web.templatetags import formats
from web.templatetags.vocabulary import gate_look
from web.vocabulary import spoken
from web.words import column_title, gate_title, metric_title, policy_word, word


def as_yaml(policy: PolicyVersion) -> str:
    """The document as YAML, in the order in which it is written."""
    text: str = yaml.safe_dump(policy.document, sort_keys=False, allow_unicode=True)
    return text


@dataclass(frozen=True)
class Line:
    """A line of a comparison: `mark` is "+", "-" or " "."""

    mark: str
    text: str


def lines_changed(before: PolicyVersion, after: PolicyVersion) -> list[Line]:
    """The later document with what was taken away and added."""
    found = difflib.ndiff(as_yaml(before).splitlines(), as_yaml(after).splitlines())
    return [Line(line[0], line[2:]) for line in found if line[0] in "+- "]


def in_words(policy: Policy) -> list[str]:
    """What the policy demands, one sentence each."""
    roles = ", ".join(str(Role(role).label) for role in policy.roles)
    signers = ngettext(
        "%(n)s person signs, who had no hand in the version: %(roles)s.",
        "%(n)s different persons sign, none of whom had a hand in the version: %(roles)s.",
        policy.signers,
    ) % {"n": policy.signers, "roles": roles}
    sentences = [signers]
    if policy.second_factor:
        sentences.append(_("Whoever signs or waives shows a second factor."))
    if policy.passkey:
        sentences.append(_("Whoever signs or waives does so with a passkey."))
    sentences += [_("The model file has passed the static checks and the sandbox.")]
    if policy.sandbox:
        said = _("The check of the file was confined at least at level %(level)s.")
        sentences.append(said % {"level": word(policy.sandbox, "level")})
    if policy.evidence:
        kinds = ", ".join(word(kind, "evidence") for kind in policy.evidence)
        sentences.append(_("This evidence is there: %(kinds)s.") % {"kinds": kinds})
    sentences += [_floor(floor) for floor in policy.metrics]
    if policy.sealed_plan:
        said = _("The criteria of the evaluation were sealed before its run and are met.")
        sentences.append(said)
    sentences += [_worst_slice(floor) for floor in policy.slices]
    sentences += [*_against_champion(policy), *_besides(policy)]
    sentences.append(_waivable(policy))
    sentences += _scope(policy)
    sentences.append(_("An approval holds for %(days)s days.") % {"days": policy.validity_days})
    grace = {"time": formats.duration(policy.outage_grace_s)}
    sentences.append(
        _("A server that lost the database serves on for %(time)s.") % grace
        if policy.outage_grace_s
        else _("A server that lost the database stops answering at once.")
    )
    return [*sentences, *_without_approval(policy)]


def elsewhere_in_words(policy: Policy) -> list[str]:
    """What it asks of versions that are used elsewhere, one sentence each."""
    if not policy.asks_apart:
        said = _("All of this is asked of them too, and what needs a run here stops them.")
        return [said]
    asked = policy.asked_of(elsewhere=True)
    sentences = []
    if asked.evidence:
        sentences.append(_("The model card is complete."))
    if asked.licences:
        sentences.append(_licences(asked))
    if asked.lineage:
        sentences.append(_("Vendor, product and release are declared."))
    if asked.validation_report:
        sentences.append(_("A validation report about the version is finished."))
    if asked.evidence_days is not None:
        said = _("The validation report is at most %(n)s days old when it is approved.")
        sentences.append(said % {"n": asked.evidence_days})
    if asked.size_bytes is not None:
        sentences.append(_size(asked.size_bytes))
    said = _("Signatures, waivers and validity are those that hold for what is served here.")
    return [*sentences, said]


def _licences(policy: Policy) -> str:
    return _("The licence is one of: %(names)s.") % {"names": ", ".join(policy.licences)}


def _size(most: int) -> str:
    return _("The files have at most %(size)s together.") % {"size": formats.size(most)}


def _worst_slice(floor: SliceFloor) -> str:
    words = {
        "metric": spoken(BY_NAME[floor.metric].title),
        "limit": limit_of(floor),
        "columns": ", ".join(floor.columns),
    }
    if floor.columns:
        return _("%(metric)s, in every slice by %(columns)s: %(limit)s.") % words
    return _("%(metric)s, in every slice: %(limit)s.") % words


def _against_champion(policy: Policy) -> Iterator[str]:
    for margin in policy.no_regression:
        words = {"metric": spoken(BY_NAME[margin.metric].title), "n": svg.brief(margin.margin)}
        yield (
            _("%(metric)s is worse than the champion's by at most %(n)s on the same rows.") % words
        )
    if policy.mcnemar is not None:
        said = _("The exact McNemar test against the champion finds no loss at level %(n)s.")
        yield said % {"n": svg.brief(policy.mcnemar)}


def _besides(policy: Policy) -> Iterator[str]:
    if policy.latency_ms is not None:
        said = _("One row takes at most %(n)s ms of CPU time (95th percentile).")
        yield said % {"n": svg.brief(policy.latency_ms)}
    if policy.size_bytes is not None:
        yield _size(policy.size_bytes)
    if policy.licences:
        yield _licences(policy)
    if policy.lineage:
        yield _("The manifest says how the version was made and from what.")
    if policy.evidence_days is not None:
        said = _("Evaluation and explanation are at most %(n)s days old when it is approved.")
        yield said % {"n": policy.evidence_days}
    if policy.validation_report:
        yield _("A validation report about the version is finished.")
    if policy.explanation_shift is not None:
        said = _("Explanations shift from the champion's, or the parent's, by at most %(n)s.")
        yield said % {"n": svg.brief(policy.explanation_shift)}


def _without_approval(policy: Policy) -> Iterator[str]:
    """What the policy allows where no approval holds, or none that is fresh."""
    if policy.stale_grace_s is not None:
        said = _("An approval that has gone stale holds for another %(time)s.")
        yield said % {"time": formats.duration(policy.stale_grace_s)}
    if policy.emergency_hours:
        said = _(
            "In an emergency two managers may let it answer without an approval, %(n)s h at most."
        )
        yield said % {"n": policy.emergency_hours}


def _scope(policy: Policy) -> list[str]:
    bounds, said = policy.scope, []
    if bounds.aliases:
        names = {"names": ", ".join(sorted(bounds.aliases))}
        said.append(_("A version is approved for no other aliases than: %(names)s.") % names)
    if bounds.environments:
        names = {"names": ", ".join(sorted(bounds.environments))}
        said.append(_("A version is approved for no other environments than: %(names)s.") % names)
    if bounds.traffic_share is not None:
        share = {"n": bounds.traffic_share}
        said.append(
            _("A version is approved for at most %(n)s %% of the calls of an alias.") % share
        )
    if "consumers" in bounds.required:
        said.append(_("The submission names the consumers that may call."))
    if "purpose" in bounds.required:
        said.append(_("The submission states the purpose."))
    if "traffic_share" in bounds.required:
        said.append(_("The submission says a share of the traffic."))
    return said


def shown_changes(changes: Sequence[FieldChange]) -> list[dict[str, Any]]:
    """Differences for people: field, both values, and whether the later one asks more."""
    words = {
        TIGHTER: (_("asks more"), "ok", "okc"),
        LOOSER: (_("asks less"), "bad", "warn"),
        OTHERWISE: (_("asks otherwise"), "", "info"),
    }
    return [
        {
            "title": _title(change.field),
            "name": change.field.name,
            "row": metric_title(change.row),
            "before": _plain(change.before, change.field.name),
            "after": _plain(change.after, change.field.name),
            "word": words[change.effect][0],
            "tone": words[change.effect][1],
            "icon": words[change.effect][2],
        }
        for change in changes
    ]


def _title(field: Field) -> str:
    if is_asked_elsewhere(field):
        return _("Used elsewhere: %(title)s") % {"title": field.title}
    return str(field.title)


def _plain(value: Any, field: str) -> str:
    if value is None or value == []:
        return _("nothing")
    if isinstance(value, Mapping):
        said = ((key, _plain(part, key)) for key, part in value.items() if key != "metric")
        return ", ".join(f"{column_title(key)} {part}" for key, part in said)
    if isinstance(value, list):
        return ", ".join(policy_word(str(item), field) for item in value)
    if isinstance(value, bool):
        return _("yes") if value else _("no")
    return policy_word(str(value), field)


def shown_trial(trial: Trial) -> dict[str, Any]:
    """What a policy said of a version, for its line."""
    return {
        "version": trial.version,
        "elsewhere": trial.elsewhere,
        "passes": trial.passes,
        "unreadable": trial.unreadable,
        "stops": len(trial.stops),
        "gates": [
            {
                "title": gate_title(gate.gate),
                "word": str(gate_look(gate.state, required=gate.required).word),
                "reason": gate.reason,
                "tone": "ok" if gate.state == PASSED else "bad" if gate.blocks else "",
                "icon": "okc" if gate.state == PASSED else "xc" if gate.blocks else "info",
                "waivable": gate.waivable,
            }
            for gate in trial.gates
        ],
    }


def _waivable(policy: Policy) -> str:
    if not policy.waivable:
        return _("No gate may be waived.")
    names = [_("every metric") if n == EVERY_METRIC else gate_title(n) for n in policy.waivable]
    said = _("A person who might sign may waive, for one finding and until a day: %(gates)s.")
    return said % {"gates": ", ".join(names)}


def _floor(floor: Floor) -> str:
    metric = BY_NAME[floor.metric]
    words = {"metric": spoken(metric.title), "limit": svg.brief(floor.limit)}
    if floor.bound == "interval":
        if metric.direction == "higher":
            return (
                _("%(metric)s: the lower end of the 95%% interval is at least %(limit)s.") % words
            )
        return _("%(metric)s: the upper end of the 95%% interval is at most %(limit)s.") % words
    if metric.direction == "higher":
        return _("%(metric)s is at least %(limit)s, where the task has it.") % words
    return _("%(metric)s is at most %(limit)s, where the task has it.") % words
