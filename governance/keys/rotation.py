"""The notary's keys change: by rotation, after a loss, after a theft. All of it stands in the log.

Only while no notary runs, by whoever holds its folder. Each step may be repeated after a crash: a
new key lies in its own file until everything else is done.
"""

import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from django.db import transaction
from django.utils import timezone

from audit.actions import Action
from audit.actors import SYSTEM
from audit.integrator import InconsistentLog, Integrator
from audit.services import record
from common.errors import Conflict
from governance.keys.store import FORMER, KEY_FILES, NEXT, load_notary_keys, write_trusted
from trust.key_files import generate_key, load_key, load_trusted_keys, save_key
from trust.key_issuing import sign_key_statement
from trust.key_statements import KeyStatement
from trust.keys import SigningKey, TreeBound, TrustedKeys, VerifierKey, approvals_name
from trust.notes import Checkpoint, open_checkpoint

MEMORY = "last-checkpoint.txt"


@dataclass(frozen=True)
class Changed:
    """What became of the keys; `tree` is how far the ended ones count."""

    introduced: tuple[VerifierKey, ...] = ()
    ended: tuple[VerifierKey, ...] = ()
    tree: TreeBound | None = None


def introduce_keys(*, folder: Path, origin: str, trusted: Path) -> Changed:
    """Begin a rotation: new keys, introduced in the log by a statement that the old log key signs.

    From then on approvals are signed by the new key, checkpoints by both, until `end_former_keys`.
    Raises Conflict (a rotation is under way, a notary runs), OSError, TrustError.
    """
    if (folder / f"log{FORMER}").exists():
        raise Conflict("A rotation is under way; end the former keys first.")
    old, new = load_notary_keys(folder, origin), _next_keys(folder, origin)
    with _integrator(old[0], folder, load_trusted_keys(trusted)) as integrator:
        added = tuple(key.verifier for key in new)
        said = KeyStatement(origin, added, (), None, "rotation", timezone.now())
        _tell(Action.KEYS_INTRODUCED, said, [old[0], *new])
        write_trusted(trusted, load_trusted_keys(trusted).changed(added, (), None))
        integrator.run_once()
    for name in KEY_FILES:
        (folder / f"{name}{FORMER}").unlink(missing_ok=True)
        os.link(folder / f"{name}.pem", folder / f"{name}{FORMER}")
    _put_in_place(folder)
    return Changed(introduced=added)


def end_former_keys(*, folder: Path, origin: str, trusted: Path) -> Changed:
    """End a rotation: the former keys count for what the log holds now, and for nothing later.

    Raises Conflict (no rotation is under way, a notary runs), OSError, TrustError.
    """
    if not (folder / f"log{FORMER}").exists():
        raise Conflict("No rotation is under way; introduce new keys first.")
    key = load_notary_keys(folder, origin)[0]
    former = load_former_keys(folder, origin)
    with _integrator(key, folder, load_trusted_keys(trusted), former[0]) as integrator:
        integrator.run_once()
        head = integrator.head
        if head is None:
            raise Conflict("The log is empty; there is nothing that the former keys signed.")
        ended, tree = tuple(one.verifier for one in former), TreeBound(head.size, head.root)
        said = KeyStatement(origin, (), ended, tree, "rotation", timezone.now())
        _tell(Action.KEYS_ENDED, said, [key, former[0]])
        write_trusted(trusted, load_trusted_keys(trusted).changed((), ended, tree))
        integrator.go_on_with(key)
        integrator.run_once()
    for name in KEY_FILES:
        (folder / f"{name}{FORMER}").unlink()
    return Changed(ended=ended, tree=tree)


def replace_keys(
    *, folder: Path, origin: str, trusted: Path, why: str, checkpoint: bytes | None
) -> Changed:
    """New keys in the place of lost or stolen ones, which count up to `checkpoint` and no further.

    After a loss the newest checkpoint will do; after a theft give one that was kept outside since
    before it. No old key vouches for the new ones: outsiders get them by another way. Raises
    Conflict (a notary runs; the database's log is another), OSError, TrustError.
    """
    keys = load_trusted_keys(trusted)
    ended = tuple(k for k in keys.open.all if k.name in (origin, approvals_name(origin)))
    new = _next_keys(folder, origin)
    ended = tuple(key for key in ended if key not in [one.verifier for one in new])
    with _integrator(new[0], folder, keys) as integrator:
        kept = open_checkpoint(checkpoint, keys.named(origin)) if checkpoint else integrator.head
        if kept is None:
            raise Conflict("The log is empty; remove the lost keys' lines and make new keys.")
        _require(integrator, kept)
        tree, added = TreeBound(kept.size, kept.root), tuple(key.verifier for key in new)
        said = KeyStatement(origin, added, ended, tree, why, timezone.now())
        # First, so that a second try after a crash trusts what the first has signed.
        write_trusted(trusted, keys.changed(added, (), None))
        _tell(Action.KEYS_REPLACED, said, new)
        integrator.run_once()
        write_trusted(trusted, keys.changed(added, ended, tree))
    for name in KEY_FILES:
        (folder / f"{name}{FORMER}").unlink(missing_ok=True)
    _put_in_place(folder)
    return Changed(added, ended, tree)


def load_former_keys(folder: Path, origin: str) -> tuple[SigningKey, SigningKey]:
    """The keys that are on their way out. Raises OSError, TrustError."""
    return (
        load_key(folder / f"log{FORMER}", origin),
        load_key(folder / f"approvals{FORMER}", approvals_name(origin)),
    )


@contextmanager
def _integrator(
    key: SigningKey, folder: Path, trusted: TrustedKeys, former: SigningKey | None = None
) -> Iterator[Integrator]:
    """An integrator with the lock, which is set free at the end."""
    made = Integrator(
        key=key, memory=folder / MEMORY, trusted=trusted.named(key.name), former=former
    )
    try:
        if not made.start():
            raise Conflict("A notary runs on this database; stop it first.")
        yield made
    except InconsistentLog as error:
        raise Conflict(f"The log is not the one that was signed: {error}") from None
    finally:
        made.release()


def _require(integrator: Integrator, kept: Checkpoint) -> None:
    try:
        integrator.require(kept)
    except InconsistentLog as error:
        raise Conflict(f"The log is not that of the checkpoint: {error}") from None


def _next_keys(folder: Path, origin: str) -> tuple[SigningKey, SigningKey]:
    """The keys that come next, made where they are not there from a try before."""
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    made = []
    for name, key_name in KEY_FILES.items():
        path = folder / f"{name}{NEXT}"
        full = approvals_name(origin) if key_name else origin
        if not path.exists():
            save_key(path, generate_key(full))
        made.append(load_key(path, full))
    return made[0], made[1]


def _put_in_place(folder: Path) -> None:
    for name in KEY_FILES:
        (folder / f"{name}{NEXT}").replace(folder / f"{name}.pem")


@transaction.atomic
def _tell(action: Action, said: KeyStatement, keys: Sequence[SigningKey]) -> None:
    record(
        actor=SYSTEM,
        action=action,
        subject=("log", said.origin),
        payload={
            "statement": sign_key_statement(said, keys).decode("ascii"),
            "why": said.why,
            "introduced": [key.line for key in said.introduced],
            "ended": [key.line for key in said.ended],
            "size": said.tree.size if said.tree else None,
        },
    )
