"""What a check has to say about a model file, in sentences that tell what to do."""

from collections.abc import Iterable
from dataclasses import asdict, dataclass
from typing import Any, Literal

Severity = Literal["refusal", "note"]


@dataclass(frozen=True)
class Finding:
    """`refusal`: the file cannot be served. `note`: it can, but a reviewer should know."""

    code: str
    message: str
    severity: Severity = "refusal"

    def as_dict(self) -> dict[str, Any]:
        """The JSON form."""
        return asdict(self)


def refuses(findings: Iterable[Finding]) -> bool:
    """Whether any of the findings keeps the file from being served."""
    return any(finding.severity == "refusal" for finding in findings)


def refusal_text(findings: Iterable[Finding]) -> str:
    """What a person is told who sent a file that cannot be served."""
    return " ".join(finding.message for finding in findings if finding.severity == "refusal")
