"""One event can be proved with one text file (c2sp.org/tlog-proof@v1)."""

from dataclasses import replace

import pytest

from trust.errors import Malformed, TrustError, Untrusted
from trust.key_files import generate_key
from trust.keys import TrustedKeys
from trust.merkle import leaf_hash, root_of
from trust.merkle_proofs import inclusion_proof, nodes_of
from trust.notes import Checkpoint, sign_checkpoint
from trust.proofs import LogProof, format_proof, parse_proof, verify_proof

KEY = generate_key("log.example")
KEYS = TrustedKeys([KEY.verifier])
LEAVES = [leaf_hash(b"event %d" % index) for index in range(11)]
HEAD = Checkpoint("log.example", 11, root_of(LEAVES))


def proof_of(index: int) -> LogProof:
    path = inclusion_proof(nodes_of(LEAVES), index, 11)
    return LogProof(index, tuple(path), sign_checkpoint(HEAD, [KEY]))


class TestProof:
    @pytest.mark.parametrize("index", range(11))
    def test_leads_from_every_event_to_the_checkpoint(self, index: int) -> None:
        proof = parse_proof(format_proof(proof_of(index)))

        assert proof == proof_of(index)
        assert verify_proof(proof, LEAVES[index], KEYS) == HEAD

    def test_is_the_text_of_the_specification(self) -> None:
        lines = format_proof(replace(proof_of(3), extra=b"hi")).decode().split("\n")

        assert lines[:3] == ["c2sp.org/tlog-proof@v1", "extra aGk=", "index 3"]
        assert lines[3 + 4] == ""
        assert lines[8:10] == ["log.example", "11"]

    def test_keeps_extra_data(self) -> None:
        proof = replace(proof_of(3), extra=b"anything")

        assert parse_proof(format_proof(proof)) == proof

    def test_of_the_only_event_has_no_path(self) -> None:
        head = Checkpoint("log.example", 1, LEAVES[0])
        proof = LogProof(0, (), sign_checkpoint(head, [KEY]))

        assert verify_proof(parse_proof(format_proof(proof)), LEAVES[0], KEYS) == head

    def test_is_refused_for_another_event_place_or_key(self) -> None:
        proof = proof_of(3)

        with pytest.raises(Untrusted):
            verify_proof(proof, LEAVES[4], KEYS)
        with pytest.raises(Untrusted):
            verify_proof(replace(proof, index=4), LEAVES[3], KEYS)
        with pytest.raises(Untrusted):
            verify_proof(proof, LEAVES[3], TrustedKeys([generate_key("log.example").verifier]))

    @pytest.mark.parametrize(
        ("old", "new"),
        [
            (b"@v1", b"@v2"),
            (b"index 3", b"index 03"),
            (b"index 3", b"index -3"),
            (b"index 3", b"index  3"),
            (b"index 3\n", b""),
            (b"index 3\n", b"index 3\nAAAA\n"),
            (b"index 3\n", b"extra !\nindex 3\n"),
            (b"index 3\n", b"\xff\nindex 3\n"),
            (b"index 3\n", b"index 3\n" + b"A" * 43 + b"=\n" * 1),
            (b"\n\n", b"\n"),
        ],
    )
    def test_is_refused_in_any_other_form(self, old: bytes, new: bytes) -> None:
        data = format_proof(proof_of(3)).replace(old, new)

        with pytest.raises(TrustError):
            verify_proof(parse_proof(data), LEAVES[3], KEYS)

    def test_is_refused_if_larger_than_any_proof(self) -> None:
        with pytest.raises(Malformed):
            parse_proof(b"x" * 2_000_001)
        with pytest.raises(Malformed):
            parse_proof(format_proof(replace(proof_of(3), path=(LEAVES[0],) * 64)))
