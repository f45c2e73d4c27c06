"""What node and ingest process say to each other, as length-prefixed MessagePack.

A message is its length (u32, big-endian) and its bytes. The node sends `Configure` first and
commands after it; the ingest process sends events (`feed`). When either end closes, the other
one takes it that its peer is gone.
"""

from collections import deque
from collections.abc import Callable, Iterator
from socket import socket
from typing import Final, Generic, TypeAlias, TypeVar
from uuid import UUID

import msgspec

from handfast.media.feed import Event
from handfast.media.source import CameraSource
from handfast.media.units import StreamKey

LIVE_LIMIT = 4 << 20
"""Unsent bytes above which live units are left out."""

_LENGTH_BYTES = 4  # before each message, big-endian
_CHUNK = 1 << 18
_LAST_WORDS_S = 5.0


class Configure(msgspec.Struct, frozen=True, kw_only=True, tag=True):
    """What an ingest process is told first.

    Attributes:
        owner: Stands in every segment.
        roots: Directories that exist; each is written to by a thread of its own.
    """

    owner: UUID
    roots: tuple[str, ...]


class AddStream(msgspec.Struct, frozen=True, kw_only=True, tag=True):
    """Read and record a stream.

    Attributes:
        root: One of the configured roots.
        predecessor: Id of the newest segment of it, or 16 zero bytes.
    """

    source: CameraSource
    root: str
    predecessor: bytes


class RemoveStream(msgspec.Struct, frozen=True, kw_only=True, tag=True):
    """Read it no longer; its segment is closed."""

    stream: StreamKey


class Attach(msgspec.Struct, frozen=True, kw_only=True, tag=True):
    """Send its units, the present group of pictures first."""

    stream: StreamKey


class Detach(msgspec.Struct, frozen=True, kw_only=True, tag=True):
    """Send its units no longer."""

    stream: StreamKey


class Copy(msgspec.Struct, frozen=True, kw_only=True, tag=True):
    """Send its pictures in the clear (`UnitCopied`), from the next keyframe on."""

    stream: StreamKey


class EndCopy(msgspec.Struct, frozen=True, kw_only=True, tag=True):
    """Send them no longer."""

    stream: StreamKey


class RequestKeyframe(msgspec.Struct, frozen=True, kw_only=True, tag=True):
    """Ask the camera for a keyframe."""

    stream: StreamKey


class Stop(msgspec.Struct, frozen=True, kw_only=True, tag=True):
    """Close and sync everything, tell of it, and exit."""


Command: TypeAlias = (
    Configure
    | AddStream
    | RemoveStream
    | Attach
    | Detach
    | Copy
    | EndCopy
    | RequestKeyframe
    | Stop
)


_COMMANDS: Final = msgspec.msgpack.Decoder(Command)


def decode_command(message: bytes) -> Command:
    """Read a command; `msgspec.DecodeError` when it is none."""
    command: Command = _COMMANDS.decode(message)
    return command


class Frames:
    """Cuts a stream of bytes into messages."""

    def __init__(self) -> None:
        """Begin with nothing."""
        self._bytes = bytearray()

    def feed(self, data: bytes) -> Iterator[bytes]:
        """Take what has arrived and yield every message that is whole."""
        self._bytes += data
        position = 0
        while len(self._bytes) - position >= _LENGTH_BYTES:
            start = position + _LENGTH_BYTES
            end = start + int.from_bytes(self._bytes[position:start], "big")
            if end > len(self._bytes):
                break
            yield bytes(self._bytes[start:end])
            position = end
        del self._bytes[:position]


def frame(message: bytes) -> bytes:
    """Put the length before a message."""
    return len(message).to_bytes(_LENGTH_BYTES, "big") + message


_Told = TypeVar("_Told")


class NodeLink(Generic[_Told]):
    """A worker process's end (a `Feed`). One thread; never blocks.

    Attributes:
        gone: The node has closed its end or died.
    """

    def __init__(self, connection: socket, decode: Callable[[bytes], _Told]) -> None:
        """Take a connected stream socket, which becomes non-blocking.

        Args:
            connection: To the node.
            decode: Reads what the node says, one message at a time.
        """
        connection.setblocking(False)  # noqa: FBT003 - the standard library's signature
        self.gone = False
        self._socket = connection
        self._frames = Frames()
        self._unsent: deque[memoryview] = deque()
        self._unsent_bytes = 0
        self._encode = msgspec.msgpack.Encoder().encode
        self._decode = decode

    @property
    def congested(self) -> bool:
        """Whether the node lags so far that live units should be left out for a while."""
        return self._unsent_bytes > LIVE_LIMIT

    @property
    def wants_write(self) -> bool:
        """Whether something waits for the node to read."""
        return bool(self._unsent)

    def fileno(self) -> int:
        """Return the descriptor to wait on."""
        return self._socket.fileno()

    def emit(self, event: Event) -> None:
        """Queue an event; `flush` sends it. Without a node there is nobody to tell."""
        if self.gone:
            return
        message = frame(self._encode(event))
        self._unsent.append(memoryview(message))
        self._unsent_bytes += len(message)

    def flush(self) -> None:
        """Send what the socket takes."""
        try:
            while self._unsent:
                # One call for many events: the node then wakes once.
                some = [self._unsent[i] for i in range(min(len(self._unsent), 64))]
                self._sent(self._socket.sendmsg(some))
        except BlockingIOError:
            return
        except OSError:
            self._lose()

    def receive(self) -> list[_Told]:
        """Return the commands that have arrived."""
        commands: list[_Told] = []
        try:
            while data := self._socket.recv(_CHUNK):
                commands += map(self._decode, self._frames.feed(data))
        except BlockingIOError:
            return commands
        except OSError:
            self._lose()
            return commands
        self._lose()
        return commands

    def close(self) -> None:
        """Send the rest, waiting for the node if need be, and hang up."""
        if not self.gone:
            self._socket.settimeout(_LAST_WORDS_S)
            self.flush()
        self._socket.close()

    def _sent(self, count: int) -> None:
        self._unsent_bytes -= count
        while count:
            first = self._unsent[0]
            if len(first) > count:
                self._unsent[0] = first[count:]
                return
            count -= len(first)
            self._unsent.popleft()

    def _lose(self) -> None:
        self.gone = True
        self._unsent.clear()
        self._unsent_bytes = 0
