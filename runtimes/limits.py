"""How much a model file may ask for. The limits used are evidence, so they travel as JSON."""

from dataclasses import asdict, dataclass, fields
from typing import Any, Self

from common.errors import Invalid
from runtimes.fields import read_object

GIB = 1024**3


@dataclass(frozen=True)
class Limits:
    """Limits of the static check (the file) and of the sandbox (the process).

    max_bytes: of the file. max_nodes: with local functions expanded. max_depth: of subgraphs and
    of functions in functions. max_elements: of one tensor, as far as it is known before a run.
    memory_bytes: address space beyond the runtime and beyond the copies of the file that opening
    it takes. cpu_seconds, wall_seconds: from the moment the file is handed over.
    """

    max_bytes: int = 1 * GIB
    max_nodes: int = 50_000
    max_depth: int = 8
    max_initialisers: int = 20_000
    max_elements: int = 2**28
    allow_control_flow: bool = False
    memory_bytes: int = 2 * GIB
    cpu_seconds: int = 60
    wall_seconds: int = 120

    def as_dict(self) -> dict[str, Any]:
        """The JSON form."""
        return asdict(self)

    @classmethod
    def parse(cls, obj: object) -> Self:
        """Read the JSON form. Raises Invalid."""
        values = read_object(obj, "", [field.name for field in fields(cls)])
        for field in fields(cls):
            wanted = bool if field.name == "allow_control_flow" else int
            value = values[field.name]
            if type(value) is not wanted or value < 0:
                raise Invalid("Expected a whole number, at least 0.", field=field.name)
        return cls(**values)
