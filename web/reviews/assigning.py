"""Saying on the review's page who is asked to sign it."""

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _

from common.errors import Invalid
from governance.policies import may_assign
from governance.reviewing.assigning import assign
from governance.selectors import review_by_id
from web.base import UNPROCESSABLE, show_refusal
from web.forms.reviews import AssignForm
from web.reviews.assigned import assign_form
from web.reviews.views import ReviewPage


class ReviewAssign(ReviewPage):
    """Assigning."""

    def get(self, request: HttpRequest, pk: UUID) -> HttpResponse:
        """Nobody is asked by following a link."""
        return redirect("web:review", pk)

    def post(self, request: HttpRequest, pk: UUID) -> HttpResponse:
        """Assign, or show what is wrong beside its field."""
        review = review_by_id(self.caller, pk)
        may_assign(self.caller, review).enforce()
        form = assign_form(review, request.POST)
        if not form.is_valid():
            return self._again(pk, form, UNPROCESSABLE)
        given: dict[str, Any] = form.cleaned_data
        people = [UUID(person) for person in given["assignees"]]
        try:
            assign(caller=self.caller, review=review, assignees=people, due_on=given["due_on"])
        except Invalid as error:
            return self._again(pk, form, show_refusal(form, error))
        messages.success(request, _("Assigned; they see it first under Waiting for me."))
        return redirect("web:review", pk)

    def _again(self, pk: UUID, form: AssignForm, status: int) -> HttpResponse:
        context = self.context(self.request, pk, assign_form=form)
        return self.page("reviews/detail.html", context, status=status)
