"""The admission of a model file with this instance's limits."""

from django.conf import settings

from common.errors import Invalid
from runtimes.findings import refusal_text
from runtimes.limits import Limits
from runtimes.sandbox import Admission, admit
from runtimes.schema import Signature


def admitted(model: bytes, signature: Signature | None) -> Admission:
    """The verdict of the static checks and the sandbox. Raises Invalid with what to do."""
    limits = Limits(
        max_bytes=settings.MAX_MODEL_BYTES,
        wall_seconds=settings.SANDBOX_WALL_SECONDS,
        memory_bytes=settings.SANDBOX_MEMORY_BYTES,
    )
    admission = admit(model, signature, limits)
    if not admission.ok:
        raise Invalid(refusal_text(admission.findings), field="artifacts")
    return admission
