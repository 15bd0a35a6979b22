"""Refresh static/vendor: copies pinned front-end files and writes VENDOR.md beside them.

Needs an npm client for the fonts and uPlot; htmx comes out of the installed django-htmx package.
"""

import hashlib
import importlib.metadata
import shutil
import subprocess
import tarfile
import tempfile
from importlib.resources import files
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).resolve().parent.parent
TARGET = ROOT / "static" / "vendor"


class Package(NamedTuple):
    """One npm package: what is taken out of its archive, under which names, by which licence."""

    name: str
    version: str
    licence: str
    files: dict[str, str]


PACKAGES = [
    Package(
        "@fontsource-variable/inter",
        "5.3.0",
        "OFL-1.1",
        {
            "files/inter-latin-wght-normal.woff2": "inter-latin-wght-normal.woff2",
            "LICENSE": "inter.LICENSE.txt",
        },
    ),
    Package(
        "@fontsource-variable/jetbrains-mono",
        "5.3.0",
        "OFL-1.1",
        {
            "files/jetbrains-mono-latin-wght-normal.woff2": (
                "jetbrains-mono-latin-wght-normal.woff2"
            ),
            "LICENSE": "jetbrains-mono.LICENSE.txt",
        },
    ),
    Package(
        "uplot",
        "1.6.32",
        "MIT",
        {
            "dist/uPlot.iife.min.js": "uPlot.iife.min.js",
            "dist/uPlot.min.css": "uPlot.min.css",
            "LICENSE": "uPlot.LICENSE.txt",
        },
    ),
]


def unpack(package: Package, folder: Path) -> list[tuple[str, str, str, str]]:
    """Pack one npm package and copy its files; gives rows of VENDOR.md."""
    packed = subprocess.run(
        ["npm", "pack", "--silent", f"{package.name}@{package.version}"],
        cwd=folder,
        check=True,
        capture_output=True,
        text=True,
    )
    with tarfile.open(folder / packed.stdout.strip()) as archive:
        for inside, outside in package.files.items():
            source = archive.extractfile(f"package/{inside}")
            if source is None:
                raise FileNotFoundError(inside)
            (TARGET / outside).write_bytes(source.read())
    label = f"{package.name} {package.version}"
    return [
        (file, label, package.licence, digest(TARGET / file)) for file in package.files.values()
    ]


def copy_htmx() -> tuple[str, str, str, str]:
    """Copy htmx 2 out of the installed django-htmx package."""
    source = files("django_htmx") / "static" / "django_htmx" / "htmx-2.min.js"
    target = TARGET / "htmx.min.js"
    target.write_bytes(source.read_bytes())
    label = f"htmx 2, from django-htmx {importlib.metadata.version('django-htmx')}"
    return (target.name, label, "0BSD", digest(target))


def digest(file: Path) -> str:
    """SHA-256 of a file in hex."""
    return hashlib.sha256(file.read_bytes()).hexdigest()


def main() -> None:
    """Empty static/vendor and fill it again."""
    shutil.rmtree(TARGET, ignore_errors=True)
    TARGET.mkdir(parents=True)
    rows = [copy_htmx()]
    with tempfile.TemporaryDirectory() as folder:
        for package in PACKAGES:
            rows += unpack(package, Path(folder))
    lines = [
        "# Vendored front-end files",
        "",
        "Unchanged copies; `python scripts/vendor_static.py` refreshes them and this list.",
        "",
        "| File | Package | Licence | SHA-256 |",
        "|---|---|---|---|",
        *(f"| `{file}` | {label} | {licence} | `{sha}` |" for file, label, licence, sha in rows),
    ]
    (TARGET / "VENDOR.md").write_text("\n".join(lines) + "\n", encoding="utf-8")
    print("\n".join(lines))


if __name__ == "__main__":
    main()
