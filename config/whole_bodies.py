"""Bodies that come in chunks, without a length: Django takes them for empty ones."""

from collections.abc import Callable, Iterable
from io import BytesIO
from typing import Any

from django.conf import settings

Application = Callable[[dict[str, Any], Any], Iterable[bytes]]
_STREAMED = "application/octet-stream"


def whole_bodies(application: Application) -> Application:
    """A WSGI application that knows the length of every body but those of uploads.

    One byte more than the limit is read, so that what is too long is refused as such.
    """

    def wrapped(environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        kind = environ.get("CONTENT_TYPE", "").partition(";")[0].strip().lower()
        if "chunked" in environ.get("HTTP_TRANSFER_ENCODING", "").lower() and kind != _STREAMED:
            body = _read(environ["wsgi.input"], settings.DATA_UPLOAD_MAX_MEMORY_SIZE + 1)
            environ["wsgi.input"] = BytesIO(body)
            environ["CONTENT_LENGTH"] = str(len(body))
        return application(environ, start_response)

    return wrapped


def _read(stream: Any, most: int) -> bytes:
    pieces, have = [], 0
    while have < most and (piece := stream.read(min(most - have, 65536))):
        pieces.append(piece)
        have += len(piece)
    return b"".join(pieces)
