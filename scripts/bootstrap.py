"""Makes the virtual environment .venv from the pinned requirements, step by step, once.

Standard library only: it runs before anything is installed. Started by scripts/bootstrap.
"""

import fcntl
import hashlib
import os
import subprocess
import sys
import tempfile
import time
from contextlib import ExitStack
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
VENV = ROOT / ".venv"
PYTHON = VENV / "bin" / "python"
# The large ones, which the program imports and so compiles.
IMPORTED = {
    "first imports of torch": ("torch", "onnxscript", "torch_pruning"),
    "and of the rest": (
        *("onnxruntime", "shap", "sklearn.ensemble", "pyarrow.parquet"),
        *("django.contrib.admin", "rest_framework", "celery", "psycopg"),
    ),
}


def say(text: str) -> None:
    """A line for the terminal, at once."""
    print(text, flush=True)


def run(name: str, command: list[str]) -> None:
    """Runs one step, prints how long it took; on failure prints its output and ends with 1."""
    begun = time.monotonic()
    say(f"  {name} …")
    # A person sees the progress of the tool itself; a log gets its words only when it failed.
    quiet = not sys.stdout.isatty()
    done = subprocess.run(command, cwd=ROOT, capture_output=quiet, text=True, check=False)
    if done.returncode != 0:
        if quiet:
            say(done.stdout[-4000:] + done.stderr[-4000:])
        say(f"This step failed: {name}")
        sys.exit(1)
    say(f"  {name:<44}{time.monotonic() - begun:6.1f} s")


def digest(files: list[Path]) -> str:
    """What the environment is made from: the interpreter and the pins."""
    found = hashlib.sha256(sys.version.encode())
    for file in files:
        found.update(file.read_bytes())
    return found.hexdigest()


def reads(stamp: Path) -> str:
    """What a stamp says; nothing if it is missing."""
    return stamp.read_text(encoding="utf-8") if stamp.exists() else ""


def usable(python: Path) -> bool:
    """Whether the environment's interpreter runs and has pip, also after the folder was moved."""
    if not python.exists():
        return False
    command = [str(python), "-c", "import pip, sys; print(sys.prefix)"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    return done.returncode == 0 and Path(done.stdout.strip()).resolve() == VENV.resolve()


def make_environment() -> None:
    """The empty virtual environment, unless a usable one is there."""
    if usable(PYTHON):
        return
    try:
        import ensurepip  # noqa: F401, PLC0415 - some systems ship Python without it
    except ImportError:
        say("This Python has no venv; install it (Debian and Ubuntu: apt install python3-venv).")
        sys.exit(2)
    run("virtual environment", [sys.executable, "-m", "venv", "--clear", str(VENV)])


def pins(file: Path) -> list[str]:
    """The requirements of a file, without those that it takes from another."""
    lines = (line.partition(" #")[0].strip() for line in file.read_text("utf-8").splitlines())
    return [line for line in lines if line and line[0] not in "#-"]


def side_by_side(steps: dict[str, list[str]]) -> None:
    """Runs steps at the same time; as `run` does, once all have ended."""
    begun = time.monotonic()
    say(f"  {', '.join(steps)} …")
    with ExitStack() as files:
        running = {}
        for name, command in steps.items():
            # Each into a file of its own, since a pipe that nobody reads fills up.
            words = files.enter_context(tempfile.TemporaryFile("w+", encoding="utf-8"))
            running[name] = (subprocess.Popen(command, cwd=ROOT, stdout=words, stderr=words), words)
        for name, (process, words) in running.items():
            failed = process.wait() != 0
            say(f"  {name:<44}{time.monotonic() - begun:6.1f} s")
            if failed:
                words.seek(0)
                say(words.read()[-4000:])
                say(f"This step failed: {name}")
                sys.exit(1)


def fill(pip: list[str], files: list[Path]) -> None:
    """Unpacks everything that is pinned, the slow parts at the same time, then resolves.

    torch goes by itself, since it is the longest download. Where the pins agree they are all; the
    resolver finds what another platform needs besides. Nothing is compiled but what is imported:
    pip would compile six times as much.
    """
    unpack = [*pip, "--no-deps", "--no-compile"]
    torch = [pin for pin in pins(files[0]) if pin.startswith("torch==")]
    steps = {f"{torch[0]} (the largest part)": [*unpack, *torch]}
    for file in files:
        steps[f"packages of {file.name}"] = [*unpack, *(set(pins(file)) - set(torch))]
    side_by_side(steps)
    agree = [str(PYTHON), "-m", "pip", "check"]
    if subprocess.run(agree, cwd=ROOT, capture_output=True, check=False).returncode != 0:
        run("what else they need", [*pip, "--no-compile", "-r", str(files[-1])])
    run("packages agree", agree)
    side_by_side({n: [str(PYTHON), "-c", f"import {', '.join(m)}"] for n, m in IMPORTED.items()})


def install(*, dev: bool) -> None:
    """Installs what the stamp of the last time does not vouch for."""
    files = [ROOT / "requirements.txt"] + ([ROOT / "requirements-dev.txt"] if dev else [])
    stamps = {VENV / ".stamp": digest(files[:1])}
    if dev:
        stamps[VENV / ".stamp-dev"] = digest(files)
    if usable(PYTHON) and all(reads(stamp) == wanted for stamp, wanted in stamps.items()):
        return
    say(f"Preparing {VENV}")
    make_environment()
    fill([str(PYTHON), "-m", "pip", "install", "--disable-pip-version-check", "--no-input"], files)
    for stamp, wanted in stamps.items():
        stamp.write_text(wanted, encoding="utf-8")


def main(arguments: list[str]) -> None:
    """Takes --dev; two at a time wait for each other."""
    if set(arguments) - {"--dev"}:
        say("usage: scripts/bootstrap [--dev]")
        sys.exit(2)
    # Some systems forbid Python to keep what it compiled; each process would compile it again.
    os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
    folder = os.open(ROOT, os.O_RDONLY)
    fcntl.flock(folder, fcntl.LOCK_EX)
    install(dev="--dev" in arguments)


if __name__ == "__main__":
    main(sys.argv[1:])
