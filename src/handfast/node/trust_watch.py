"""Keeps what the node believes in step with its folders: a file put in or taken out counts."""

from collections.abc import Awaitable, Callable

from anyio import to_thread

from handfast.node.trust import Trusted, TrustFolders
from handfast.protocol.revocation_lists import SignedList
from handfast.seal.identity import Envelope

Changed = Callable[[], Awaitable[None]]


class TrustWatch:
    """Belongs to one event loop; what is believed is replaced whole."""

    def __init__(self, folders: TrustFolders) -> None:
        """Read the folders. Blocks for the disk."""
        self._folders = folders
        self._seen = folders.fingerprint()
        self.trusted: Trusted = folders.load()

    def now(self) -> Trusted:
        """Return what is believed now."""
        return self.trusted

    def certificate(self, device: str) -> Envelope | None:
        """Return the installed certificate of a device of the owner's."""
        return self.trusted.devices.get(device)

    def agreements(self) -> list[Envelope]:
        """Return the agreements that stand now, as both roots signed them."""
        return list(self.trusted.documents.values())

    async def keep(self, found: SignedList) -> None:
        """Keep a verified revocation list; it counts from the next tick on.

        Raises:
            InvalidError: It is larger than any document here.
            OSError: The disk refused.
        """
        await to_thread.run_sync(self._folders.keep, found)

    async def tick(self, changed: Changed) -> None:
        """Read the folders again if a file in them has changed, and tell."""
        seen = await to_thread.run_sync(self._folders.fingerprint)
        if seen == self._seen:
            return
        self.trusted = await to_thread.run_sync(self._folders.load)
        self._seen = seen
        await changed()
