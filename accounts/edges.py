"""The base of every REST view: the caller, and replies that are given once for a key."""

import re
from collections.abc import Callable
from functools import wraps
from hashlib import sha256
from typing import Any, TypeVar

import orjson
from django.db import IntegrityError, transaction
from rest_framework.permissions import SAFE_METHODS
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from accounts.callers import Caller, caller_for
from accounts.models import ApiToken, IdempotencyKey, User
from accounts.roles import Scope
from common.errors import Conflict, Invalid, NotAllowed
from common.failpoints import reached

HEADER = "Idempotency-Key"
_KEY = re.compile(r"[A-Za-z0-9._:-]{8,128}")

View = TypeVar("View", bound="CallerView")
Handler = Callable[..., Response]


class CallerView(APIView):
    """A view that knows who calls, with roles and scopes.

    `filters` are the names that its address may carry behind the question mark; any other is
    refused, so that a typing error in a filter never shows everything. Whatever a view shows, a
    token without the scope `read` does not see it; `only_shows` is for views whose POST is a
    question too long for an address.
    """

    filters: tuple[str, ...] = ()
    only_shows = False

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        """Raises NotAllowed for a token that may not read, Invalid for a name in the query that
        means nothing here."""
        super().initial(request, *args, **kwargs)
        shows = self.only_shows or request.method in SAFE_METHODS
        if shows and not self.caller.may_use(Scope.READ):
            raise NotAllowed("This token may not read.")
        unknown = sorted(set(request.query_params) - {*self.filters, "cursor", "limit"})
        if unknown:
            raise Invalid("This address takes no such parameter.", field=unknown[0])
        repeated = [name for name in request.query_params if len(_all(request, name)) > 1]
        if repeated:
            raise Invalid("Give this parameter once.", field=repeated[0])

    @property
    def caller(self) -> Caller:
        """The signed-in caller; the roles are read once for each request."""
        request: Any = self.request
        found: Caller | None = getattr(request, "_caller", None)
        if found is None:
            user = request.user
            assert isinstance(user, User)
            token = request.auth if isinstance(request.auth, ApiToken) else None
            found = caller_for(
                user,
                via="token" if token else "session",
                token=token,
                session_key=None if token else request.session.session_key,
            )
            request._caller = found
        return found


def _all(request: Request, name: str) -> list[str]:
    return request.query_params.getlist(name)


def once(handler: Handler) -> Handler:
    """Make a POST safe to send again: with the same Idempotency-Key the first reply is repeated.

    The key and the effects commit together. The same key with another request is a Conflict, and
    so is the same request by a token of other scopes: it might not see the reply.
    """

    @wraps(handler)
    def guarded(view: CallerView, request: Request, *args: Any, **kwargs: Any) -> Response:
        key = request.headers.get(HEADER)
        if key is None:
            return handler(view, request, *args, **kwargs)
        if not _KEY.fullmatch(key):
            raise Invalid("8 to 128 letters, digits, dots, colons, hyphens.", field=HEADER)
        with transaction.atomic():
            row, known = _claim(view.caller.user, key, _digest(request, view.caller))
            if known:
                return Response(row.body, status=row.status)
            response = handler(view, request, *args, **kwargs)
            row.status = response.status_code
            row.body = orjson.loads(orjson.dumps(response.data, default=str))
            row.save(update_fields=["status", "body"])
        reached("answer.committed")
        return response

    return guarded


def _digest(request: Request, caller: Caller) -> str:
    body = orjson.dumps(request.data, option=orjson.OPT_SORT_KEYS)
    scopes = "all" if caller.scopes is None else " ".join(sorted(caller.scopes))
    return sha256(f"{request.method} {request.path}\n{scopes}\n".encode() + body).hexdigest()


def _claim(user: User, key: str, digest: str) -> tuple[IdempotencyKey, bool]:
    try:
        with transaction.atomic():
            row = IdempotencyKey.objects.create(user=user, key=key, request_digest=digest, status=0)
        return row, False
    except IntegrityError:
        row = IdempotencyKey.objects.get(user=user, key=key)
    if row.request_digest != digest:
        raise Conflict("This Idempotency-Key was used for another request.")
    return row, True
