"""Whether a port is free, asked by binding it, since a second granian on one would not complain."""

import errno
import socket

from config.platform.errors import CannotStart


def _taken(family: socket.AddressFamily, host: str, port: int) -> bool:
    with socket.socket(family, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError as error:
            if error.errno in {errno.EADDRNOTAVAIL, errno.EAFNOSUPPORT}:
                return False
            if error.errno == errno.EADDRINUSE:
                return True
            raise CannotStart(f"Port {port} cannot be used: {error.strerror}.") from error
    return False


def require_free(host: str, port: int, flag: str) -> None:
    """CannotStart, naming `flag`, if `port` is taken on `host` or on what `localhost` may mean."""
    taken = _taken(socket.AF_INET, host, port)
    if not taken and socket.has_ipv6:
        # A browser may go to ::1 first when it reads "localhost".
        taken = _taken(socket.AF_INET6, "::1", port)
    if taken:
        raise CannotStart(f"Port {port} is taken; choose another with {flag}.")
