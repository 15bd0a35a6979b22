"""Which processes an instance consists of, with the environment that each may see."""

import os
import signal
import sys
from dataclasses import dataclass
from pathlib import Path

from django.conf import settings

from config.platform.embedded import Cluster
from config.platform.processes import Spec

BASE = Path(settings.BASE_DIR)
# Given to the one process that needs it and to no other.
RESERVED = ("DATABASE_OWNER_URL", "DATABASE_NOTARY_URL", "ASSAY_NOTARY_KEYS")


@dataclass(frozen=True)
class Options:
    """What the person at the terminal may choose."""

    host: str = "127.0.0.1"
    port: int = 8300
    inference_port: int = 8301
    slots: int = 1
    light_slots: int = 1
    inference_workers: int = 1

    def urls(self) -> dict[str, str]:
        """The two addresses for people; settings win, since a proxy may stand before us."""
        return {
            "web": os.environ.get("ASSAY_URL", f"http://localhost:{self.port}"),
            "inference": os.environ.get(
                "ASSAY_INFERENCE_URL", f"http://localhost:{self.inference_port}"
            ),
        }


def environment(options: Options, role: str = "app") -> dict[str, str]:
    """The environment of a process that works as one database role.

    Only the owner's commands see the owner's address, only the notary its own and its keys.
    """
    env = {key: value for key, value in os.environ.items() if key not in RESERVED}
    env |= {
        "DJANGO_SETTINGS_MODULE": "config.settings",
        "PYTHONUNBUFFERED": "1",
        "PYTHONPATH": os.pathsep.join(filter(None, [str(BASE), env.get("PYTHONPATH")])),
        "ASSAY_VAR": str(settings.VAR),
        "ASSAY_URL": options.urls()["web"],
        "ASSAY_INFERENCE_URL": options.urls()["inference"],
        "ASSAY_DATABASE_ROLE": role,
        "DATABASE_URL": settings.DATABASE_URL,
    }
    if role in {"owner", "notary"}:
        env["DATABASE_NOTARY_URL"] = settings.DATABASE_NOTARY_URL
    if role == "owner":
        env["DATABASE_OWNER_URL"] = settings.DATABASE_OWNER_URL
    if role == "notary":
        env["ASSAY_NOTARY_KEYS"] = str(settings.NOTARY_KEY_DIR)
    return env


def manage(*arguments: str) -> list[str]:
    """The command line of a management command."""
    return [sys.executable, str(BASE / "manage.py"), *arguments]


def database(cluster: Cluster) -> Spec:
    """The embedded server; SIGINT is its fast shutdown."""
    kept = ("PATH", "LANG", "HOME", "TMPDIR")
    env = {key: os.environ[key] for key in kept if key in os.environ}
    return Spec("postgres", cluster.command(), env, signal.SIGINT, cluster.identity)


def _granian(name: str, options: Options, port: int, *more: str) -> Spec:
    command = [sys.executable, "-m", "granian", "--interface", "wsgi", "--host", options.host]
    command += ["--port", str(port), "--no-ws", "--log-level", "warning"]
    command += ["--respawn-failed-workers", "--respawn-interval", "0.2"]
    command += ["--workers-kill-timeout", "1", *more, f"config.wsgi_{name}:application"]
    env = environment(options)
    # Each of the two applications names its own settings.
    del env["DJANGO_SETTINGS_MODULE"]
    return Spec(name, command, env)


def processes(options: Options) -> list[Spec]:
    """Everything but the database."""
    app = environment(options)
    specs = [
        _granian("web", options, options.port, "--blocking-threads", "8"),
        _granian(
            "inference",
            options,
            options.inference_port,
            *("--workers", str(options.inference_workers), "--blocking-threads", "8"),
        ),
        Spec("notary", manage("notary"), environment(options, "notary")),
        Spec("clock", [sys.executable, "-m", "worker.clock"], app),
    ]
    if settings.WITNESSES.exists():
        specs.append(Spec("cosign", manage("cosign"), app))
    for queue, count in (("cpu", options.slots), ("light", options.light_slots)):
        for number in range(1, count + 1):
            command = [sys.executable, "-m", "worker.slot", "--queue", queue]
            specs.append(Spec(f"slot-{queue}-{number}", command, app))
    return specs
