"""Reads of attached files."""

from uuid import UUID

from django.db.models import Q

from accounts.callers import Caller
from common.errors import NotFound
from governance.attachments.models import Attachment
from registry.policies import READERS


def attachment_by_id(caller: Caller, attachment_id: UUID) -> Attachment:
    """A file attached to what the caller may read. Raises NotFound."""
    teams = caller.teams_with(*READERS)
    seen = Q(comment__review__version__model__team_id__in=teams)
    seen |= Q(finding__version__model__team_id__in=teams)
    seen |= Q(answer__finding__version__model__team_id__in=teams)
    row = Attachment.objects.filter(seen, pk=attachment_id).first()
    if row is None:
        raise NotFound("There is no such file that you may see.")
    return row
