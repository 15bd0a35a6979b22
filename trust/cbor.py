"""The part of CBOR (RFC 8949) that authenticators write: CTAP2's canonical form, nothing else."""

from trust.errors import Malformed

_DEEPEST = 8
_SIMPLE = {20: False, 21: True, 22: None}


def parse_cbor(data: bytes) -> object:
    """One value: int, bytes, str, list, dict, bool or None. Raises Malformed.

    Refused are bytes after the value, lengths that are not the shortest, indefinite lengths, map
    keys out of order or twice, tags, floats, and nesting deeper than eight.
    """
    reader = _CborReader(data)
    value = reader.value(_DEEPEST)
    if reader.at != len(data):
        raise Malformed("CBOR is followed by other bytes")
    return value


class _CborReader:
    """Reads from the start of some bytes; `at` is how far it is."""

    def __init__(self, data: bytes) -> None:
        self._data = data
        self.at = 0

    def value(self, deepest: int) -> object:
        """The next value, with at most so many levels below it."""
        if deepest < 0:
            raise Malformed("CBOR is nested too deeply")
        kind, info = divmod(self._take(1)[0], 32)
        if kind == 7:
            if info not in _SIMPLE:
                raise Malformed("CBOR holds a value of a kind that is not read here")
            return _SIMPLE[info]
        number = self._number(info)
        if kind == 0:
            return number
        if kind == 1:
            return -1 - number
        if kind == 2:
            return self._take(number)
        if kind == 3:
            return self._text(number)
        if kind == 4:
            return [self.value(deepest - 1) for _ in range(self._fits(number))]
        if kind == 5:
            return self._map(self._fits(number), deepest)
        raise Malformed("CBOR holds a tag")

    def _take(self, count: int) -> bytes:
        taken = self._data[self.at : self.at + count]
        if len(taken) != count:
            raise Malformed("CBOR ends too early")
        self.at += count
        return taken

    def _fits(self, count: int) -> int:
        """A number of entries, each of which takes one byte at least."""
        if count > len(self._data) - self.at:
            raise Malformed("CBOR ends too early")
        return count

    def _number(self, info: int) -> int:
        if info < 24:
            return info
        if info > 27:
            raise Malformed("CBOR holds an indefinite length")
        size: int = 2 ** (info - 24)
        number = int.from_bytes(self._take(size), "big")
        if number < (24 if size == 1 else 256 ** (size // 2)):
            raise Malformed("CBOR holds a number that is not in its shortest form")
        return number

    def _text(self, length: int) -> str:
        try:
            return self._take(length).decode("utf-8")
        except UnicodeDecodeError:
            raise Malformed("CBOR holds a text that is not UTF-8") from None

    def _map(self, count: int, deepest: int) -> dict[object, object]:
        found: dict[object, object] = {}
        last: tuple[int, int, bytes] | None = None
        for _ in range(count):
            start = self.at
            key = self.value(deepest - 1)
            raw = self._data[start : self.at]
            # By major type, then length, then bytes: CTAP2's order, not that of RFC 8949.
            order = (raw[0] // 32, len(raw), raw)
            if isinstance(key, bool) or not isinstance(key, int | str | bytes):
                raise Malformed("CBOR holds a map key that is neither number, text nor bytes")
            if last is not None and order <= last:
                raise Malformed("CBOR holds map keys out of order, or one twice")
            last = order
            found[key] = self.value(deepest - 1)
        return found
