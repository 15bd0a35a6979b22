"""A policy for people: in words, as YAML, and line by line against the revision before."""

import difflib
from dataclasses import dataclass

import yaml
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from accounts.roles import Role
from evaluation.criteria import Floor
from evaluation.metrics.catalogue import BY_NAME
from governance.documents import Policy
from governance.models import PolicyVersion
from trust.waivers import EVERY_METRIC
from web.figures import svg
from web.reviews.presenting import gate_title
from web.templatetags import formats
from web.vocabulary import spoken


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
    sentences += [_("The model file has passed the static checks and the sandbox.")]
    if policy.evidence:
        kinds = ", ".join(policy.evidence)
        sentences.append(_("This evidence is there: %(kinds)s.") % {"kinds": kinds})
    sentences += [_floor(floor) for floor in policy.metrics]
    if policy.sealed_plan:
        said = _("The criteria of the evaluation were sealed before its run and are met.")
        sentences.append(said)
    sentences.append(_waivable(policy))
    sentences.append(_("An approval holds for %(days)s days.") % {"days": policy.validity_days})
    grace = {"time": formats.duration(policy.outage_grace_s)}
    sentences.append(
        _("A server that lost the database serves on for %(time)s.") % grace
        if policy.outage_grace_s
        else _("A server that lost the database stops answering at once.")
    )
    return sentences


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
