"""Schemathesis on the operations of one process: first the call that must succeed, then chance."""

import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from schemathesis import GenerationMode
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    negative_data_rejection,
    response_headers_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from tests.api.call import Call
from tests.api.house import House

EXAMPLES = 2
PATIENCE_S = 60.0
# What the notary, the shipper of records or a job still have to do.
NOT_YET = {404, 409, 503}
CHECKS = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
]


@dataclass
class Fuzzer:
    """Calls the operations of one address with a token, and counts what they answered."""

    base: str
    house: House
    calls: Mapping[str, Call]
    answers: dict[str, set[int]] = field(default_factory=dict)
    failures: list[str] = field(default_factory=list)
    made_calls: int = 0

    def __post_init__(self) -> None:
        self.headers = {"Authorization": f"Bearer {self.house.token}"}
        self.schema = schemathesis.openapi.from_url(
            f"{self.base}/api/v1/schema", headers=self.headers
        )
        found: list[Any] = list(self.schema.get_all_operations())
        operations = [result.ok() for result in found]
        self.operations = {one.definition.raw["operationId"]: one for one in operations}

    def succeed(self) -> None:
        """Makes each call in the order of the table; waits for what others still have to do."""
        for name, call in self.calls.items():
            operation = self.operations[name]
            deadline = time.monotonic() + PATIENCE_S
            while True:
                case = operation.Case(**_parts(call, self.house), headers=dict(call.headers))
                response = self._judged(name, case)
                if response.status_code not in NOT_YET or time.monotonic() > deadline:
                    break
                time.sleep(0.2)
            if response.headers.get("content-type", [""])[0] == "application/json":
                self.house.made[name] = response.json()

    def try_everything(self) -> None:
        """Sends what the document allows and what it forbids, by chance but always the same."""
        for name in self.calls:
            self._try(name, GenerationMode.POSITIVE, EXAMPLES)
            self._try(name, GenerationMode.NEGATIVE, EXAMPLES)

    def _try(self, name: str, mode: GenerationMode, examples: int) -> None:
        operation = self.operations[name]
        known = self.calls[name].path(self.house)
        # An operation that takes nothing has nothing that could be wrong.
        strategy = operation.as_strategy(generation_mode=mode)
        if mode is GenerationMode.NEGATIVE and not (operation.body or _inputs(operation)):
            return

        @settings(
            max_examples=examples,
            derandomize=True,
            database=None,
            deadline=None,
            phases=[Phase.generate],
            suppress_health_check=list(HealthCheck),
        )
        @given(case=strategy, at_home=st.booleans())
        def attempt(case: Any, at_home: bool) -> None:
            # Neither a known path nor our own token is what was spoilt: such a call may succeed.
            whole = "Authorization" not in (case.headers or {})
            if at_home and known:
                case.path_parameters = {**case.path_parameters, **known}
                whole = False
            self._judged(name, case, [negative_data_rejection] if whole else [])

        attempt()

    def _judged(self, name: str, case: Any, also: Sequence[Any] = ()) -> Any:
        response = case.call(base_url=self.base, headers=self.headers, timeout=60)
        self.made_calls += 1
        self.answers.setdefault(name, set()).add(response.status_code)
        try:
            case.validate_response(response, checks=[*CHECKS, *also], headers=self.headers)
        except BaseExceptionGroup as group:
            self.failures.append(f"{name}: {'; '.join(map(str, group.exceptions))}"[:2000])
        return response

    def reached(self) -> set[str]:
        """Operations that answered with a 2xx."""
        return {name for name, codes in self.answers.items() if any(c // 100 == 2 for c in codes)}


def _inputs(operation: Any) -> Iterator[Any]:
    return iter([*operation.query, *operation.path_parameters])


def _parts(call: Call, house: House) -> dict[str, Any]:
    parts: dict[str, Any] = {"path_parameters": call.path(house), "query": dict(call.query)}
    if call.raw is not None:
        return parts | {"body": call.raw, "media_type": "application/octet-stream"}
    if call.body is not None:
        return parts | {"body": call.body(house), "media_type": "application/json"}
    return parts
