"""Which cameras somebody watches, so that their pictures need not wait for the next tick."""

import select

from handfast.media.link import Link
from handfast.media.units import StreamKey


class UrgentPoll:
    """The connections of watched streams in an epoll of their own. Ingest thread only.

    Its descriptor is readable while one of them has something, so a process can wait on it
    beside others. A closed connection leaves by itself.
    """

    def __init__(self) -> None:
        """Watch nobody."""
        self._poll = select.epoll()
        self._keys: set[StreamKey] = set()
        self._links: dict[StreamKey, Link] = {}

    def fileno(self) -> int:
        """Return the descriptor to wait on."""
        return self._poll.fileno()

    def hurry(self, key: StreamKey, link: Link | None) -> None:
        """Watch a stream, now and after each reconnection."""
        self._keys.add(key)
        if link is not None:
            self.connected(key, link)

    def relax(self, key: StreamKey) -> None:
        """Watch a stream no longer."""
        self._keys.discard(key)
        link = self._links.pop(key, None)
        if link is not None and link.fileno() >= 0:
            self._poll.unregister(link.fileno())

    def connected(self, key: StreamKey, link: Link) -> None:
        """Learn the present connection of a stream; told for every stream."""
        if key in self._keys and self._links.get(key) is not link and link.fileno() >= 0:
            self._links[key] = link
            self._poll.register(link.fileno(), select.EPOLLIN)

    def ready(self) -> list[int]:
        """Return the descriptors that have something, without waiting."""
        return [descriptor for descriptor, _ in self._poll.poll(0)]

    def close(self) -> None:
        """Give the descriptor back."""
        self._poll.close()
