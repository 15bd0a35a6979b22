"""What a bundle's verification found, and the exit code that follows from it."""

from dataclasses import dataclass, field

SOUND, TAMPERED, MALFORMED, UNANCHORED = 0, 1, 2, 3
VERDICT_WORDS = {
    SOUND: "sound",
    TAMPERED: "tampered",
    MALFORMED: "malformed",
    UNANCHORED: "consistent in itself only",
}
_MAX_FINDINGS = 200


@dataclass(frozen=True, slots=True)
class Finding:
    """One contradiction, and the member in which it shows."""

    member: str
    problem: str


@dataclass(slots=True)
class BundleReport:
    """Grows while a bundle is verified. `missing` names what the user did not give."""

    findings: list[Finding] = field(default_factory=list)
    findings_left_out: int = 0
    counts: dict[str, int] = field(default_factory=dict)
    noted: dict[str, None] = field(default_factory=dict)
    """The notes in order, each once."""
    missing: list[str] = field(default_factory=list)
    origin: str = ""
    tree_size: int = 0
    malformed: str = ""

    def find(self, member: str, problem: str) -> None:
        """Record a contradiction; beyond 200 they are only counted."""
        if len(self.findings) < _MAX_FINDINGS:
            self.findings.append(Finding(member, problem))
        else:
            self.findings_left_out += 1

    def count(self, what: str, number: int = 1) -> None:
        """Add to the number of `what` that was checked."""
        self.counts[what] = self.counts.get(what, 0) + number

    def note(self, sentence: str) -> None:
        """Something a reader should know that contradicts nothing."""
        self.noted.setdefault(sentence)

    @property
    def notes(self) -> list[str]:
        """What was noted."""
        return list(self.noted)

    @property
    def exit_code(self) -> int:
        """2 malformed, 1 tampered, 3 nothing of the user's to compare with, 0 sound."""
        if self.malformed:
            return MALFORMED
        if self.findings:
            return TAMPERED
        return UNANCHORED if self.missing else SOUND

    def as_json(self) -> dict[str, object]:
        """The report for machines."""
        return {
            "verdict": VERDICT_WORDS[self.exit_code],
            "exit_code": self.exit_code,
            "origin": self.origin,
            "tree_size": self.tree_size,
            "malformed": self.malformed,
            "findings": [{"member": f.member, "problem": f.problem} for f in self.findings],
            "findings_left_out": self.findings_left_out,
            "counts": self.counts,
            "notes": self.notes,
            "missing": self.missing,
        }

    def as_text(self) -> str:
        """The report for people, in printable ASCII: nothing that could steer a terminal."""
        lines = [f"{VERDICT_WORDS[self.exit_code].upper()} (exit code {self.exit_code})"]
        if self.malformed:
            lines.append(f"  {self.malformed}")
        if self.origin:
            lines.append(f"Log {self.origin}, {self.tree_size} events")
        lines += [f"  checked {what}: {number}" for what, number in self.counts.items()]
        lines += [f"  FINDING {f.member}: {f.problem}" for f in self.findings]
        if self.findings_left_out:
            lines.append(f"  and {self.findings_left_out} more findings")
        lines += [f"  note: {note}" for note in self.notes]
        lines += [f"  not given: {what}" for what in self.missing]
        return "\n".join(_printable(line) for line in lines) + "\n"


def _printable(line: str) -> str:
    return "".join(char if char.isascii() and char.isprintable() else "?" for char in line)
