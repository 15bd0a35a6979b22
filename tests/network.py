"""Refuses every connection of the suite's process that does not stay on this machine."""

import ipaddress
import sys
from typing import Any


class NetworkRefused(RuntimeError):
    """A test tried to leave the machine."""


def _local(host: object) -> bool:
    if not host or host in {"localhost", "localhost.localdomain"}:
        return True
    text = host.decode() if isinstance(host, bytes) else str(host)
    try:
        address = ipaddress.ip_address(text.split("%")[0])
    except ValueError:
        return False
    return address.is_loopback or address.is_unspecified


def _refuse(event: str, arguments: tuple[Any, ...]) -> None:
    if event in {"socket.connect", "socket.sendto"}:
        address = arguments[1]
        if isinstance(address, tuple) and not _local(address[0]):
            raise NetworkRefused(f"{event} to {address}")
    elif event in {"socket.getaddrinfo", "socket.gethostbyname"} and not _local(arguments[0]):
        raise NetworkRefused(f"{event} of {arguments[0]!r}")


def stay_on_this_machine() -> None:
    """From now on; an audit hook cannot be taken off again."""
    sys.addaudithook(_refuse)
