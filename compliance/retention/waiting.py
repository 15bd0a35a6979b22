"""What is due for deletion, as it waits for those who may propose that it goes."""

from collections.abc import Iterator
from datetime import datetime

from accounts.callers import Caller
from accounts.models import Team
from accounts.roles import Role
from compliance.retention.due import counts_by_team
from governance.waiting.lines import MOST_OF_A_KIND, Line

KIND = "deletion"


def due_for(caller: Caller, now: datetime) -> list[tuple[Team, int]]:
    """The teams that the person manages in which something is due, and how much; at most 50."""
    managed = caller.teams_with(Role.MANAGER)
    if not managed:
        return []
    counts = counts_by_team(managed, now)
    teams = Team.objects.filter(pk__in=counts).order_by("slug")[:MOST_OF_A_KIND]
    return [(team, sum(counts[team.pk].values())) for team in teams]


def lines(caller: Caller, now: datetime) -> Iterator[Line]:
    """One line for each of these teams."""
    for team, count in due_for(caller, now):
        yield Line(KIND, team.slug, f"{team.name} ({count})")
