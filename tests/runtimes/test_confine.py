"""Code that takes over the child can compute and answer, and nothing else."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from runtimes.confine import level

ROOT = Path(__file__).resolve().parents[2]
EPERM = 1


def escape(mode: str) -> dict[str, Any]:
    script = Path(__file__).with_name("escape.py")
    done = subprocess.run(
        [sys.executable, "-I", "-B", script, ROOT, mode],
        capture_output=True,
        check=True,
        timeout=60,
    )
    report: dict[str, Any] = json.loads(done.stdout)
    return report


@pytest.mark.skipif(sys.platform != "linux", reason="the filter is Linux's")
def test_every_way_out_is_refused() -> None:
    report = escape("confined")
    ways = report["attempts"]
    assert len(ways) > 20
    assert {name: what for name, what in ways.items() if what != EPERM} == {}
    assert "seccomp" in report["measures"]


def test_the_same_attempts_succeed_without_the_confinement() -> None:
    ways = escape("free")["attempts"]
    for way in ("socket", "read a file", "write a file", "fork", "thread", "signal another",
                "executable memory", "file in memory", "trace", "namespaces"):  # fmt: skip
        assert ways[way] == "done", way
    assert ways["execute"] != EPERM


def test_this_machine_reaches_the_level_that_it_reports() -> None:
    report = escape("confined")
    assert report["level"] == level(report["measures"])
    assert {"limit-cpu", "limit-memory", "limit-file-size", "no-new-files"} <= set(
        report["measures"]
    )


@pytest.mark.parametrize(
    ("measures", "reached"),
    [
        (["seccomp", "network-namespace"], "full"),
        (["seccomp", "limit-cpu"], "no-namespaces"),
        (["network-namespace", "limit-cpu"], "rlimits-only"),
        ([], "rlimits-only"),
    ],
)
def test_the_level_names_what_holds(measures: list[str], reached: str) -> None:
    assert level(measures) == reached


WITHOUT_NAMESPACES = """
import ctypes, json, os, sys
sys.path.insert(0, sys.argv[1])
libc = ctypes.CDLL(None)
user, group = os.getuid(), os.getgid()
if libc.unshare(0x10000000) == 0:
    open("/proc/self/setgroups", "w").write("deny")
    open("/proc/self/uid_map", "w").write(f"{user} {user} 1")
    open("/proc/self/gid_map", "w").write(f"{group} {group} 1")
    open("/proc/sys/user/max_net_namespaces", "w").write("0")
from runtimes.sandbox import admit
admission = admit(sys.stdin.buffer.read())
print(json.dumps(admission.as_dict()))
"""


def test_a_kernel_that_gives_no_namespaces_lowers_the_level_and_refuses_nothing(
    sound_model: bytes,
) -> None:
    done = subprocess.run(
        [sys.executable, "-I", "-B", "-c", WITHOUT_NAMESPACES, ROOT],
        input=sound_model, capture_output=True, check=True, env={"LANG": "C.UTF-8"},
    )  # fmt: skip
    admission = json.loads(done.stdout)
    assert admission["ok"]
    assert admission["level"] == "no-namespaces"
    assert "network-namespace" not in admission["measures"]


AS_ORDINARY_USER = """
import ctypes, json, sys
sys.path.insert(0, sys.argv[1])
libc = ctypes.CDLL(None)
# As root: give every right of root away for good, also over a new program.
assert libc.prctl(38, 1, 0, 0, 0) == 0
assert libc.capset((ctypes.c_uint32 * 2)(0x20080522, 0), (ctypes.c_uint32 * 6)()) == 0
from runtimes.sandbox import admit
print(json.dumps(admit(sys.stdin.buffer.read()).as_dict()))
"""


def test_an_ordinary_user_needs_no_rights_to_check_a_model(sound_model: bytes) -> None:
    done = subprocess.run(
        [sys.executable, "-I", "-B", "-c", AS_ORDINARY_USER, ROOT],
        input=sound_model, capture_output=True, check=True, env={"LANG": "C.UTF-8"},
    )  # fmt: skip
    admission = json.loads(done.stdout)
    assert admission["ok"]
    assert "seccomp" in admission["measures"]
    # Without root's rights a network of one's own takes a user namespace, or is not to be had.
    named = {"network-namespace", "user-namespace"} & set(admission["measures"])
    assert named in ({"network-namespace", "user-namespace"}, set())
