"""The Celery app: a doorbell. A message says "look at the table", never what to do."""

from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

from celery import Celery
from django.conf import settings

RING = "worker.ring"


def broker_queue(queue: str) -> str:
    """The broker's name of a queue; prefixed, because a Redis may have other users."""
    return f"assay.{queue}"


def _addresses(url: str) -> dict[str, str]:
    # Celery lets a variable of the environment win over `broker_url`, but not over these.
    return {"broker_read_url": url, "broker_write_url": url}


def _filesystem(url: str) -> dict[str, Any]:
    root = Path(unquote(urlsplit(url).path))
    folders = {"data": root / "messages", "control": root / "control"}
    for folder in folders.values():
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    return {
        **_addresses("filesystem://localhost"),
        "broker_transport_options": {
            "data_folder_in": str(folders["data"]),
            "data_folder_out": str(folders["data"]),
            "control_folder": str(folders["control"]),
            "store_processed": False,
            "max_retries": 0,
        },
    }


def _server(url: str) -> dict[str, Any]:
    # A publisher must not wait for a dead broker: the clock rings again later.
    redis = urlsplit(url).scheme.startswith("redis")
    patience = {"socket_connect_timeout": 1, "socket_timeout": 5} if redis else {}
    return {
        **_addresses(url),
        "broker_transport_options": {"max_retries": 0, **patience},
        "broker_connection_timeout": 1,
    }


def configuration(url: str) -> dict[str, Any]:
    """Celery's settings for a filesystem:///folder, redis:// or amqp:// address.

    Makes the folders of the filesystem broker. Acknowledged early and prefetched singly: a lost
    bell costs the seconds until somebody looks at the table anyway.
    """
    broker = _filesystem(url) if url.startswith("filesystem:") else _server(url)
    return {
        **broker,
        "task_ignore_result": True,
        "task_acks_late": False,
        "worker_prefetch_multiplier": 1,
        "worker_enable_remote_control": False,
        "worker_hijack_root_logger": False,
        "task_serializer": "json",
        "accept_content": ["json"],
        "task_default_delivery_mode": "transient",
        "task_publish_retry": False,
        "broker_connection_retry_on_startup": True,
        "broker_connection_max_retries": None,
    }


def make_app(url: str) -> Celery:
    """A Celery app that talks to the broker of that address."""
    made = Celery("assay", fixups=[], set_as_current=False)
    made.conf.update(configuration(url))
    return made


app = make_app(settings.CELERY_BROKER_URL)
