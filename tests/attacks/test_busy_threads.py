"""Cheap requests that cost much: the threads of the web process are not all given to one person."""

import threading
import time

from django.db import connection

from common.errors import DomainError, Unavailable
from registry.intake import MOST_AT_ONCE, register_dataset
from tests.cast import the_team, who
from tests.factories import verbs
from tests.stage import Stage

ROWS = 120_000
TABLE = b"a,b,y\n" + b"1.5,2.5,0\n2.5,3.5,1\n" * (ROWS // 2)


def test_only_some_files_are_looked_at_at_once(ready_copy: Stage) -> None:
    ada, team = who("ada"), the_team()
    uploads = [verbs.send(ada, "rows.csv", TABLE) for _ in range(MOST_AT_ONCE + 4)]
    said: list[object] = []
    start = threading.Barrier(len(uploads))

    def register(number: int) -> None:
        start.wait()
        began = time.monotonic()
        try:
            register_dataset(
                caller=ada,
                team=team,
                upload=uploads[number],
                name=f"rows-{number}",
                split="train",
                target="y",
                origin="made",
                licence="MIT",
                file_format="csv",
            )
            said.append(time.monotonic() - began)
        except DomainError as error:
            said.append(error)
        finally:
            connection.close()

    threads = [threading.Thread(target=register, args=(n,)) for n in range(len(uploads))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    refused = [one for one in said if isinstance(one, Unavailable)]
    assert len(said) == len(uploads)
    assert refused
    assert len(said) - len(refused) >= MOST_AT_ONCE
    again = verbs.send(ada, "rows.csv", TABLE)
    assert verbs.new_dataset(ada, "afterwards").rows
    assert again
