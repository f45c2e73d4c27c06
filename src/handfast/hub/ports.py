"""What the hub needs from below, in its own words. The bus's port is `handfast.bus.ports`."""

from collections.abc import Callable
from typing import Protocol, TypeVar

from handfast.storage.sqlite_hub import HubTransaction

_Result = TypeVar("_Result")


class HubStore(Protocol):
    """Where everything that must survive a restart is kept."""

    async def transact(self, work: Callable[[HubTransaction], _Result]) -> _Result:
        """Run `work` in one transaction; durable on return, rolled back when it raises.

        Raises:
            UnavailableError: The database refuses for now.
        """
        ...
