"""Forms of a review."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from governance.models import ReviewState
from web.forms.passkeys import answer_field, question_field
from web.forms.uploads import Uploads


class ReviewFilter(forms.Form):
    """The filters of the list; all of them stand in the address."""

    state = forms.ChoiceField(
        label=_("State"),
        required=False,
        choices=[("", _("All")), *ReviewState.choices],
    )
    model = forms.CharField(label=_("Model"), required=False, max_length=100)
    waiting = forms.BooleanField(label=_("I may sign"), required=False)
    assigned = forms.BooleanField(label=_("Assigned to me"), required=False)
    overdue = forms.BooleanField(label=_("Overdue"), required=False)


class AssignForm(forms.Form):
    """Who is asked to sign, and by when."""

    assignees = forms.MultipleChoiceField(
        label=_("Assigned to"), required=False, widget=forms.CheckboxSelectMultiple
    )
    due_on = forms.DateField(
        label=_("Due on"),
        required=False,
        widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"),
        input_formats=["%Y-%m-%d"],
        help_text=_("The last day, in UTC."),
    )

    def __init__(self, data: Any = None, *, people: list[tuple[str, str]], **more: Any) -> None:
        super().__init__(data, auto_id="assign_%s", **more)
        self.fields["assignees"].choices = people  # type: ignore[attr-defined]


class SignForm(forms.Form):
    """What a signer sends: the decision on the statement that was shown, and who it is again."""

    statement_digest = forms.CharField(widget=forms.HiddenInput, max_length=80)
    annex_digest = forms.CharField(widget=forms.HiddenInput, max_length=80, required=False)
    last_comment = forms.IntegerField(widget=forms.HiddenInput, min_value=0)
    decision = forms.CharField(max_length=20, error_messages={"required": _("Choose a decision.")})
    reason = forms.CharField(max_length=4000, error_messages={"required": _("Give a reason.")})
    attested = forms.BooleanField(
        error_messages={"required": _("Confirm that you read the evidence.")}
    )
    password = forms.CharField(max_length=1000, required=False, strip=False)
    code = forms.CharField(max_length=64, required=False)
    passkey = answer_field()
    sign_in = question_field()


class CommentForm(forms.Form):
    """A remark, at a gate, section or figure where one is named, or a reply."""

    body = forms.CharField(max_length=4000, error_messages={"required": _("Write something.")})
    anchor = forms.CharField(max_length=64, required=False)
    reply_to = forms.IntegerField(required=False, min_value=1, max_value=2**63 - 1)
    attachments = Uploads()
