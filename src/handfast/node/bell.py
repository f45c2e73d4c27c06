"""Tells the owner's open pages that something changed; they then ask what."""

import anyio

_KINDS = ("site", "inbox", "accesses")


class Listener:
    """One page that listens; belongs to one event loop."""

    def __init__(self) -> None:
        """Begin with everything to be told: the page knows nothing yet."""
        self._waiting = dict.fromkeys(_KINDS)
        self._wake = anyio.Event()

    def tell(self, what: str) -> None:
        """Note a change; several of a kind become one."""
        self._waiting[what] = None
        self._wake.set()

    async def next(self) -> str:
        """Wait for a change and return its kind."""
        while not self._waiting:
            self._wake = anyio.Event()
            await self._wake.wait()
        what = next(iter(self._waiting))
        del self._waiting[what]
        return what


class OwnerBell:
    """`handfast.node.ports.Bell` for any number of pages."""

    def __init__(self) -> None:
        """Begin with no page open."""
        self._listeners: set[Listener] = set()

    def ring(self, what: str) -> None:
        """Tell every page."""
        for listener in self._listeners:
            listener.tell(what)

    def join(self) -> Listener:
        """Begin to listen."""
        listener = Listener()
        self._listeners.add(listener)
        return listener

    def leave(self, listener: Listener) -> None:
        """Stop listening."""
        self._listeners.discard(listener)
