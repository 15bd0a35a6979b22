"""The measurements of `audit_log`, their figures and their aims."""

import multiprocessing
import statistics
from dataclasses import dataclass, field

from benchmarks.appending import TABLES, VARIANTS, Run, describe_row, run_writers
from benchmarks.exporting import await_signed, export_and_verify, fill
from benchmarks.place import Place, wait_until
from benchmarks.watching import Watcher, delays

SHARE_AIM, DELAY_AIM_S, BACKLOG_AIM_S = 0.70, 2.0, 2.0
VERIFY_AIM_S, VERIFY_AIM_MB = 60.0, 500.0


@dataclass
class Measured:
    """Rates by variant, one for each round; what was seen while the log was written."""

    rates: dict[str, list[float]] = field(default_factory=dict)
    delays: list[float] = field(default_factory=list)
    backlog_s: float = 0.0
    backlog: int = 0
    drained: bool = True


def writers(place: Place, number: int, seconds: float, rounds: int) -> list[bool]:
    """Rounds of all variants, one after the other; which aims were met."""
    with place.database.connect() as owner:
        owner.execute(TABLES)
    print(f"{number} writers, one event for each transaction, fsync on;")
    print(f"an event is {describe_row()}.\n")
    found, names = Measured(), list(VARIANTS)
    for turn in range(rounds):
        # Each variant is first once, so that none profits from its place.
        for name in names[turn % len(names) :] + names[: turn % len(names)]:
            _round(place, number, seconds, name, found)
    return _tell_writers(found)


def _round(place: Place, writers: int, seconds: float, name: str, found: Measured) -> None:
    counts = multiprocessing.get_context("fork").Array("q", writers, lock=False)
    before = _leaves(place)
    with Watcher(place.database, lambda: sum(counts)) as watcher:
        run = run_writers(name, writers, seconds, counts)
        if name == "log":
            found.drained &= wait_until(
                lambda: watcher.looks and watcher.looks[-1].signed >= before + sum(counts),
                BACKLOG_AIM_S + 30,
            )
    found.rates.setdefault(name, []).append(run.rate)
    print(f"  {name:<6}{run.rate:>8.0f} events/s")
    if name == "log":
        _note_delays(place, watcher, run, before, found)


def _note_delays(place: Place, watcher: Watcher, run: Run, before: int, found: Measured) -> None:
    with place.database.connect() as connection:
        found.delays += delays(connection, run.acknowledged, watcher.looks)
    worst = max(watcher.backlog(before))
    found.backlog = max(found.backlog, worst)
    found.backlog_s = max(found.backlog_s, worst / run.rate)


def _leaves(place: Place) -> int:
    with place.database.connect() as connection:
        row = connection.execute("SELECT count(*) FROM audit_auditleaf").fetchone()
        assert row is not None
        return int(row[0])


def _tell_writers(found: Measured) -> list[bool]:
    middle = {name: statistics.median(rates) for name, rates in found.rates.items()}
    shares = [
        log / plain for log, plain in zip(found.rates["log"], found.rates["plain"], strict=True)
    ]
    waits = sorted(found.delays)
    p99 = waits[int(len(waits) * 0.99)]
    print(f"\nMedian of {len(shares)} rounds")
    print(f"  plain INSERT without a log   {middle['plain']:>7.0f}/s   1.00")
    for name, title in (("log", "this log, notary at work"), ("chain", "hash chain in the change")):
        share = middle[name] / middle["plain"]
        print(f"  {title:<28} {middle[name]:>7.0f}/s   {share:.2f}")
    share = statistics.median(shares)
    return [
        _aim(f"this log reaches {share:.0%} of plain INSERT", share >= SHARE_AIM, "at least 70 %"),
        _aim(f"event to signed checkpoint, p99: {p99:.2f} s", p99 < DELAY_AIM_S, "below 2 s"),
        _aim(
            f"events that waited for their place: at most {found.backlog}, "
            f"{found.backlog_s:.2f} s of writing",
            found.drained and found.backlog_s < BACKLOG_AIM_S,
            "below 2 s, and none left behind",
        ),
    ]


def bundle(place: Place, events: int) -> list[bool]:
    """Fill the log up, export all of it, verify the bundle; which aims were met."""
    missing = max(0, events - _leaves(place))
    print(f"\nFilling the log with {missing} more events ...")
    with place.database.connect("app") as connection:
        fill(connection, missing)
    size = await_signed(place, 60 + events / 500)
    exporter, verifier, archive = export_and_verify(place)
    print(f"A bundle of {size} events, {archive / 2**20:.0f} MB:")
    for name, effort in (("made by the job", exporter), ("verified by verify.py", verifier)):
        print(
            f"  {name:<22}{effort.wall_s:>6.1f} s ({effort.cpu_s:.1f} s of one processor), "
            f"peak {effort.peak_mb:.0f} MB, exit status {effort.status}"
        )
    return [
        exporter.status == 0,
        _aim(
            f"verified in {verifier.wall_s:.0f} s with {verifier.peak_mb:.0f} MB",
            verifier.status == 0
            and verifier.wall_s < VERIFY_AIM_S
            and verifier.peak_mb < VERIFY_AIM_MB,
            "sound, below 60 s and 500 MB",
        ),
    ]


def _aim(sentence: str, met: bool, aim: str) -> bool:
    print(f"  {'met   ' if met else 'MISSED'}  {sentence} (aim: {aim})")
    return met
