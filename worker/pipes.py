"""Pipes from a job's process to its slot, read line by line and never waited for."""

import os
from collections.abc import Callable

LONGEST_LINE = 64 * 1024
_CHUNK = 64 * 1024


class Pipe:
    """The reading end of a pipe whose lines go to `sink`; the child writes into `writer`."""

    def __init__(self, sink: Callable[[bytes], None]) -> None:
        self.reader, self.writer = os.pipe()
        os.set_blocking(self.reader, False)
        self._sink = sink
        self._rest = b""

    def drain(self) -> bool:
        """Take what is there, at most one chunk; False when nothing will ever come again."""
        data = os.read(self.reader, _CHUNK)
        *lines, self._rest = (self._rest + data).split(b"\n")
        if self._rest and (not data or len(self._rest) > LONGEST_LINE):
            lines.append(self._rest[:LONGEST_LINE])
            self._rest = b""
        for line in lines:
            self._sink(line)
        return bool(data)

    def drain_rest(self) -> None:
        """Take what a process left behind when it ended."""
        try:
            while self.drain():
                pass
        except BlockingIOError:
            return

    def close_writer(self) -> None:
        """Close this side's copy of the writing end, so that the child's death is the end."""
        os.close(self.writer)

    def close(self) -> None:
        """Close the reading end."""
        os.close(self.reader)
