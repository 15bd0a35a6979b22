"""Deleting rows at the very moment of something else: one comes first, and the other is told."""

import threading
from collections.abc import Callable

import pytest
from django.db import DatabaseError, connections

from common.errors import DomainError
from compliance.retention.selectors import Thing
from compliance.retention.services import lift_hold, place_hold
from config.refusals import domain_error
from evaluation.services import request_run
from registry import blobs
from registry.models import DatasetSnapshot, Tombstone
from tests.cast import give, password_of, who
from tests.factories import tiny, verbs
from tests.retention.deleting import confirmed, rows_proposed, rule
from tests.stage import Stage

ROUNDS, THOROUGH_ROUNDS = 4, 40
Act = Callable[[], object]


@pytest.fixture
def rounds(pytestconfig: pytest.Config) -> int:
    """How often the two meet."""
    return THOROUGH_ROUNDS if pytestconfig.getoption("--thorough") else ROUNDS


def at_once(*acts: Act) -> list[object]:
    """What each gives, or is refused with at the edges, all begun at the same moment."""
    gate = threading.Barrier(len(acts))
    results: list[object] = [None] * len(acts)

    def run(place: int, act: Act) -> None:
        gate.wait()
        try:
            results[place] = act()
        except (DomainError, DatabaseError) as error:
            results[place] = domain_error(error)
        finally:
            connections.close_all()

    threads = [threading.Thread(target=run, args=pair) for pair in enumerate(acts)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return results


def rows_of(number: int) -> DatasetSnapshot:
    """A snapshot of bytes that no other round has."""
    ada = who("ada")
    lines = tiny.table("test").splitlines(keepends=True)
    data = b"".join([*lines, *lines[1 : 2 + number]])
    upload = verbs.send(ada, "rows.csv", data)
    return verbs.register_dataset(ada, upload=upload, name=f"round-{number}", split="test")


def is_gone(dataset: DatasetSnapshot) -> bool:
    """Whether there is a tombstone; then, and only then, the file is gone."""
    gone = Tombstone.objects.filter(blob=dataset.blob_id).exists()
    assert blobs.path_of(dataset.blob_id).exists() is not gone
    return gone


def test_a_hold_beside_the_confirmation(ready_copy: Stage, rounds: int) -> None:
    """Held and kept, or gone and not to be held any more."""
    rule("datasets")
    rule("datasets", tier="low")
    give([("ben", "compliance")])
    for number in range(rounds):
        dataset = rows_of(number)
        waiting = rows_proposed(dataset)
        thing = Thing("dataset", dataset=dataset)
        said = {"reference": "Case 1", "reason": "Asked for."}
        held, done = at_once(
            lambda: place_hold(caller=who("ben"), thing=thing, **said),  # noqa: B023
            lambda: confirmed(waiting),  # noqa: B023
        )
        assert isinstance(held, DomainError) is is_gone(dataset)
        assert isinstance(held, DomainError) is not isinstance(done, DomainError)
        if not isinstance(held, DomainError):
            proof = {"password": password_of("cora")}
            lift_hold(caller=who("cora"), hold=held, reason="Over.", **proof)  # type: ignore[arg-type]


def test_a_measurement_beside_the_confirmation(ready_copy: Stage, rounds: int) -> None:
    """Either a job may read the rows, or they are gone; never a job without rows."""
    rule("datasets")
    rule("datasets", tier="low")
    for number in range(rounds):
        dataset = rows_of(number)
        waiting = rows_proposed(dataset)
        asked, done = at_once(
            lambda: request_run(
                caller=who("ada"),
                version=ready_copy.version,
                dataset=dataset,  # noqa: B023
                resamples=100,
            ),
            lambda: confirmed(waiting),  # noqa: B023
        )
        assert isinstance(asked, DomainError) is is_gone(dataset)
        assert isinstance(asked, DomainError) is not isinstance(done, DomainError)


def test_the_same_bytes_anew_beside_the_confirmation(ready_copy: Stage, rounds: int) -> None:
    """A second name keeps the rows, since nobody was shown it; or the bytes are refused."""
    rule("datasets")
    rule("datasets", tier="low")
    for number in range(rounds):
        dataset = rows_of(number)
        data = blobs.read_verified(dataset.blob_id, dataset.blob.size)
        waiting = rows_proposed(dataset)
        upload = verbs.send(who("ada"), "rows.csv", data)
        said = {"upload": upload, "name": f"again-{number}", "split": "test"}
        again, done = at_once(
            lambda: verbs.register_dataset(who("ada"), **said),  # noqa: B023
            lambda: confirmed(waiting),  # noqa: B023
        )
        gone = Tombstone.objects.filter(blob=dataset.blob_id).exists()
        assert isinstance(again, DomainError) is gone
        assert isinstance(again, DomainError) is not isinstance(done, DomainError)
        # Bytes that came back in that moment stay until the clock has looked.
        assert gone or blobs.path_of(dataset.blob_id).is_file()
