"""verify.py is what the generator makes of trust/, and needs next to nothing."""

import ast
import subprocess
import sys
from pathlib import Path

import cryptography
import pytest

from tests.trust.bundle_factory import BundleStory
from tests.trust.verifier import VERIFIER, load_module

build_verifier = load_module("build_verifier", VERIFIER.parent / "scripts" / "build_verifier.py")
# What cryptography itself needs on some platforms.
COMPANIONS = ("_cffi_backend*", "cffi", "pycparser")


class TestTheVerifier:
    def test_is_what_the_generator_makes(self) -> None:
        assert VERIFIER.read_text(encoding="utf-8") == build_verifier.build()

    def test_imports_only_the_standard_library_and_cryptography(self) -> None:
        tree = ast.parse(VERIFIER.read_text(encoding="utf-8"))
        imported = set[str]()
        for node in ast.walk(tree):
            if isinstance(node, ast.Import):
                imported |= {alias.name.split(".")[0] for alias in node.names}
            elif isinstance(node, ast.ImportFrom):
                imported.add((node.module or "").split(".")[0])

        assert imported - set(sys.stdlib_module_names) == {"cryptography"}

    def test_runs_in_an_environment_that_has_only_cryptography(self, tmp_path: Path) -> None:
        story = BundleStory()
        (tmp_path / "keys").write_text(story.keys.text(), encoding="utf-8")
        (tmp_path / "checkpoint").write_bytes(story.checkpoint(4))
        (tmp_path / "bundle.zip").write_bytes(story.build())
        packages, site = tmp_path / "packages", Path(cryptography.__file__).parents[1]
        packages.mkdir()
        for pattern in ("cryptography", *COMPANIONS):
            for found in site.glob(pattern):
                (packages / found.name).symlink_to(found)
        code = (
            f"import runpy, sys; sys.path.append({str(packages)!r});"
            "sys.argv = 'verify.py bundle.zip --key keys --checkpoint checkpoint'.split();"
            f"runpy.run_path({str(VERIFIER)!r}, run_name='__main__')"
        )

        done = subprocess.run(
            [sys.executable, "-I", "-S", "-c", code],
            cwd=tmp_path,
            env={},
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )

        assert (done.returncode, done.stdout[:5]) == (0, "SOUND"), done.stderr

    def test_can_be_run_as_a_command(self) -> None:
        assert VERIFIER.stat().st_mode & 0o111


class TestTheGenerator:
    def test_refuses_modules_that_define_the_same_name(
        self, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        sources = {"trust.a": "_X = 1\n", "trust.b": "def _X() -> None: ...\n"}
        monkeypatch.setattr(build_verifier, "source_of", sources.__getitem__)

        with pytest.raises(build_verifier.CannotBuild, match="both define _X"):
            build_verifier.check_names(sources)

    @pytest.mark.parametrize(
        "line", ["import rfc8785", "from rfc8785 import dumps", "import json as j"]
    )
    def test_refuses_imports_that_the_verifier_may_not_have(
        self, line: str, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(build_verifier, "source_of", lambda module: line + "\n")

        with pytest.raises(build_verifier.CannotBuild):
            build_verifier.outside_imports(["trust.a"])

    def test_says_when_the_file_is_not_up_to_date(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(build_verifier, "TARGET", tmp_path / "verify.py")
        monkeypatch.setattr(sys, "argv", ["build_verifier.py"])
        assert build_verifier.main() == 0

        monkeypatch.setattr(sys, "argv", ["build_verifier.py", "--check"])
        assert build_verifier.main() == 0
        (tmp_path / "verify.py").write_text("old", encoding="utf-8")
        assert build_verifier.main() == 1
