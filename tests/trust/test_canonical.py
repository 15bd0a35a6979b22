"""Documents have one byte form, and bytes from outside have one meaning or none."""

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from trust.canonical import canonical, parse_strict
from trust.errors import Malformed

values = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**53) + 1, 2**53 - 1)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(st.characters(exclude_categories=["Cs"])),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=4), inner),
    max_leaves=10,
).filter(lambda value: _encodes(value))


def _encodes(value: object) -> bool:
    try:
        json.dumps(value, ensure_ascii=False).encode()
    except UnicodeEncodeError:
        return False
    return True


class TestCanonical:
    def test_gives_the_form_of_rfc_8785(self) -> None:
        document = {"€": "Euro", "\r": "CR", "1": "one", "num": [333333333.33333329, 1e30, 4.5]}

        written = canonical(document)

        assert written == (
            '{"\\r":"CR","1":"one","num":[333333333.3333333,1e+30,4.5],"€":"Euro"}'.encode()
        )

    # A busy machine is no defect.
    @settings(deadline=None)
    @given(values)
    def test_survives_reading_and_writing_again(self, value: object) -> None:
        written = canonical(value)

        assert canonical(parse_strict(written)) == written

    @pytest.mark.parametrize("value", [float("nan"), float("inf"), 2**53, {1: 2}, {"a", "b"}])
    def test_refuses_what_has_no_form(self, value: object) -> None:
        with pytest.raises(Malformed):
            canonical(value)


class TestParseStrict:
    @pytest.mark.parametrize(
        ("data", "reason"),
        [
            (b'{"a":1,"a":2}', "twice"),
            (b'{"a":{"b":1,"b":1}}', "twice"),
            (b'{"a":1,"\\u0061":2}', "twice"),
            (b"NaN", "NaN"),
            (b"[-Infinity]", "Infinity"),
            (b"1e999", "out of range"),
            (b"9007199254740993", "out of range"),
            (b"1000000000000000000000", "out of range"),
            (b"1" * 5000, "not JSON"),
            (b'"\\ud800"', "surrogate"),
            (b'{"\\uDFFF":1}', "surrogate"),
            (b'"\xff"', "not JSON"),
            (b"\xef\xbb\xbf{}", "not JSON"),
            (b"[" * 100_000, "deep"),
            (b'{"a":' * 100_000, "deep"),
            (b"{}{}", "not JSON"),
            (b"", "not JSON"),
            (b"{'a':1}", "not JSON"),
            (b"[1,]", "not JSON"),
            (b'"\n"', "not JSON"),
        ],
    )
    def test_refuses(self, data: bytes, reason: str) -> None:
        with pytest.raises(Malformed, match=reason):
            parse_strict(data)

    def test_refuses_more_bytes_than_allowed(self) -> None:
        assert parse_strict(b'"12"', max_bytes=4) == "12"
        with pytest.raises(Malformed, match="larger than 3"):
            parse_strict(b'"12"', max_bytes=3)

    def test_reads_large_doubles_back_from_their_digits(self) -> None:
        assert parse_strict(canonical(1e18)) == 1e18

    def test_reads_surrogate_pairs_as_the_character_they_spell(self) -> None:
        assert parse_strict(b'"\\ud83d\\ude00"') == "\U0001f600"
