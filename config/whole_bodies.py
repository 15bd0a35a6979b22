"""Bodies are read before anything is decided: who may act is asked when all of an act has arrived.

Otherwise a request that was begun in time could be finished after the login was closed, with the
rights it had when its headers came. Uploads stream: what they bring is used by another request.
"""

from collections.abc import Callable, Iterable
from io import BytesIO
from typing import Any

from django.conf import settings

Application = Callable[[dict[str, Any], Any], Iterable[bytes]]
_STREAMED = "application/octet-stream"


def whole_bodies(application: Application) -> Application:
    """A WSGI application that has every body but those of uploads before it begins.

    Bodies that come in chunks get their length, since Django takes them for empty ones. One byte
    more than the limit is read, so that what is too long is refused as such. A body that breaks
    off is answered with 400: a part of a form could be taken for the whole.
    """

    def wrapped(environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        kind = environ.get("CONTENT_TYPE", "").partition(";")[0].strip().lower()
        if kind == _STREAMED:
            return application(environ, start_response)
        most = settings.DATA_UPLOAD_MAX_MEMORY_SIZE + 1
        chunked = "chunked" in environ.get("HTTP_TRANSFER_ENCODING", "").lower()
        wanted = most if chunked else min(int(environ.get("CONTENT_LENGTH") or 0), most)
        body = _read(environ["wsgi.input"], wanted)
        environ["wsgi.input"] = BytesIO(body)
        if chunked:
            environ["CONTENT_LENGTH"] = str(len(body))
        elif len(body) < wanted:
            start_response("400 Bad Request", [("Content-Length", "0")])
            return []
        return application(environ, start_response)

    return wrapped


def _read(stream: Any, most: int) -> bytes:
    pieces, have = [], 0
    while have < most and (piece := stream.read(min(most - have, 65536))):
        pieces.append(piece)
        have += len(piece)
    return b"".join(pieces)
