"""Where the embedded PostgreSQL listens: one private folder with a short path, and its addresses.

The address of a unix socket holds about 107 bytes (103 on macOS). `var/run` is used where it is
short enough; otherwise a private folder in the system's temporary folder, remembered in
`var/run/elsewhere`, since that folder may be anywhere and its name must not be guessable.
"""

import os
import stat
import tempfile
from pathlib import Path
from urllib.parse import quote

PORT = 5432
LONGEST = 103
DATABASE = "assay"
SUPERUSER = "postgres"
ROLES = {"owner": "assay_owner", "app": "assay_app", "notary": "assay_notary"}


def _fits(folder: Path) -> bool:
    """Whether a socket in `folder` can be addressed; a comma would separate hosts for libpq."""
    return (
        len(os.fsencode(folder / f".s.PGSQL.{PORT}")) <= LONGEST
        and "," not in str(folder)
        and '"' not in str(folder)
    )


def _private(folder: Path) -> bool:
    """Whether `folder` is a real folder of this user that nobody else can enter."""
    try:
        found = folder.lstat()
    except OSError:
        return False
    mine = found.st_uid == os.geteuid() or os.geteuid() == 0
    return stat.S_ISDIR(found.st_mode) and mine and stat.S_IMODE(found.st_mode) == 0o700


def socket_folder(var: Path) -> Path:
    """The folder of the embedded server's socket for an instance kept in `var`; makes nothing."""
    run = var / "run"
    record = run / "elsewhere"
    if not _fits(run) and record.exists():
        return Path(record.read_text(encoding="utf-8"))
    return run


def make_socket_folder(var: Path) -> Path:
    """The same, made private (0700) if missing; a foreign folder is left alone for a new one."""
    run = var / "run"
    run.mkdir(mode=0o700, parents=True, exist_ok=True)
    run.chmod(0o700)
    folder = socket_folder(var)
    if (folder == run and not _fits(run)) or not _private(folder):
        folder = Path(tempfile.mkdtemp(prefix="assay-"))
        (run / "elsewhere").write_text(str(folder), encoding="utf-8")
    return folder


def address(role: str, folder: Path, database: str = DATABASE) -> str:
    """The `postgresql://` address of a role (a key of ROLES, or a role's name) over the socket."""
    return f"postgresql://{ROLES.get(role, role)}@/{quote(database)}?host={quote(str(folder))}"
