"""Readers of environment variables that fail loudly, and the list of every setting for the docs."""

import contextlib
import os
import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import parse_qsl, unquote, urlsplit

from django.core.exceptions import ImproperlyConfigured


@dataclass(frozen=True)
class Setting:
    """One documented setting: its environment variable, default as text and meaning."""

    name: str
    default: str
    meaning: str


DOCUMENTED: list[Setting] = []


def _raw(name: str, default: object, meaning: str) -> str | None:
    DOCUMENTED.append(Setting(name, "" if default is None else str(default), meaning))
    path = os.environ.get(f"{name}_FILE")
    if path:
        return Path(path).read_text(encoding="utf-8").strip()
    return os.environ.get(name)


def text(name: str, default: str, meaning: str) -> str:
    """A string; NAME_FILE names a file that holds it instead."""
    value = _raw(name, default, meaning)
    return default if value is None else value


def flag(name: str, *, default: bool, meaning: str) -> bool:
    """True or False, written 1/0, true/false, yes/no, on/off."""
    value = _raw(name, str(default).lower(), meaning)
    if value is None:
        return default
    words = {"1": True, "true": True, "yes": True, "on": True}
    words |= {"0": False, "false": False, "no": False, "off": False}
    if value.lower() not in words:
        raise ImproperlyConfigured(f"{name} must be true or false, not {value!r}.")
    return words[value.lower()]


def integer(name: str, default: int, meaning: str, *, minimum: int = 0) -> int:
    """A whole number not below `minimum`."""
    value = _raw(name, default, meaning)
    if value is None:
        return default
    try:
        number = int(value)
    except ValueError:
        raise ImproperlyConfigured(f"{name} must be a whole number, not {value!r}.") from None
    if number < minimum:
        raise ImproperlyConfigured(f"{name} must be at least {minimum}, not {number}.")
    return number


def choice(name: str, default: str, known: Sequence[str], meaning: str) -> str:
    """One of the known words."""
    value = text(name, default, f"{meaning} One of {', '.join(known)}.")
    if value not in known:
        raise ImproperlyConfigured(f"{name} is one of {', '.join(known)}, not {value!r}.")
    return value


def numbers(
    name: str, default: Mapping[str, int], meaning: str, *, minimum: int, maximum: int
) -> dict[str, int]:
    """Whole numbers by name, written `high=12, low=36`; what is left out keeps its default."""
    shown = ", ".join(f"{key}={number}" for key, number in default.items())
    found = dict(default)
    for word in words(name, shown, meaning):
        key, _, number = (part.strip() for part in word.partition("="))
        if key not in default or not number.isdecimal():
            raise ImproperlyConfigured(f"{name} reads {shown}, not {word!r}.")
        if not minimum <= int(number) <= maximum:
            raise ImproperlyConfigured(f"{name} takes {minimum} to {maximum}, not {word!r}.")
        found[key] = int(number)
    return found


def words(name: str, default: str, meaning: str) -> list[str]:
    """A comma-separated list."""
    return [word.strip() for word in text(name, default, meaning).split(",") if word.strip()]


def path(name: str, default: Path, shown: str, meaning: str) -> Path:
    """A folder or file; `shown` is the default as the docs print it."""
    value = _raw(name, shown, meaning)
    return default if value is None else Path(value).expanduser().resolve()


def database(url: str) -> dict[str, object]:
    """Django's settings for a `postgresql://user:password@host:port/name?option=value` address.

    A socket folder is given as `?host=/folder`. Raises ImproperlyConfigured for anything else.
    """
    parts = urlsplit(url)
    if parts.scheme not in {"postgres", "postgresql"} or not parts.path.strip("/"):
        raise ImproperlyConfigured("A database address reads postgresql://user@host:port/name.")
    options = dict(parse_qsl(parts.query))
    host = options.pop("host", None) or parts.hostname or ""
    port = options.pop("port", None) or parts.port or ""
    return {
        "ENGINE": "django.db.backends.postgresql",
        "NAME": unquote(parts.path.strip("/")),
        "USER": unquote(parts.username or options.pop("user", "") or ""),
        "PASSWORD": unquote(parts.password or ""),
        "HOST": host,
        "PORT": str(port),
        "CONN_HEALTH_CHECKS": True,
        "OPTIONS": {"connect_timeout": 5, **options},
    }


def local_secret(folder: Path) -> str:
    """A secret kept in a folder, made at the first start."""
    file = folder / "secret-key"
    try:
        return file.read_text(encoding="utf-8")
    except FileNotFoundError:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        temporary = folder / f"secret-key.{secrets.token_hex(4)}"
        temporary.touch(mode=0o600)
        temporary.write_text(secrets.token_urlsafe(64), encoding="utf-8")
        with contextlib.suppress(FileExistsError):
            file.hardlink_to(temporary)
        temporary.unlink()
        return file.read_text(encoding="utf-8")
