"""The filter's instructions, run step by step, for both machines: one of them is not at hand."""

from struct import pack, unpack_from

import pytest

from runtimes.seccomp import MACHINES, Machine, program

ALLOW, EPERM, KILL = 0x7FFF0000, 0x00050001, 0x80000000
PID = 4242
# openat, socket, connect, clone, clone3, execve, kill, ptrace, mount, unshare, keyctl, bpf,
# perf_event_open, process_vm_readv, prctl, prlimit64, seccomp, io_uring_setup, memfd_create
REFUSED = {
    "x86_64": (257, 41, 42, 56, 435, 59, 62, 101, 165, 272, 250, 321, 298, 310, 157, 302, 317,
               425, 319, 2),
    "aarch64": (56, 198, 203, 220, 435, 221, 129, 117, 40, 97, 219, 280, 241, 270, 167, 261, 277,
                425, 279),
}  # fmt: skip


def verdict(machine: Machine, number: int, *arguments: int, audit: int | None = None) -> int:
    """Interpret the classic BPF program as the kernel does."""
    code = program(machine, PID)
    values = [*arguments, *[0] * (6 - len(arguments))]
    data = pack("<IIQ6Q", number, machine.audit if audit is None else audit, 0, *values)
    at = accumulator = 0
    while True:
        kind, if_true, if_false, operand = unpack_from("<HBBI", code, at * 8)
        at += 1
        if kind == 0x06:
            return int(operand)
        if kind == 0x20:
            (accumulator,) = unpack_from("<I", data, operand)
        else:
            holds = accumulator == operand if kind == 0x15 else bool(accumulator & operand)
            at += if_true if holds else if_false


@pytest.fixture(params=sorted(MACHINES))
def machine(request: pytest.FixtureRequest) -> Machine:
    return MACHINES[request.param]


@pytest.mark.parametrize("name", sorted(MACHINES))
def test_dangerous_calls_are_refused(name: str) -> None:
    for number in REFUSED[name]:
        assert verdict(MACHINES[name], number) == EPERM, number


def test_computing_and_answering_are_allowed(machine: Machine) -> None:
    assert {verdict(machine, number) for number in machine.allowed} == {ALLOW}


def test_memory_can_be_mapped_but_not_to_run_code(machine: Machine) -> None:
    for number in machine.mapping:
        assert verdict(machine, number, 0, 4096, 1 | 2) == ALLOW
        assert verdict(machine, number, 0, 4096, 1 | 4) == EPERM


def test_a_process_may_signal_itself_only(machine: Machine) -> None:
    assert verdict(machine, machine.tgkill, PID) == ALLOW
    assert verdict(machine, machine.tgkill, PID + 1) == EPERM


def test_calls_in_the_manner_of_another_machine_end_the_process(machine: Machine) -> None:
    assert verdict(machine, machine.allowed[0], audit=0x40000003) == KILL


def test_the_32_bit_numbers_of_x86_64_are_refused() -> None:
    assert verdict(MACHINES["x86_64"], 0x40000000) == EPERM


def test_the_program_fits_what_the_kernel_takes(machine: Machine) -> None:
    assert len(program(machine, PID)) // 8 <= 4096
