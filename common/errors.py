"""What a service raises when it cannot do what was asked. Edges turn these into replies."""

AN_APP, A_PASSKEY = "app", "passkey"


class DomainError(Exception):
    """A refusal with a sentence for the person who asked.

    `slug` names the kind in problem documents (RFC 9457), `status` is the HTTP status.
    """

    slug = "refused"
    status = 400
    title = "The request was refused"

    def __init__(self, reason: str, *, field: str | None = None) -> None:
        super().__init__(reason)
        self.reason = reason
        self.field = field


class Invalid(DomainError):
    """The input is wrong; `field` names the place, for example `rows[3].mean radius`."""

    slug = "invalid"
    status = 422
    title = "The input is not valid"


class NotAllowed(DomainError):
    """The person may not do this; the reason says why."""

    slug = "not-allowed"
    status = 403
    title = "Not allowed"


class FactorMissing(NotAllowed):
    """The person may, and has nothing of what this takes besides a password.

    `wants` is what would do, of AN_APP and A_PASSKEY: he sets it up himself.
    """

    slug = "factor-missing"
    title = "This takes a second factor"

    def __init__(self, reason: str, *, wants: tuple[str, ...]) -> None:
        super().__init__(reason)
        self.wants = wants


class NotFound(DomainError):
    """There is no such thing, or it is hidden from the person who asked."""

    slug = "not-found"
    status = 404
    title = "Not found"


class Conflict(DomainError):
    """The thing is in a state in which this cannot be done."""

    slug = "conflict"
    status = 409
    title = "Conflict with the present state"


class TwoPersons(Conflict):
    """One person cannot do this alone: it is proposed, and another person confirms it."""

    slug = "two-persons"
    title = "This takes two persons"


class Outdated(DomainError):
    """The thing is no longer as the request says that it was shown (RFC 9110, 13.1.1)."""

    slug = "outdated"
    status = 412
    title = "Changed since it was shown"


class TooLarge(DomainError):
    """The input is over a stated limit."""

    slug = "too-large"
    status = 413
    title = "Too large"


class Unavailable(DomainError):
    """Something that is needed does not answer now; trying again may help."""

    slug = "unavailable"
    status = 503
    title = "Not available now"
