"""One redaction process as the node sees it: orders out, events back, an exit at the end."""

import asyncio
import socket
import sys
from collections.abc import AsyncIterator, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Final

import anyio
import msgspec

from handfast.media.feed import Event, Gauges
from handfast.media.worker_link import Frames, frame
from handfast.node.redaction.orders import Order

_PROGRAM: Final = "handfast.node.redaction.process"  # not imported: it loads the models
_READ: Final = 1 << 18
_EXIT_S: Final = 5.0


def redaction_command(periods: Path, key_file: Path) -> tuple[str, ...]:
    """Return the command line, to which `Child.start` appends the descriptor.

    Args:
        periods: Database of `SqlitePeriods`.
        key_file: Its wrapping key; both must exist.
    """
    return (sys.executable, "-m", _PROGRAM, str(periods), str(key_file))


class Child:
    """A running process. Event loop only.

    Attributes:
        has_begun: It has told of its work, as far as `events` was read: it is loaded.
    """

    def __init__(
        self,
        process: asyncio.subprocess.Process,
        reader: asyncio.StreamReader,
        writer: asyncio.StreamWriter,
    ) -> None:
        """Take a process and its connection; `start` makes both."""
        self.has_begun = False
        self._process = process
        self._reader = reader
        self._writer = writer
        self._decode = msgspec.msgpack.Decoder(Event).decode

    @classmethod
    async def start(cls, command: Sequence[str]) -> "Child":
        """Start the program; the number of the descriptor that connects it is appended."""
        ours, theirs = socket.socketpair()
        with theirs:
            process = await asyncio.create_subprocess_exec(
                *command,
                str(theirs.fileno()),
                pass_fds=(theirs.fileno(),),
                stdin=asyncio.subprocess.DEVNULL,
            )
        reader, writer = await asyncio.open_connection(sock=ours)
        return cls(process, reader, writer)

    @property
    def is_running(self) -> bool:
        """Whether it has not exited, as far as is known."""
        return self._process.returncode is None

    @property
    def waiting(self) -> int:
        """Bytes that it has not taken yet."""
        return self._writer.transport.get_write_buffer_size()

    def tell(self, order: Order) -> None:
        """Send an order; one that has gone takes none."""
        if not self._writer.is_closing():
            self._writer.write(frame(msgspec.msgpack.encode(order)))

    async def events(self) -> AsyncIterator[Event]:
        """Yield what it tells until it hangs up."""
        frames = Frames()
        with suppress(ConnectionError):
            while data := await self._reader.read(_READ):
                for message in frames.feed(data):
                    event = self._decode(message)
                    self.has_begun |= not isinstance(event, Gauges)  # they come before it
                    yield event

    async def end(self, *, patience_s: float = _EXIT_S) -> int:
        """Hang up, wait until it has exited, return its status; a stubborn one is killed."""
        self._writer.close()
        with anyio.CancelScope(shield=True):
            with anyio.move_on_after(patience_s):
                await self._process.wait()
            if self._process.returncode is None:
                self._process.kill()
            await self._process.wait()
        return self._process.returncode or 0
