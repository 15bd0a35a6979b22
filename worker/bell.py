"""Ringing: slots of a queue are told to look at the table."""

import logging

log = logging.getLogger(__name__)


def ring(queue: str) -> bool:
    """Tell a slot of `queue` to look at the table; False if the broker does not answer.

    Never raises: whoever rings has already committed, and the bell is not the truth.
    """
    # Celery takes a fifth of the start of a job's process, which seldom rings.
    from worker import app  # noqa: PLC0415

    try:
        app.app.send_task(app.RING, queue=app.broker_queue(queue), expires=600, retry=False)
    except Exception as error:  # noqa: BLE001 - every transport has its own kinds of error
        log.warning("The broker does not answer (%s); the job waits in the table.", error)
        return False
    return True
