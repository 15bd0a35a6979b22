"""What a page may ask a person for who is to show who he is, and the reply to its challenge."""

from collections.abc import Callable

from django import forms
from django.http import HttpRequest, JsonResponse

from accounts.callers import Caller
from accounts.factors.codes import has_factor
from accounts.oidc.asking import may_sign_in_again
from accounts.passkeys.assertions import Ask
from accounts.passkeys.records import has_passkey
from accounts.passkeys.serializers import AskOut
from common.errors import Invalid
from trust.methods import OIDC, PASSKEY
from web.forms.proving import Asks


def asks_of(caller: Caller, url: str = "", *, passkey_only: bool = False) -> Asks:
    """What the person has; `url` makes challenges, without one a password is asked for."""
    return Asks(
        code=has_factor(caller.person_id),
        passkey_url=url if url and has_passkey(caller.person_id) else "",
        provider_url=url if url and may_sign_in_again(caller) else "",
        passkey_only=passkey_only,
        password=caller.user.has_usable_password(),
    )


def challenge_for(
    form: forms.Form, request: HttpRequest, ask: Callable[[str], Ask]
) -> JsonResponse:
    """The challenge for a form as it was filled in, before it is sent. Raises Invalid."""
    if not form.is_valid():
        name, errors = next(iter(form.errors.items()))
        raise Invalid(str(errors[0]), field=name)
    by = request.POST.get("by", PASSKEY)
    if by not in (PASSKEY, OIDC):
        raise Invalid(f"This is {PASSKEY} or {OIDC}.", field="by")
    return JsonResponse(AskOut(ask(by)).data, status=201)
