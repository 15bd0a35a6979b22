"""Questions to the identity provider: each for one browser or session, act and wording, answered
once, soon. Before an act the person signs in there anew, and the nonce commits to the words.
"""

import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, timedelta
from hashlib import sha256
from typing import Any
from uuid import UUID

from django.conf import settings
from django.db import transaction
from django.utils import timezone
from django.utils.crypto import salted_hmac

from accounts.callers import Caller
from accounts.factors.codes import has_factor
from accounts.models import AuthenticationRequest, Identity, User
from accounts.oidc.id_tokens import Claims, Expected, Refused, read_id_token
from accounts.oidc.identities import bound, signs_in_by_provider
from accounts.oidc.provider import the_provider
from accounts.passkeys.challenges import MOST_OPEN, TooManyChallenges, intent_of
from audit.actions import Action
from audit.services import record
from common.decisions import Decision, allow, deny
from common.errors import Conflict, NotAllowed
from trust.base64_text import encode_base64url
from trust.sign_ins import sign_in_nonce
from trust.times import format_moment
from trust.webauthn import NONCE_BYTES

CALLBACK = "/accounts/provider/callback/"
SIGN_IN_ACT = "sign-in"
_WHY = {
    "state": "This answer belongs to no question of yours; begin again.",
    "used": "This answer was given already; begin again.",
    "late": "The answer came too late; begin again.",
    "session": "The question was asked in another session; begin again.",
    "intent": "You signed in for something else than what was sent; begin again.",
    "open": "The identity provider has not answered this question.",
    "error": "The identity provider did not sign you in.",
    "auth_time": "You were not asked to sign in anew, so nothing was proved.",
    "nobody": "Your account there opens no login here.",
    "identity": "You signed in with an account that is not bound to your login.",
}


@dataclass(frozen=True)
class Question:
    """Where a browser is sent, the question's id, and the words to which the nonce commits."""

    id: UUID
    address: str
    intent: str


@dataclass(frozen=True)
class Reply:
    """What came back to the callback address."""

    state: str
    code: str
    issuer: str
    error: str


def ask_at_sign_in(browser: str) -> Question:
    """A question for nobody in particular; `browser` is a secret that its cookie keeps.

    Raises Conflict where no provider is set up, ProviderUnavailable.
    """
    return _ask(None, _browser_seat(browser), SIGN_IN_ACT, {"browser": _browser_seat(browser)})


def may_sign_in_again(caller: Caller) -> Decision:
    """Whoever signs in at the provider, in a session, unless he has something stronger here."""
    if caller.scopes is not None:
        return deny("A token cannot sign in at the identity provider; do this in a session.")
    if not signs_in_by_provider(caller.user):
        return deny("No account at the identity provider opens your login.")
    if has_factor(caller.person_id):
        return deny("You have an authenticator app: give your password and its code.")
    return allow()


@transaction.atomic
def ask_again(caller: Caller, act: str, words: Mapping[str, Any]) -> Question:
    """A question for the caller in this session, for exactly this act and wording.

    Raises NotAllowed, TooManyChallenges, ProviderUnavailable.
    """
    may_sign_in_again(caller).enforce()
    User.objects.select_for_update(no_key=True).get(pk=caller.user.pk)
    open_now = AuthenticationRequest.objects.filter(
        user=caller.user, used_at=None, expires_at__gt=timezone.now()
    )
    if open_now.count() >= MOST_OPEN:
        raise TooManyChallenges("Too many questions are open; wait until they have ended.")
    return _ask(caller.user, caller.seat, act, words)


def _ask(user: User | None, seat: str, act: str, words: Mapping[str, Any]) -> Question:
    provider = the_provider()
    intent, nonce, state = intent_of(act, words), secrets.token_bytes(NONCE_BYTES), _random()
    row = AuthenticationRequest.objects.create(
        state=_hex(state),
        user=user,
        seat=seat,
        act=act,
        intent_digest=sha256(intent).hexdigest(),
        nonce=nonce.hex(),
        expires_at=timezone.now() + timedelta(seconds=settings.OIDC_SECONDS),
    )
    asked = {
        "response_type": "code",
        "client_id": settings.OIDC_CLIENT_ID,
        "redirect_uri": _redirect(),
        "scope": "openid",
        "state": state,
        "nonce": _nonce_sent(row),
        "code_challenge": _challenge(_verifier(row)),
        "code_challenge_method": "S256",
    }
    if user is not None:
        asked |= {"prompt": "login", "max_age": "0"}
    return Question(row.pk, provider.address_to_ask(asked), intent.decode("utf-8"))


def answer_sign_in(browser: str, reply: Reply) -> Claims:
    """Who has signed in at the provider. Raises Refused, Conflict, ProviderUnavailable."""
    return _read(_returned(reply, None, _browser_seat(browser)), reply)


def answer_again(caller: Caller, reply: Reply) -> UUID:
    """Keep what the provider says of the caller for the act that was asked about; its id.

    A refusal is in the log. Raises NotAllowed, Conflict, ProviderUnavailable.
    """
    try:
        row = _returned(reply, caller.user, caller.seat)
        claims = _read(row, reply)
        identity = bound(claims.issuer, claims.subject)
        if identity is None or identity.user_id != caller.user.pk or claims.auth_time is None:
            raise Refused("identity")
    except Refused as refusal:
        raise _refused(caller, refusal.why) from None
    AuthenticationRequest.objects.filter(pk=row.pk, answer__isnull=True).update(
        answer={
            "identity": f"sha256:{identity.digest}",
            "auth_time": format_moment(claims.auth_time.astimezone(UTC)),
            "token": claims.token,
        }
    )
    return row.pk


def take_sign_in(
    caller: Caller, act: str, words: Mapping[str, Any], question: UUID
) -> dict[str, Any]:
    """What a record keeps of a sign-in before an act, if it was for exactly these words.

    The question is used up, and a refusal is in the log, whatever becomes of the act: call it
    outside the transaction of the act. Raises NotAllowed.
    """
    try:
        may_sign_in_again(caller).enforce()
        row = _used(caller, act, intent_of(act, words), question)
    except Refused as refusal:
        raise _refused(caller, refusal.why) from None
    answer: dict[str, Any] = row.answer or {}
    return answer | {
        "intent": intent_of(act, words).decode("utf-8"),
        "nonce": encode_base64url(bytes.fromhex(row.nonce)),
        "asked_at": format_moment(row.created_at),
    }


def require_bound(sign_in: Mapping[str, Any]) -> None:
    """Hold the account of a sign-in until the act is done. Raises Conflict if it was ended."""
    digest = str(sign_in["identity"]).removeprefix("sha256:")
    rows = Identity.objects.select_for_update(no_key=True).filter(digest=digest, ended_at=None)
    if not rows.exists():
        raise Conflict("This account was taken from your login a moment ago; nothing was done.")


def forget_old_questions() -> None:
    """Remove questions that ended a day ago; nobody may answer them any more."""
    AuthenticationRequest.objects.filter(expires_at__lt=timezone.now() - timedelta(days=1)).delete()


@transaction.atomic
def _take_back(reply: Reply, user: User | None, seat: str) -> tuple[AuthenticationRequest, str]:
    """The question that a reply answers, answered from now on, and why not, if so."""
    rows = AuthenticationRequest.objects.select_for_update(no_key=True)
    row = rows.filter(state=_hex(reply.state), user=user).first()
    if row is None:
        raise Refused("state")
    if row.returned_at is not None:
        return row, "used"
    row.returned_at = timezone.now()
    row.save(update_fields=["returned_at"])
    if row.seat != seat:
        return row, "session"
    return row, "late" if row.expires_at <= row.returned_at else ""


def _returned(reply: Reply, user: User | None, seat: str) -> AuthenticationRequest:
    row, why = _take_back(reply, user, seat)
    if why:
        raise Refused(why)
    return row


def _read(row: AuthenticationRequest, reply: Reply) -> Claims:
    provider = the_provider()
    if reply.error or not reply.code:
        raise Refused("error")
    if reply.issuer != provider.issuer and (reply.issuer or provider.names_itself):
        raise Refused("issuer")
    token = provider.redeem(code=reply.code, verifier=_verifier(row), redirect=_redirect())
    anew = row.user_id is not None
    return read_id_token(token, provider, Expected(_nonce_sent(row), row.created_at, anew))


@transaction.atomic
def _use(caller: Caller, key: UUID) -> AuthenticationRequest | None:
    rows = AuthenticationRequest.objects.select_for_update(no_key=True)
    row = rows.filter(pk=key, user=caller.user, used_at=None).first()
    if row is not None:
        row.used_at = timezone.now()
        row.save(update_fields=["used_at"])
    return row


def _used(caller: Caller, act: str, intent: bytes, key: UUID) -> AuthenticationRequest:
    row = _use(caller, key)
    if row is None or row.used_at is None:
        raise Refused("used")
    if row.answer is None:
        raise Refused("open")
    if row.expires_at <= row.used_at:
        raise Refused("late")
    if row.seat != caller.seat:
        raise Refused("session")
    if row.act != act or row.intent_digest != sha256(intent).hexdigest():
        raise Refused("intent")
    return row


def _refused(caller: Caller, why: str) -> NotAllowed:
    with transaction.atomic():
        record(
            actor=caller.actor,
            action=Action.PROVIDER_REFUSED,
            subject=("user", caller.user.pk),
            payload={"why": why},
            related=[("person", caller.person_id)],
        )
    return NotAllowed(sentence_of(why), field="sign_in")


def sentence_of(why: str) -> str:
    """A refusal for the person who meets it."""
    return _WHY.get(why, "The identity provider's answer cannot be trusted, so it is not taken.")


def _redirect() -> str:
    return f"{settings.PUBLIC_URL.rstrip('/')}{CALLBACK}"


def _random() -> str:
    return secrets.token_urlsafe(32)


def _hex(text: str) -> str:
    return sha256(text.encode()).hexdigest()


def _browser_seat(browser: str) -> str:
    return f"browser:{_hex(browser)}"


def _verifier(row: AuthenticationRequest) -> str:
    """PKCE's secret: never in the browser, nor in the table (RFC 7636)."""
    return salted_hmac("accounts.oidc.verifier", str(row.pk), algorithm="sha256").hexdigest()


def _challenge(verifier: str) -> str:
    return encode_base64url(sha256(verifier.encode()).digest())


def _nonce_sent(row: AuthenticationRequest) -> str:
    return sign_in_nonce(bytes.fromhex(row.intent_digest), bytes.fromhex(row.nonce))
