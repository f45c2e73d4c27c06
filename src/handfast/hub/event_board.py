"""Who is told what happens: one bounded queue per listening page."""

import asyncio
from collections import deque
from typing import Final

import msgspec

from handfast.hub.views import Event

LIMIT: Final = 4 * 1024 * 1024  # bytes a page may lag behind before it must come again


class Listener:
    """One page's queue of encoded events. Event loop only."""

    def __init__(self, device: str) -> None:
        """Belong to the device with this fingerprint."""
        self.device = device
        self._queue: deque[bytes] = deque()
        self._size = 0
        self._wake = asyncio.Event()
        self.fell_behind = False

    def put(self, text: bytes) -> None:
        """Queue an event, or mark the page as fallen behind."""
        if self.fell_behind or self._size + len(text) > LIMIT:
            self.fell_behind = True
            self._queue.clear()
        else:
            self._queue.append(text)
            self._size += len(text)
        self._wake.set()

    async def next(self) -> bytes | None:
        """Return the next event; `None` when the page fell behind and must connect anew."""
        while not self._queue:
            if self.fell_behind:
                return None
            self._wake.clear()
            await self._wake.wait()
        text = self._queue.popleft()
        self._size -= len(text)
        return text


class EventBoard:
    """Tells every listener, or those of one device. Event loop only."""

    def __init__(self) -> None:
        """Begin with nobody listening."""
        self._listeners: set[Listener] = set()

    def join(self, device: str) -> Listener:
        """Let a page of a device listen from now on."""
        listener = Listener(device)
        self._listeners.add(listener)
        return listener

    def leave(self, listener: Listener) -> None:
        """Let a page listen no more."""
        self._listeners.discard(listener)

    def tell(self, event: Event, *, device: str | None = None) -> None:
        """Tell an event to everybody, or only to the pages of one device."""
        chosen = [each for each in self._listeners if device in (None, each.device)]
        if chosen:
            text = msgspec.json.encode(event)
            for each in chosen:
                each.put(text)

    def __len__(self) -> int:
        return len(self._listeners)
