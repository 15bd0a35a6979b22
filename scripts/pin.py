"""Rewrites the second half of both requirements files: what the named packages bring with them.

Run inside the virtual environment after changing a pin: `.venv/bin/python scripts/pin.py`.
Packages that only other platforms need are left to the resolver.
"""

from importlib.metadata import PackageNotFoundError, distribution
from pathlib import Path

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).resolve().parent.parent
MARK = "# --- brought by the packages above (scripts/pin.py) ---"


def named(file: Path) -> list[Requirement]:
    """The requirements that people wrote, above the mark."""
    text = file.read_text(encoding="utf-8").split(MARK)[0]
    lines = (line.split("#")[0].strip() for line in text.splitlines())
    return [Requirement(line) for line in lines if line and not line.startswith("-")]


def closure(roots: list[Requirement]) -> dict[str, str]:
    """Name to version of everything that `roots` need on this platform, themselves included."""
    found: dict[str, str] = {}
    seen: set[tuple[str, frozenset[str]]] = set()
    queue = list(roots)
    while queue:
        wanted = queue.pop()
        key = (canonicalize_name(wanted.name), frozenset(wanted.extras))
        if key in seen:
            continue
        seen.add(key)
        try:
            package = distribution(wanted.name)
        except PackageNotFoundError:
            continue
        found[key[0]] = package.version.split("+")[0]
        for line in package.requires or []:
            need = Requirement(line)
            extras = ["", *wanted.extras]
            if need.marker is None or any(need.marker.evaluate({"extra": e}) for e in extras):
                queue.append(need)
    return found


def rewrite(file: Path, found: dict[str, str], without: set[str]) -> None:
    """Writes the part below the mark anew."""
    head = file.read_text(encoding="utf-8").split(MARK)[0].rstrip()
    lines = [f"{name}=={version}" for name, version in sorted(found.items()) if name not in without]
    file.write_text("\n".join([head, "", MARK, *lines, ""]), encoding="utf-8")


def main() -> None:
    """Both files."""
    run, dev = ROOT / "requirements.txt", ROOT / "requirements-dev.txt"
    run_found = closure(named(run))
    own = {str(canonicalize_name(need.name)) for need in named(run)}
    rewrite(run, run_found, own)
    dev_own = {str(canonicalize_name(need.name)) for need in named(dev)}
    rewrite(dev, closure(named(dev)), dev_own | set(run_found))


if __name__ == "__main__":
    main()
